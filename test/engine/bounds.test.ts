// What callers without the service role can make permanent, kind by kind, driven to its bound and
// beyond: two players send every command that they may send, thousands of times, each time with
// names that nobody has used before. What the bounds are: src/README.md, "What a player leaves".

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS, type EngineCommand, type Payload } from '../../protocol/commands/registry.ts';
import type { CommandSpec } from '../../protocol/commands/spec.ts';
import { BLOCKED_PLAYERS_MAX, FRIENDS_MAX } from '../../protocol/limits.ts';
import { StepClock } from '../../src/base/clock.ts';
import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Applied, Command, Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { Announcer, BLANK_VIEWS_MAX } from '../../src/realm/announcer.ts';
import { census, FIELDS, type Kind } from '../support/census.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { testKey } from '../support/test-key.ts';

/** The engine commands that are not for the service role alone. */
type PlayerCommand = {
  [Name in EngineCommand]: (typeof COMMANDS)[Name] extends { role: 'service' } ? never : Name;
}[EngineCommand];

const PLAYERS = ['ann', 'bob'] as const;
const CROWD = 300;
const PLACES = ['main', ...Array.from({ length: 199 }, (_, number) => `place-${number}`)];
const ITEMS = ['ore', 'wood', 'herb'];
const HASH = 'ab'.repeat(32);

/** A payload of each command in round `n`, with new names; half of them name what is there. */
const ROUND: {
  readonly [Name in PlayerCommand]: (n: number, engine: Engine, player: string) => Payload<Name>;
} = {
  'listings.create': n => ({ item: some(ITEMS, n), quantity: 1, price: 1_000_000 + n, ...at(n) }),
  'bids.create': n => ({ item: some(ITEMS, n), quantity: 1, price: 1 + n, ...at(n) }),
  'purchases.create': n => ({ item: 'ore', quantity: 1, maxTotal: 500_000, ...at(n, 'main') }),
  'sales.create': n => ({ item: 'ore', quantity: 1, minTotal: 400_000, ...at(n, 'main') }),
  'listings.update': (n, { state }) => ({ listing: state.lastOrder - 1, price: 2_000_000 + n }),
  'bids.update': (n, { state }) => ({ bid: state.lastOrder, price: 1 + (n >> 1) }),
  'listings.cancel': (n, { state }) => ({
    listing: n % 3 === 0 ? state.lastOrder - 1 : 10 ** 6 + n,
  }),
  'bids.cancel': (n, { state }) => ({ bid: n % 3 === 1 ? state.lastOrder : 10 ** 6 + n }),
  'windows.invite': n => ({ player: n % 2 === 0 ? crowd(CROWD - 1 - (n % 90)) : `new-${n}` }),
  'windows.join': (n, { state }) => ({ window: windowOf(n, state.lastWindow) }),
  'windows.decline': (n, { state }) => ({ window: windowOf(n, state.lastWindow) }),
  'windows.put': (n, { state }) => ({
    ...{ window: windowOf(n, state.lastWindow), revision: 0 },
    assets: [{ asset: some(ITEMS, n), quantity: 1, ...at(n) }],
  }),
  'windows.accept': n => ({ window: n, revision: 0, hash: HASH }),
  'windows.unaccept': n => ({ window: n }),
  'windows.confirm': n => ({ window: n, manifest: HASH }),
  'windows.unconfirm': n => ({ window: n }),
  'windows.reopen': n => ({ window: n }),
  // The tenth invitation stays.
  'windows.cancel': (n, { state }, player) => ({
    window:
      (n < 19 ? state.windows.occupying(state.players.find(player))?.id : null) ?? 10 ** 6 + n,
  }),
  'windows.block': n => ({ player: n % 2 === 0 ? crowd(n >> 1) : `new-${n}` }),
  // What is blocked stays: what is taken back leaves room.
  'windows.unblock': n => ({ player: `new-${n}` }),
  'windows.privacy': () => ({ invitations: 'none' }),
  'offers.create': n => ({
    ...{ to: n % 3 === 0 ? `new-${n}` : crowd(CROWD - 1 - (n % 90)), message: `message ${n}` },
    ...{ give: [{ asset: 'coins', quantity: 1 }] },
    want: [{ asset: some(ITEMS, n), quantity: 1, ...at(n) }],
  }),
  'offers.accept': n => ({ offer: n }),
  'offers.decline': n => ({ offer: n }),
  'offers.cancel': (n, { state }) => ({
    offer: n % 9 === 1 && n < 1_500 ? state.lastOffer : 10 ** 6 + n,
  }),
  'offers.counter': n => ({ offer: n, give: [], want: [{ asset: `new-${n}`, quantity: 1 }] }),
  'keys.get': n => ({ key: testKey(`key-${n}`) }),
};

