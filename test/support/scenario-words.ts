// The vocabulary of scenario lines: words in, a command out. One line is one command:
//
//   define ITEM KIND [currency C] [tick N] [lot N] [min N] [max N] [halted]
//   place PLACE
//   grant|burn PLAYER ASSET N [at LOCATION]
//   move FROM TO ASSET N [at LOCATION] [to LOCATION]
//   list|bid PLAYER ITEM N @ PRICE [at LOCATION] [ioc|fok|until MS] [post-only]
//   relist|rebid PLAYER #ID [@ PRICE] [quantity N] [until MS]       unlist|unbid PLAYER #ID
//   buy PLAYER N of #ID [max N] [partial]           sell PLAYER N into #ID [min N] [partial]
//   buy|sell PLAYER N ITEM [at LOCATION] [max N|min N] [total N] [partial]
//   ask PLAYER KEY
//
// any of them followed by `key KEY`. Numbers may have underscores; MAX is 2^53 - 1. Times are
// milliseconds after the beginning of the scenario.

import { AMOUNT_MAX } from '../../protocol/limits.ts';
import type { Ask } from '../sim/surroundings.ts';
import { testKey } from './test-key.ts';

export const SCENARIO_START_MS = 1_000_000;

/** Takes the words of a line one by one. */
export class Words {
  readonly #words: string[];

  constructor(line: string) {
    this.#words = line.split(/\s+/).filter(word => word !== '');
  }

  get isEmpty(): boolean {
    return this.#words.length === 0;
  }

  word(): string {
    const word = this.#words.shift();
    if (word === undefined) throw new Error('the line ends too early');
    return word;
  }

  number(): number {
    return numberOf(this.word());
  }

  /** `#7` */
  id(): number {
    const word = this.word();
    if (!word.startsWith('#')) throw new Error(`${word} is no #id`);
    return numberOf(word.slice(1));
  }

  expect(word: string): void {
    const found = this.word();
    if (found !== word) throw new Error(`${word} is expected, not ${found}`);
  }

  /** Whether `word` is next; takes it if so. */
  has(word: string): boolean {
    if (this.#words[0] !== word) return false;
    this.#words.shift();
    return true;
  }

  nextIsId(): boolean {
    return this.#words[0]?.startsWith('#') ?? false;
  }

  rest(): string {
    return this.#words.splice(0).join(' ');
  }
}

function numberOf(word: string): number {
  const [whole = '', less] = word.split('-');
  const value = whole === 'MAX' ? AMOUNT_MAX : Number(whole.replaceAll('_', ''));
  if (whole === '' || !Number.isSafeInteger(value)) throw new Error(`${word} is no number`);
  return less === undefined ? value : value - numberOf(less);
}

type Options = Record<string, unknown>;

/** Reads what may follow in any order, until something else comes. */
function options(words: Words, known: Readonly<Record<string, (found: Options) => void>>): Options {
  const found: Options = {};
  for (;;) {
    const name = Object.keys(known).find(option => words.has(option));
    if (name === undefined) return found;
    known[name]?.(found);
  }
}

const SERVICE = 'game-server';

/** The command that a line asks for; null when its first word is no command. */
export function commandOf(verb: string, words: Words): Ask | null {
  const ask = read(verb, words);
  return ask as Ask | null;
}

function read(verb: string, words: Words): unknown {
  switch (verb) {
    case 'define':
      return { command: 'items.define', player: SERVICE, payload: definition(words) };
    case 'place':
      return { command: 'places.define', player: SERVICE, payload: { place: words.word() } };
    case 'grant':
    case 'burn':
      return { command: `wallet.${verb}`, player: SERVICE, payload: ownership(words) };
    case 'move':
      return { command: 'wallet.transfer', player: SERVICE, payload: movement(words) };
    case 'list':
      return { command: 'listings.create', ...newOrder(words) };
    case 'bid':
      return { command: 'bids.create', ...newOrder(words) };
    case 'relist':
      return { command: 'listings.update', ...change(words, 'listing') };
    case 'rebid':
      return { command: 'bids.update', ...change(words, 'bid') };
    case 'unlist':
      return { command: 'listings.cancel', player: words.word(), payload: { listing: words.id() } };
    case 'unbid':
      return { command: 'bids.cancel', player: words.word(), payload: { bid: words.id() } };
    case 'buy':
      return { command: 'purchases.create', ...deal(words, 'of', 'listing', 'max') };
    case 'sell':
      return { command: 'sales.create', ...deal(words, 'into', 'bid', 'min') };
    case 'ask':
      return {
        command: 'keys.get',
        player: words.word(),
        payload: { key: scenarioKey(words.word()) },
      };
    default:
      return null;
  }
}

function definition(words: Words): Options {
  const payload = { item: words.word(), kind: words.word() };
  const rest = options(words, {
    currency: found => {
      found.currency = words.word();
    },
    tick: found => {
      found.tickSize = words.number();
    },
    lot: found => {
      found.lotSize = words.number();
    },
    min: found => {
      found.minPrice = words.number();
    },
    max: found => {
      found.maxPrice = words.number();
    },
    halted: found => {
      found.halted = true;
    },
  });
  return { ...payload, ...rest };
}

function ownership(words: Words): Options {
  const payload = { player: words.word(), asset: words.word(), quantity: words.number() };
  return { ...payload, ...options(words, { at: location(words, 'location') }) };
}

function movement(words: Words): Options {
  const payload = { from: words.word(), to: words.word(), asset: words.word() };
  const places = { at: location(words, 'location'), to: location(words, 'toLocation') };
  return { ...payload, quantity: words.number(), ...options(words, places) };
}

function newOrder(words: Words): Options {
  const player = words.word();
  const payload: Options = { item: words.word(), quantity: words.number() };
  words.expect('@');
  payload.price = words.number();
  const rest = options(words, {
    at: location(words, 'location'),
    until: expiry(words, true),
    'post-only': found => {
      found.postOnly = true;
    },
    gtc: timeInForce('gtc'),
    ioc: timeInForce('ioc'),
    fok: timeInForce('fok'),
  });
  return { player, payload: { ...payload, ...rest } };
}

function change(words: Words, name: 'listing' | 'bid'): Options {
  const player = words.word();
  const payload = { [name]: words.id() };
  const rest = options(words, {
    '@': found => {
      found.price = words.number();
    },
    quantity: found => {
      found.quantity = words.number();
    },
    until: expiry(words, false),
  });
  return { player, payload: { ...payload, ...rest } };
}

function deal(words: Words, preposition: string, name: string, bound: 'max' | 'min'): Options {
  const player = words.word();
  const quantity = words.number();
  const what = words.has(preposition) ? { [name]: words.id() } : { item: words.word() };
  const rest = options(words, {
    at: location(words, 'location'),
    [bound]: found => {
      found[`${bound}UnitPrice`] = words.number();
    },
    total: found => {
      found[`${bound}Total`] = words.number();
    },
    partial: found => {
      found.partial = true;
    },
  });
  return { player, payload: { ...what, quantity, ...rest } };
}

function location(words: Words, name: string): (found: Options) => void {
  return found => {
    found[name] = words.word();
  };
}

function expiry(words: Words, isNew: boolean): (found: Options) => void {
  return found => {
    found.expiresAtMs = SCENARIO_START_MS + words.number();
    if (isNew) found.timeInForce = 'gtd';
  };
}

function timeInForce(name: string): (found: Options) => void {
  return found => {
    found.timeInForce = name;
  };
}

/** The key that a scenario calls by a word: those of later letters are later. */
export function scenarioKey(word: string): string {
  return testKey(word, word.charCodeAt(0));
}
