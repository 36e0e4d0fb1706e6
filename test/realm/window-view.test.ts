// What the channel of a window shows: the committed state and nothing ahead of it, in an unbroken
// chain, to its two players alone, and for a minute after its end.

import { beforeEach, describe, expect, it } from 'vitest';
import type { EngineCommand, Payload, Result } from '../../protocol/commands/registry.ts';
import { EVENTS, type WindowEvent, type WindowSnapshot } from '../../protocol/events.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import { StepClock } from '../../src/base/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { Announcer, type CommittedGroup } from '../../src/realm/announcer.ts';
import { MarketPast } from '../../src/realm/market-past.ts';
import { decodeEvent, RecordingSink } from '../support/recording-sink.ts';

const direct = { ...DEFAULT_RULES.direct, awayAfterMs: 0 };
const MINUTE_MS = 60_000;

let clock: StepClock;
let engine: Engine;
let sink: RecordingSink;
let announcer: Announcer;

beforeEach(() => {
  clock = new StepClock();
  engine = new Engine({ ...DEFAULT_RULES, direct });
  sink = new RecordingSink();
  announcer = begun(4);
  act('game', 'items.define', { item: 'iron', kind: 'commodity' });
  act('game', 'wallet.grant', { player: 'alice', asset: 'coins', quantity: 2_000 });
  act('game', 'wallet.grant', { player: 'bob', asset: 'iron', quantity: 100 });
});

function begun(epoch: number): Announcer {
  const { state } = engine;
  return new Announcer({ state, sink, clock, epoch, intervalMs: 10, locale: 'en-US' });
}

/** Decides a command that is not committed yet. */
function decide<Name extends EngineCommand>(
  player: string,
  command: Name,
  payload: Payload<Name>,
): { group: CommittedGroup; body: Result<Name> } {
  return apply({ player, command, payload } as unknown as Entry) as never;
}

function apply(ask: Omit<Entry, 'atMs' | 'key' | 'digest'>): {
  group: CommittedGroup;
  body: unknown;
} {
  const atMs = clock.nowMs();
  const { sequence, outcome, output, body } = engine.apply({
    ...ask,
    atMs,
    key: null,
    digest: 0,
  } as Entry);
  expect([outcome, body]).toEqual(['ok', body]);
  return { group: { sequence, atMs, output }, body };
}

/** Decides a command and commits it. */
function act<Name extends EngineCommand>(
  player: string,
  command: Name,
  payload: Payload<Name>,
): Result<Name> {
  const { group, body } = decide(player, command, payload);
  announcer.commit([group]);
  return body;
}

function presence(player: string, present: boolean): void {
  const { group } = apply({ player, command: 'presence', payload: { present } });
  announcer.commit([group]);
}

/** An open window of alice and bob that somebody listens to. */
function open(): void {
  act('alice', 'windows.invite', { player: 'bob' });
  sink.windows.add(1);
  act('bob', 'windows.join', { window: 1 });
}

const COINS = [{ asset: 'coins', quantity: 1_200 }];
const IRON = [{ asset: 'iron', quantity: 30 }];

/** Both have accepted: coins for iron. */
function review(): string {
  open();
  act('alice', 'windows.put', { window: 1, revision: 0, assets: COINS });
  act('bob', 'windows.put', { window: 1, revision: 1, assets: IRON });
  clock.advance(direct.armAddedMs);
  const { window } = shown('alice');
  const { revision } = window;
  const hash = tableHash(1, revision, window.sides);
  act('alice', 'windows.accept', { window: 1, revision, hash });
  const { manifest } = act('bob', 'windows.accept', { window: 1, revision, hash });
  return manifest as string;
}

/** What a subscriber is shown first. */
function shown(player: string, window = 1): WindowSnapshot {
  const frame = announcer.windows.snapshot(player, window);
  if (frame === null) throw new Error('A window was expected.');
  return EVENTS.window.snapshot.parse(decodeEvent(frame).data);
}

function told(): WindowEvent[] {
  return sink.windowFrames.map(({ event }) => EVENTS.window.event.parse(event.data));
}