/** The bound of each kind for one player, in the realm above. 0: players make none of it. */
const BOUNDS: Readonly<Record<Kind, number>> = {
  players: 0,
  places: 0,
  assets: 0,
  // Every item at every place of which the player has some: here they have all from the start.
  accounts: 0,
  orders: DEFAULT_RULES.openOrdersMax,
  levels: DEFAULT_RULES.openOrdersMax,
  books: DEFAULT_RULES.openOrdersMax,
  // Of each item at each place where it was traded: here one.
  prices: 1,
  windows: 1,
  invitations: DEFAULT_RULES.direct.invitesPerMinuteMax,
  offers: DEFAULT_RULES.direct.openOffersMax,
  blocks: BLOCKED_PLAYERS_MAX,
  closed: 1,
  friends: FRIENDS_MAX,
  // Some more than are promised, so that they are forgotten many at a time.
  keys: DEFAULT_RULES.keysPerPlayerMax + 64,
};

/** Those that two players drive exactly to their bound; the others share something. */
const EXACT: readonly Kind[] = [
  ...(['orders', 'windows', 'invitations', 'offers', 'blocks', 'closed'] as const),
  ...(['players', 'places', 'assets', 'accounts'] as const),
];

const some = <Value>(values: readonly Value[], n: number) => values[n % values.length] as Value;
const crowd = (n: number) => `crowd-${n % CROWD}`;
const at = (n: number, known = some(PLACES, n)) => ({ location: n % 4 === 3 ? `new-${n}` : known });
const windowOf = (n: number, last: number) => (n % 2 === 0 ? last : 10 ** 6 + n);

function apply(engine: Engine, player: string, command: Command, key: string | null): Applied {
  const entry = { ...command, player, key, digest: 7, atMs: engine.state.nowMs };
  return engine.apply(entry as Entry);
}

/** A realm in which both players own all there is, everywhere, and somebody trades with them. */
function realm(): Engine {
  const engine = new Engine(DEFAULT_RULES);
  const ask = (player: string, command: Command) => {
    expect(apply(engine, player, command, null).outcome).toBe('ok');
  };
  const game = (command: Command) => ask('game', command);
  const give = (player: string, asset: string, quantity: number, location = 'main') =>
    game({ command: 'wallet.grant', payload: { player, asset, quantity, location } });
  for (const place of PLACES) game({ command: 'places.define', payload: { place } });
  for (const item of ITEMS) {
    game({ command: 'items.define', payload: { item, kind: 'commodity' } });
    for (const player of PLAYERS) {
      for (const place of PLACES) give(player, item, 1_000_000, place);
    }
  }
  for (const player of PLAYERS) give(player, 'coins', 1e13);
  for (let number = 0; number < CROWD; number += 1) give(crowd(number), 'coins', 1);
  give('cid', 'coins', 1e13);
  give('cid', 'ore', 1e9);
  const order = { item: 'ore', quantity: 1_000_000 };
  ask('cid', { command: 'bids.create', payload: { ...order, price: 450_000 } });
  ask('cid', { command: 'listings.create', payload: { ...order, price: 460_000 } });
  return engine;
}

/** Rounds in which both players send one of each command, every other one with a new key. */
function rounds(engine: Engine, from: number, to: number, seen = (_: Applied) => {}): void {
  const commands = Object.keys(ROUND) as PlayerCommand[];
  for (let n = from; n < to; n += 1) {
    for (const command of commands) {
      for (const player of PLAYERS) {
        const payload = ROUND[command](n, engine, player);
        const key = n % 2 === 0 ? testKey(command, n) : null;
        seen(apply(engine, player, { command, payload } as Command, key));
      }
    }
  }
}

