// Who is here, and what a restart makes of it: entries that nobody sent, durable like all. A realm
// over a journal that commits when told to.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineCommand, Payload } from '../../protocol/commands/registry.ts';
import { StepClock } from '../../src/base/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import type { EngineRequest, ReplyTarget } from '../../src/gateway/port.ts';
import { decodeGroups } from '../../src/journal/fact-reader.ts';
import { Realm } from '../../src/realm/realm.ts';
import { TablesWatch } from '../../src/realm/tables-watch.ts';
import { FakeJournal, settled } from '../support/fake-journal.ts';
import { decodeEvent, RecordingSink } from '../support/recording-sink.ts';

const UNHEARD: ReplyTarget = { deliver: () => {} };
const { graceMs, awayAfterMs } = DEFAULT_RULES.direct;
/** Whoever has no socket is away at once. */
const AT_ONCE = { ...DEFAULT_RULES, direct: { ...DEFAULT_RULES.direct, awayAfterMs: 0 } };

let clock: StepClock;
let engine: Engine;
let journal: FakeJournal;
let sink: RecordingSink;
let realm: Realm;

beforeEach(() => {
  clock = new StepClock();
  engine = new Engine(AT_ONCE);
  sink = new RecordingSink();
  sink.windows.add(1);
  realm = begin();
});

afterEach(() => realm.stop());

/** A realm over the engine as it stands, as after a start. */
function begin(): Realm {
  journal = new FakeJournal();
  const begun: Realm = new Realm({
    name: 'test',
    epoch: 4,
    position: 1,
    engine,
    journal,
    projection: {
      lagMs: 0,
      isFailing: false,
      quarantined: 0,
      setAsideTotal: 0,
      notify: () => {},
      waitFor: async () => {},
      onDoubt: () => {},
      onBroken: () => {},
      onSuspension: () => {},
    },
    reader: {
      answer: async () => ({ outcome: 'ok', body: {} }),
      privateSnapshot: () => Promise.reject(new Error('Nobody reads here.')),
      windowEnd: () => Promise.reject(new Error('Nobody reads here.')),
      lookUpKeys: () => Promise.reject(new Error('Nobody reads here.')),
    },
    tables: new TablesWatch(async () => {
      const { released: head } = begun;
      return { head, epoch: 4, position: head, quarantined: 0 };
    }),
    sink,
    clock,
    limits: {
      waitingEntriesMax: 1_000,
      waitingBytesMax: 1_000_000,
      replyTimeoutMs: 1_000,
      projectionLagMaxMs: 1_000,
    },
    feedIntervalMs: 10,
    amountWordsLocale: 'en-US',
    observer: { appended: () => {} },
    failed: error => {
      throw error;
    },
  });
  begun.start();
  return begun;
}

function submit<Name extends EngineCommand>(
  player: string,
  command: Name,
  payload: Payload<Name>,
): void {
  const request = { id: 1, command, payload, key: null, player } as EngineRequest;
  expect(realm.submit(request, UNHEARD)).toBeNull();
}

/** Everything that was taken becomes durable. */
async function committed(): Promise<void> {
  await settled();
  while (journal.isAppending) await journal.commit();
}

/** An open window of alice and bob, committed. */
async function open(): Promise<void> {
  submit('game', 'wallet.grant', { player: 'bob', asset: 'coins', quantity: 9 });
  submit('alice', 'windows.invite', { player: 'bob' });
  submit('bob', 'windows.join', { window: 1 });
  await committed();
}

function told(): unknown[] {
  return sink.windowFrames.map(({ event }) => (event.data as { event: string }).event);
}

async function shown(): Promise<Record<string, unknown>> {
  const asker = { on: {}, isWaiting: () => true };
  const [frame] = await new Promise<readonly (Uint8Array | null)[]>(found =>
    realm.windowSnapshots('alice', [1], found, asker),
  );
  return decodeEvent(frame as Uint8Array).data as Record<string, unknown>;
}