describe('a subscriber of a window', () => {
  it('begins with the whole window, at the place in the chain where it stands', () => {
    open();
    act('alice', 'windows.put', { window: 1, revision: 0, assets: COINS });
    const frame = decodeEvent(announcer.windows.snapshot('bob', 1) as Uint8Array);
    expect(frame).toMatchObject({ channel: 'window:1', epoch: 4, kind: 'snapshot' });
    expect(frame.sequence).toBe(engine.state.sequence);
    expect(EVENTS.window.snapshot.parse(frame.data)).toEqual({
      window: {
        window: 1,
        status: 'open',
        reason: null,
        revision: 1,
        sides: [
          {
            player: 'alice',
            assets: [{ asset: 'coins', location: 'main', quantity: 1_200 }],
            accepted: false,
            confirmed: false,
            present: true,
          },
          { player: 'bob', assets: [], accepted: false, confirmed: false, present: true },
        ],
        armedAtMs: clock.nowMs() + direct.armAddedMs,
        expiresAtMs: clock.nowMs() + direct.openTimeoutMs,
        manifest: null,
      },
      manifest: null,
      receipt: null,
    });
    act('bob', 'windows.put', { window: 1, revision: 1, assets: IRON });
    expect(sink.windowFrames.at(-1)?.event).toMatchObject({
      kind: 'event',
      previousSequence: frame.sequence,
      sequence: engine.state.sequence,
    });
  });

  it('is one of its two players, invited or inviting', () => {
    act('alice', 'windows.invite', { player: 'bob' });
    expect(shown('alice').window.status).toBe('invited');
    expect(shown('bob').window.status).toBe('invited');
    expect(announcer.windows.snapshot('game', 1)).toBeNull();
    expect(announcer.windows.snapshot('nobody', 1)).toBeNull();
    expect(announcer.windows.snapshot('alice', 2)).toBeNull();
  });

  it('sees nothing that is decided and not committed', () => {
    open();
    const before = shown('bob');
    const heard = sink.windowFrames.length;
    const put = { window: 1, revision: 0, assets: COINS };
    const { group } = decide('alice', 'windows.put', put);
    expect(engine.state.windows.get(1)?.revision).toBe(1);
    expect(shown('bob')).toEqual(before);
    expect(sink.windowFrames).toHaveLength(heard);
    announcer.commit([group]);
    expect(shown('bob').window.revision).toBe(1);
    expect(sink.windowFrames).toHaveLength(heard + 1);
  });
});

