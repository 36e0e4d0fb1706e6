// What an engine is given beside the tables: the facts that they could not take, each at the place
// where a row of its table would have come, instead of the row if there is an older one. So an
// engine loses nothing by it that a table has lost, and the order in which facts come back stays
// right. Of trades that the tables have, the latest may come before one that is set aside.

import type pg from 'pg';
import type { Manifest } from '../../protocol/direct.ts';
import type { Fact } from '../engine/fact.ts';
import { decodeGroups, decodeManifest } from '../journal/fact-reader.ts';
import type { RealmTaker } from './load.ts';
import { Quarantine, type Unsettled } from './quarantine.ts';
import { thingOf } from './subject.ts';

/** The order in which loadRealm gives kinds: those of one stage together. */
const STAGE: Readonly<Record<Fact['kind'], number>> = {
  player: 0,
  location: 1,
  item: 2,
  instance: 2,
  balance: 3,
  order: 4,
  trade: 5,
  block: 6,
  privacy: 7,
  friend: 8,
  window: 9,
  manifest: 10,
  offer: 11,
  forgotten: 12,
  decided: 13,
  /** No engine remembers transfers, and no table is read for either. */
  transfer: 14,
  closed: 14,
};
const STAGES = 1 + Math.max(...Object.values(STAGE));

interface SetAside {
  readonly fact: Fact;
  readonly atMs: number;
  readonly livedMs: number;
}

/** `whole` takes the place of `taker`. Call `end` after the last fact. */
export async function withSetAside(
  client: pg.ClientBase,
  taker: RealmTaker,
): Promise<{ whole: RealmTaker; end: () => void }> {
  const { unsettled } = await Quarantine.read(client);
  const last = unsettled.filter(({ isLast }) => isLast);
  if (last.length === 0) return { whole: taker, end: () => {} };
  const stages = Array.from({ length: STAGES }, (): SetAside[] => []);
  for (const { bytes, atMs, livedMs } of last) {
    const fact = decodeGroups(bytes)[0]?.facts[0] as Fact;
    stages[STAGE[fact.kind]]?.push({ fact, atMs, livedMs });
  }
  for (const body of await manifestsOf(client, last)) {
    const fact = { kind: 'manifest', window: body.window, body } as const;
    stages[STAGE.manifest]?.push({ fact, atMs: 0, livedMs: 0 });
  }
  for (const facts of stages)
    facts.sort((a, b) => rankOf(a.fact, a.livedMs) - rankOf(b.fact, b.livedMs));
  const retold = new Set(last.map(({ fact }) => thingOf(fact)).filter(thing => thing !== null));
  let stage = 0;
  /** Gives what comes before `rank` in the stage `until`, and all of the stages before it. */
  const catchUp = (until: number, rank: number) => {
    for (; stage < until; stage++) giveBelow(Number.POSITIVE_INFINITY);
    giveBelow(rank);
  };
  const giveBelow = (rank: number) => {
    const facts = stages[stage] ?? [];
    for (let [next] = facts; next !== undefined; [next] = facts) {
      if (rankOf(next.fact, next.livedMs) >= rank) return;
      facts.shift();
      taker.fact(next.fact, next.atMs, next.livedMs);
    }
  };
  return {
    whole: {
      fact: (fact, atMs, livedMs) => {
        catchUp(STAGE[fact.kind], rankOf(fact, livedMs));
        const thing = thingOf(fact);
        if (thing === null || !retold.has(thing)) taker.fact(fact, atMs, livedMs);
      },
      pastTrade: (fact, atMs) => {
        catchUp(STAGE.trade, Number.NEGATIVE_INFINITY);
        taker.pastTrade(fact, atMs);
      },
      quarter: quarter => {
        catchUp(STAGE.trade, Number.NEGATIVE_INFINITY);
        taker.quarter(quarter);
      },
    },
    end: () => catchUp(STAGES, Number.POSITIVE_INFINITY),
  };
}

/** What is under review in windows that are set aside: their manifests may be in the tables. */
async function manifestsOf(
  client: pg.ClientBase,
  unsettled: readonly Unsettled[],
): Promise<Manifest[]> {
  const hashes = unsettled.flatMap(({ fact }) => (fact.kind === 'window' ? [fact.manifest] : []));
  if (hashes.length === 0) return [];
  const { rows } = await client.query<{ body: Uint8Array }>(
    'select body from realm.manifests where window_id = any($1) and hash = any($2)',
    [unsettled.flatMap(({ fact }) => (fact.kind === 'window' ? [fact.id] : [])), hashes],
  );
  return rows.map(({ body }) => decodeManifest(body));
}

/** By what the facts of a stage are ordered when they are loaded. */
function rankOf(fact: Fact, livedMs: number): number {
  switch (fact.kind) {
    case 'player':
    case 'block':
    case 'privacy':
    case 'friend':
    case 'forgotten':
      return fact.player;
    case 'location':
      return fact.location;
    case 'item':
    case 'instance':
      return fact.asset;
    case 'balance':
    case 'closed':
      return fact.account;
    case 'order':
      return fact.priority;
    case 'manifest':
      return fact.window;
    case 'decided':
    case 'transfer':
      return livedMs;
    default:
      return fact.id;
  }
}
