// `engine`: what one thread decides without any I/O: purchases and orders with ledger, facts and
// idempotency keys; then the same with facts and answers encoded as for journal and sockets. A
// yardstick runs between its parts, since rates of single threads differ threefold by machine.

import { FrameWriter } from '../../protocol/msgpack-writer.ts';
import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import { writeApplied } from '../../src/realm/batch.ts';
import { nameOf } from '../frame-template.ts';
import { Random } from '../random.ts';
import { NOTHING, type Result } from '../report.ts';
import { say } from '../trial.ts';
import { Yardstick } from '../yardstick.ts';

type Entered = Omit<Entry, 'command' | 'payload'> & { command: string; payload: object };

const PLAYERS = 10_000;
const ITEMS = 100;
const COINS = 1_000_000_000;
const STOCK = 1_000_000;
const COUNT = 2_000_000;
/** Entries made at a time, outside the clock; and entries per batch of the journal. */
const CHUNK = 1_000;
const BATCH = 500;
const YARDSTICK_EVERY = 200_000;
const SEED = 9;

export async function engine(): Promise<Result[]> {
  return [run('engine', false), run('engine with journal encoding', true)];
}

function run(scenario: string, encodes: boolean): Result {
  const subject = new Engine({ ...DEFAULT_RULES, openOrdersMax: 1_000_000 });
  const apply = (entry: Entered) => subject.apply(entry as unknown as Entry);
  prepare(apply);
  const random = new Random(SEED);
  const facts = new FactWriter();
  const replies = new FrameWriter();
  let seconds = 0;
  let rejected = 0;
  let bytes = 0;
  const yardstick = new Yardstick();
  for (let done = 0; done < COUNT; done += CHUNK) {
    const entries = Array.from({ length: CHUNK }, (_, index) => purchase(random, done + index));
    const startedMs = performance.now();
    for (let at = 0; at < CHUNK; at++) {
      const applied = apply(entries[at] as Entered);
      const { sequence, output } = applied;
      if (applied.outcome !== 'ok') rejected += 1;
      if (!encodes) continue;
      if (at % BATCH === 0) {
        bytes += facts.length;
        facts.reset();
        replies.reset();
      }
      const bodyStart = writeApplied(replies, at, applied);
      facts.group(sequence, TIME_MS);
      for (const fact of output) {
        if (fact.kind === 'level') continue;
        if (fact.kind === 'decided') facts.decided(fact, replies.bytes, bodyStart, replies.length);
        else facts.fact(fact);
      }
    }
    seconds += (performance.now() - startedMs) / 1_000;
    if (done % YARDSTICK_EVERY !== 0) continue;
    yardstick.round();
    say(
      `${Math.round((done + CHUNK) / seconds)}/s, yardstick ${Math.round(yardstick.perSecond)}/s`,
    );
  }
  const broken = auditState(subject.state);
  for (const line of broken) say(line);
  const perSecond = (COUNT - rejected) / seconds;
  const encoding = encodes ? { journalBytesPerCommand: Math.round(bytes / COUNT) } : {};
  return {
    ...NOTHING,
    scenario,
    seconds: Math.round(seconds * 1_000) / 1_000,
    commands: COUNT - rejected,
    commandsPerSecond: Math.round(perSecond),
    rejected,
    audit: broken.length === 0 ? 'ok' : 'FAILED',
    more: {
      peerOrdersPerSecond: Math.round(yardstick.perSecond),
      timesThePeer: Math.round((100 * perSecond) / yardstick.perSecond) / 100,
      ...encoding,
    },
  };
}

const TIME_MS = 1_700_000_000_000;

const NAMES = Array.from({ length: PLAYERS }, (_, player) => nameOf(player));

function entered(command: string, player: number, payload: object, key: string | null): Entered {
  return { command, player: NAMES[player] as string, payload, key, digest: 1, atMs: TIME_MS };
}

/** Player n lists item n modulo 100, all of it. */
function prepare(apply: (entry: Entered) => { outcome: string }): void {
  const must = (entry: Entered) => {
    if (apply(entry).outcome !== 'ok') throw new Error(`${entry.command} was refused.`);
  };
  for (let item = 0; item < ITEMS; item++) {
    must(entered('items.define', 0, { item: nameOf(item, 'i'), kind: 'commodity' }, null));
  }
  for (let player = 0; player < PLAYERS; player++) {
    const name = nameOf(player);
    const item = nameOf(player % ITEMS, 'i');
    must(entered('wallet.grant', 0, { player: name, asset: 'coins', quantity: COINS }, null));
    must(entered('wallet.grant', 0, { player: name, asset: item, quantity: STOCK }, null));
    const price = 10 + (player % 90);
    must(entered('listings.create', player, { item, quantity: STOCK, price }, null));
  }
}

/** One unit from a listing of somebody else. Listings are numbered from 1. */
function purchase(random: Random, index: number): Entered {
  const listing = random.below(PLAYERS);
  const buyer = (listing + 1 + random.below(PLAYERS - 1)) % PLAYERS;
  const payload = { listing: listing + 1, quantity: 1 };
  return entered('purchases.create', buyer, payload, nameOf(index, 'k'));
}