describe('the events of a window', () => {
  it('form one chain, for both players, whoever listened in between', () => {
    open();
    act('alice', 'windows.put', { window: 1, revision: 0, assets: COINS });
    sink.windows.clear();
    act('bob', 'windows.put', { window: 1, revision: 1, assets: IRON });
    const unheard = engine.state.sequence;
    sink.windows.add(1);
    act('alice', 'windows.put', { window: 1, revision: 2, assets: [] });
    act('bob', 'windows.cancel', { window: 1 });
    const chain = sink.windowFrames.map(({ players, window, event }) => {
      expect([players, window, event.epoch]).toEqual([['alice', 'bob'], 1, 4]);
      return [event.previousSequence, event.sequence];
    });
    const at = chain.map(([, sequence]) => sequence);
    const first = chain[0]?.[0];
    expect(chain.map(([previous]) => previous)).toEqual([first, at[0], unheard, at[2]]);
    expect(new Set([first, ...at, unheard]).size).toBe(6);
  });

  it('say what happened, by whom, and what it changed', () => {
    open();
    act('alice', 'windows.put', { window: 1, revision: 0, assets: COINS });
    const less = [{ asset: 'coins', quantity: 120 }];
    act('alice', 'windows.put', { window: 1, revision: 1, assets: less });
    clock.advance(direct.openTimeoutMs);
    announcer.commit([apply({ player: '', command: 'tick', payload: null }).group]);
    const line = { player: 'alice', asset: 'coins', location: 'main' };
    expect(told().map(({ event, player, changes }) => [event, player, changes])).toEqual([
      ['joined', 'bob', []],
      ['put', 'alice', [{ ...line, change: 'added', from: 0, to: 1_200 }]],
      ['put', 'alice', [{ ...line, change: 'decreased', from: 1_200, to: 120 }]],
      ['cancelled', null, []],
    ]);
    expect(told().at(-1)?.window).toMatchObject({ status: 'cancelled', reason: 'timeout' });
  });

  it('show the manifest in digits and in words while it is under review, to both alike', () => {
    const manifest = review();
    const event = told().at(-1);
    expect(event).toMatchObject({ event: 'reviewed', player: 'bob', receipt: null });
    expect(event?.window).toMatchObject({ status: 'review', manifest });
    expect(event?.manifest?.manifest).toBe(manifest);
    expect(event?.manifest?.sides[0].assets).toMatchObject([
      { asset: 'coins', digits: '1,200', words: 'one thousand two hundred' },
    ]);
    expect(shown('alice').manifest).toEqual(event?.manifest);
    act('alice', 'windows.reopen', { window: 1 });
    expect(told().at(-1)).toMatchObject({ event: 'reopened', manifest: null });
    expect(shown('bob')).toMatchObject({ manifest: null, window: { manifest: null } });
  });

  it('end with one receipt for both', () => {
    const manifest = review();
    clock.advance(direct.reviewMs);
    for (const player of ['alice', 'bob']) {
      const acknowledge = (shown(player).manifest?.warnings ?? []).flatMap(warning =>
        warning.player === player && warning.token !== null ? [warning.token] : [],
      );
      act(player, 'windows.confirm', { window: 1, manifest, acknowledge });
    }
    const receipt = { window: 1, manifest, atMs: clock.nowMs() };
    expect(told().at(-1)).toMatchObject({ event: 'done', manifest: { manifest }, receipt });
    for (const player of ['alice', 'bob']) {
      expect(shown(player)).toMatchObject({ window: { status: 'done', manifest }, receipt });
    }
  });

  it('tell who has left and has returned, and until when the window waits', () => {
    open();
    presence('alice', false);
    const expiresAtMs = clock.nowMs() + direct.graceMs;
    const away = { sides: [{ present: false }, { present: true }], expiresAtMs };
    expect(told().at(-1)).toMatchObject({ event: 'left', player: 'alice', window: away });
    presence('alice', true);
    const back = { sides: [{ present: true }, { present: true }] };
    expect(told().at(-1)).toMatchObject({ event: 'returned', player: 'alice', window: back });
  });
});

describe('a window that ended', () => {
  it('says so in its last frame, can be looked at for a minute, then its channel is over', () => {
    open();
    act('alice', 'windows.cancel', { window: 1 });
    expect(told().at(-1)?.event).toBe('cancelled');
    expect(sink.endedWindows).toEqual([1]);
    clock.advance(MINUTE_MS - 1);
    announcer.windows.sweep();
    expect(shown('bob').window).toMatchObject({ status: 'cancelled', reason: 'cancelled' });
    clock.advance(1);
    announcer.windows.sweep();
    expect(announcer.windows.snapshot('bob', 1)).toBeNull();
    expect(sink.endedWindows).toEqual([1, 1]);
  });

  it('is forgotten sooner when very many have ended', () => {
    const rules = { ...DEFAULT_RULES, direct: { ...direct, invitesPerMinuteMax: 1e9 } };
    engine = new Engine({ ...rules, direct: { ...rules.direct, invitesPerPlayerMax: 1e9 } });
    announcer = begun(4);
    act('game', 'wallet.grant', { player: 'bob', asset: 'coins', quantity: 1 });
    for (let window = 1; window <= 10_002; window++) {
      act('alice', 'windows.invite', { player: 'bob' });
      act('bob', 'windows.decline', { window });
    }
    expect(announcer.windows.snapshot('bob', 2)).toBeNull();
    expect(shown('bob', 3).window.reason).toBe('declined');
  });
});

describe('after a recovery', () => {
  it('the windows are shown as the engine has them, their manifests included', async () => {
    const manifest = review();
    announcer = begun(5);
    await announcer.begin(new MarketPast());
    const frame = decodeEvent(announcer.windows.snapshot('alice', 1) as Uint8Array);
    expect([frame.epoch, frame.sequence]).toEqual([5, engine.state.sequence]);
    expect(shown('alice')).toMatchObject({ window: { status: 'review' }, manifest: { manifest } });
    sink.windowFrames.length = 0;
    act('bob', 'windows.reopen', { window: 1 });
    expect(sink.windowFrames[0]?.event).toMatchObject({
      epoch: 5,
      previousSequence: frame.sequence,
    });
  });
});