describe('the presence of a player', () => {
  it('is no entry unless he is in a window, or there for the first time', async () => {
    await open();
    realm.presence('game', 1);
    await committed();
    const { rows } = journal;
    const before = rows.length;
    realm.presence('nobody', 0);
    realm.presence('game', 0);
    realm.presence('game', 1);
    await settled();
    expect([realm.waiting, journal.isAppending, rows.length]).toEqual([0, false, before]);
  });

  it('makes a player known the first time, durably and once', async () => {
    realm.presence('eve', 1);
    realm.presence('eve', 1);
    await committed();
    realm.presence('eve', 0);
    realm.presence('eve', 1);
    await committed();
    const facts = journal.rows.flatMap(row => [...decodeGroups(row)]).flatMap(group => group.facts);
    expect(facts.filter(fact => fact.kind === 'player' && fact.name === 'eve')).toHaveLength(1);
    submit('alice', 'windows.invite', { player: 'eve' });
    expect(engine.state.windows.size).toBe(1);
  });

  it('is no matter of an invitation that he has not answered', async () => {
    submit('game', 'wallet.grant', { player: 'bob', asset: 'coins', quantity: 9 });
    submit('alice', 'windows.invite', { player: 'bob' });
    await committed();
    realm.presence('bob', 0);
    expect(realm.waiting).toBe(0);
    realm.presence('alice', 0);
    expect(realm.waiting).toBe(1);
  });

  it('that changes 60,000 times in a minute leaves no row, and tells nobody', async () => {
    realm.stop();
    engine = new Engine(DEFAULT_RULES);
    realm = begin();
    await open();
    const rows = journal.rows.length;
    for (let second = 0; second < 60; second++) {
      for (let n = 0; n < 500; n++) {
        realm.presence('bob', 0);
        clock.advance(1);
        realm.presence('bob', 1);
        clock.advance(1);
      }
      await committed();
    }
    expect([journal.rows.length - rows, told()]).toEqual([0, ['invited', 'joined']]);
    expect(engine.state.windows.get(1)?.expiresAtMs).toBeGreaterThan(clock.nowMs());
    realm.presence('bob', 0);
    clock.advance(awayAfterMs);
    await expect.poll(() => realm.waiting).toBe(1);
    await committed();
    expect(told()).toEqual(['invited', 'joined', 'left']);
  });

  it('is announced when it is durable, and not before', async () => {
    await open();
    expect(told()).toEqual(['invited', 'joined']);
    realm.presence('bob', 0);
    await settled();
    expect(journal.isAppending).toBe(true);
    expect(told()).toEqual(['invited', 'joined']);
    expect(await shown()).toMatchObject({
      window: { sides: [{ present: true }, { present: true }] },
    });
    await committed();
    expect(told()).toEqual(['invited', 'joined', 'left']);
    expect(await shown()).toMatchObject({
      window: { sides: [{ present: true }, { present: false }] },
    });
    const facts = decodeGroups(journal.rows.at(-1) as Uint8Array).flatMap(group => group.facts);
    expect(facts).toMatchObject([{ kind: 'window', event: 'left' }]);
  });

  it('comes back in time, or the window ends', async () => {
    await open();
    realm.presence('bob', 0);
    clock.advance(graceMs - 1);
    realm.presence('bob', 1);
    await committed();
    realm.presence('alice', 0);
    clock.advance(graceMs);
    await committed();
    // The clockwork of the realm sees that it is due; nobody sends anything.
    await expect.poll(() => engine.state.windows.size).toBe(0);
    await committed();
    expect(told()).toEqual(['invited', 'joined', 'left', 'returned', 'left', 'cancelled']);
    expect(await shown()).toMatchObject({
      window: { status: 'cancelled', reason: 'disconnected' },
    });
  });

  it('is not taken any more while the realm drains', async () => {
    await open();
    submit('alice', 'windows.put', { window: 1, revision: 0, assets: [] });
    const drained = realm.drain();
    realm.presence('alice', 0);
    expect(realm.waiting).toBe(1);
    await committed();
    await drained;
    expect(engine.state.windows.get(1)?.sides[0].awayUntilMs).toBe(0);
  });
});

describe('a start', () => {
  it('with live windows begins with nobody here, whoever came first', async () => {
    await open();
    realm.stop();
    sink.windowFrames.length = 0;
    realm = begin();
    expect(realm.waiting).toBe(1);
    realm.presence('bob', 1);
    await committed();
    expect(told()).toEqual(['left', 'returned']);
    const expiresAtMs = clock.nowMs() + graceMs;
    const sides = [{ present: false }, { present: true }];
    expect(await shown()).toMatchObject({ window: { status: 'open', sides, expiresAtMs } });
    const [left] = sink.windowFrames;
    expect(left?.event.data).toMatchObject({ player: null, changes: [] });
  });

  it('without windows begins with nothing to tell', async () => {
    submit('game', 'wallet.grant', { player: 'bob', asset: 'coins', quantity: 9 });
    await committed();
    realm.stop();
    realm = begin();
    expect(realm.waiting).toBe(0);
  });
});

describe('the gauges', () => {
  it('count live windows and open offers', async () => {
    await open();
    const give = [{ asset: 'coins', quantity: 1 }];
    submit('bob', 'offers.create', { to: 'alice', give, want: [] });
    expect([realm.liveWindows, realm.openOffers]).toEqual([1, 1]);
    submit('alice', 'windows.cancel', { window: 1 });
    submit('bob', 'offers.cancel', { offer: 1 });
    expect([realm.liveWindows, realm.openOffers]).toEqual([0, 0]);
  });
});
