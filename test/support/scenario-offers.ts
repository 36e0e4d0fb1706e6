// The vocabulary of scenario lines about directed offers:
//
//   offer MAKER TAKER LINES for LINES [until MS] [saying WORD]      -> offer 1
//   counter TAKER #ID LINES for LINES [until MS] [saying WORD]      -> offer 2 for 1
//   take|refuse TAKER #ID        withdraw MAKER #ID                 -> offer 1 accepted
//   offer? #2 open: ann 100 coins for 1 sword#1 of bob, until 50, answers #1, says hello
//
// LINES is `nothing`, or `N ASSET [at LOCATION]` joined by `+`.

import type { AskedLine } from '../../protocol/direct.ts';
import type { Line } from '../../src/engine/fact.ts';
import type { FactTables } from '../sim/fact-tables.ts';
import type { Ask } from '../sim/surroundings.ts';
import { SCENARIO_START_MS, type Words } from './scenario-words.ts';

/** The command that a line asks for; null when its first word is about no offer. */
export function offerCommandOf(verb: string, words: Words): Ask | null {
  return read(verb, words) as Ask | null;
}

function read(verb: string, words: Words): object | null {
  switch (verb) {
    case 'offer': {
      const [player, to] = [words.word(), words.word()];
      return { command: 'offers.create', player, payload: { to, ...terms(words) } };
    }
    case 'counter': {
      const [player, offer] = [words.word(), words.id()];
      return { command: 'offers.counter', player, payload: { offer, ...terms(words) } };
    }
    case 'take':
      return { command: 'offers.accept', player: words.word(), payload: { offer: words.id() } };
    case 'refuse':
      return { command: 'offers.decline', player: words.word(), payload: { offer: words.id() } };
    case 'withdraw':
      return { command: 'offers.cancel', player: words.word(), payload: { offer: words.id() } };
    default:
      return null;
  }
}

function terms(words: Words): object {
  const give = lines(words);
  words.expect('for');
  const want = lines(words);
  const until = words.has('until') ? { expiresAtMs: SCENARIO_START_MS + words.number() } : {};
  const message = words.has('saying') ? { message: words.word() } : {};
  return { give, want, ...until, ...message };
}

function lines(words: Words): AskedLine[] {
  if (words.has('nothing')) return [];
  const side: AskedLine[] = [];
  do {
    const line = { quantity: words.number(), asset: words.word() };
    side.push(words.has('at') ? { ...line, location: words.word() } : line);
  } while (words.has('+'));
  return side;
}

/** What a command about an offer came to. */
export function offerOutcome(body: Readonly<Record<string, unknown>>): string {
  const { offer, countered, status } = body;
  if (status !== undefined) return `offer ${offer} ${status}`;
  return countered === undefined ? `offer ${offer}` : `offer ${offer} for ${countered}`;
}

/** `open: ann 100 coins for 1 sword#1 of bob, until 50` */
export function offerLine(tables: FactTables, id: number): string {
  const offer = tables.offers.get(id);
  if (offer === undefined) return 'unknown';
  const { status, give, want, expiresAtMs, counterOf, message } = offer;
  const [maker, taker] = [tables.playerName(offer.maker), tables.playerName(offer.taker)];
  const parts = [
    `${status}: ${maker} ${sideOf(tables, give)} for ${sideOf(tables, want)} of ${taker}`,
    `until ${expiresAtMs - SCENARIO_START_MS}`,
  ];
  if (counterOf > 0) parts.push(`answers #${counterOf}`);
  if (message !== '') parts.push(`says ${message}`);
  return parts.join(', ');
}

function sideOf(tables: FactTables, side: readonly Line[]): string {
  if (side.length === 0) return 'nothing';
  const parts = side.map(({ asset, location, quantity }) => {
    const place = location === 0 ? '' : ` at ${tables.locationName(location)}`;
    return `${quantity} ${tables.assetName(asset)}${place}`;
  });
  return parts.join(' + ');
}