describe('what players can make permanent', () => {
  const engine = realm();
  const feed = new Announcer({
    ...{ state: engine.state, sink: new RecordingSink(), clock: new StepClock(0), epoch: 1 },
    ...{ intervalMs: 10, locale: 'en-US' as const },
  });
  const before = census(engine.state);
  const answers = new Map<string, number>();

  beforeAll(() => {
    rounds(engine, 1, 2_000, applied => {
      const { code = 'ok', details } = applied.body as {
        code?: string;
        details?: { limit?: string };
      };
      const answer = details?.limit ?? code;
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      feed.commit([{ ...applied, atMs: engine.state.nowMs }]);
      feed.flush();
    });
  }, 120_000);

  it('is listed: every field of the state is counted, and every command is sent', () => {
    expect(Object.keys(engine.state).sort()).toEqual(Object.keys(FIELDS).sort());
    const listed = Object.entries<CommandSpec>(COMMANDS).filter(
      ([, { answeredBy, role }]) => answeredBy === 'engine' && role !== 'service',
    );
    expect(Object.keys(ROUND).sort()).toEqual(listed.map(([name]) => name).sort());
  });

  it.each(Object.keys(BOUNDS) as Kind[])('is bounded: %s', kind => {
    const grown = census(engine.state)[kind] - before[kind];
    const most = BOUNDS[kind] * PLAYERS.length;
    if (EXACT.includes(kind)) expect(grown).toBe(most);
    expect(grown).toBeLessThanOrEqual(most);
  });

  it('was asked for beyond the bounds', () => {
    expect(answers.get('ok')).toBeGreaterThan(10_000);
    for (const refused of ['openOrders', 'openOffers', 'blockedPlayers', 'PLACE_NOT_FOUND']) {
      expect(answers.get(refused), refused).toBeGreaterThan(100);
    }
    for (const refused of ['PLAYER_NOT_FOUND', 'PLAYER_UNAVAILABLE', 'ALREADY_TRADING']) {
      expect(answers.get(refused), refused).toBeGreaterThan(100);
    }
    expect(auditState(engine.state)).toEqual([]);
  });

  it('is bounded in the feed: what rests, what was traded, and some blank markets', () => {
    const markets = ITEMS.flatMap(item => PLACES.map(place => feed.find(item, place)));
    const held = markets.filter(view => view !== null);
    const blank = held.filter(view => view.isBlank);
    expect(blank.length).toBeLessThanOrEqual(BLANK_VIEWS_MAX);
    expect(held.length - blank.length).toBeLessThanOrEqual(census(engine.state).books);
    expect(held.length - blank.length).toBeGreaterThan(100);
  });

  it('takes no more memory however often it is asked for again', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heap = () => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    rounds(engine, 5_000, 5_400);
    const full = heap();
    rounds(engine, 5_400, 6_900);
    // 60,000 commands: a name, a map entry or an account for each would be megabytes.
    expect(heap() - full).toBeLessThan(500_000);
  }, 120_000);
});

it('what is rejected leaves nothing: the state is the same', () => {
  const engine = realm();
  const before = engine.hash();
  const commands = Object.keys(ROUND) as PlayerCommand[];
  const codes = new Set<string>();
  for (let n = 3; n < 400; n += 4) {
    for (const command of commands) {
      if (command === 'windows.privacy' || command === 'keys.get') continue;
      const payload = ROUND[command](n, engine, 'nobody');
      const applied = apply(engine, `stranger-${n}`, { command, payload } as Command, null);
      expect([command, applied.outcome, applied.output]).toEqual([command, 'rejected', []]);
      codes.add((applied.body as { code: string }).code);
    }
  }
  expect(engine.hash()).toBe(before);
  expect(census(engine.state)).toEqual(census(realm().state));
  expect(codes.size).toBeGreaterThan(5);
});

it('trading with whoever comes leaves the last friends, and no more', () => {
  const engine = realm();
  const ask = (player: string, command: Command) => {
    expect(apply(engine, player, command, null).outcome).toBe('ok');
  };
  for (let n = 0; n < CROWD; n += 1) {
    const coin = [{ asset: 'coins', quantity: 1 }];
    ask(crowd(n), { command: 'offers.create', payload: { to: 'ann', give: coin, want: [] } });
    ask('ann', { command: 'offers.accept', payload: { offer: engine.state.lastOffer } });
  }
  const { friends, players } = engine.state;
  const ann = players.find('ann');
  const known = Array.from({ length: CROWD }, (_, n) => friends.has(ann, players.find(crowd(n))));
  expect(known.map(Number).reduce((sum, one) => sum + one)).toBe(FRIENDS_MAX);
  expect(known.slice(-FRIENDS_MAX).every(Boolean)).toBe(true);
  // Each of them still knows ann: that is one friend of theirs.
  expect(census(engine.state).friends).toBe(FRIENDS_MAX + CROWD);
  expect(auditState(engine.state)).toEqual([]);
});

it('trading leaves an account and a price for each item at each place where it lay, once', () => {
  const engine = realm();
  const few = PLACES.slice(1, 6);
  const ask = (player: string, command: Command) => {
    expect(apply(engine, player, command, null).outcome).toBe('ok');
  };
  const game = (command: Command) => ask('game', command);
  game({ command: 'wallet.grant', payload: { player: 'eve', asset: 'coins', quantity: 1e9 } });
  const trade = () => {
    for (const item of ITEMS) {
      for (const location of few) {
        const order = { item, quantity: 1, location };
        ask('bob', { command: 'listings.create', payload: { ...order, price: 9 } });
        ask('eve', { command: 'purchases.create', payload: { ...order, maxUnitPrice: 9 } });
      }
    }
  };
  const before = census(engine.state);
  trade();
  const after = census(engine.state);
  const pairs = ITEMS.length * few.length;
  expect(after.accounts - before.accounts).toBe(pairs);
  expect(after.prices - before.prices).toBe(pairs);
  trade();
  expect(census(engine.state)).toEqual(after);
});
