// A node that the leader does not hear: what is announced meanwhile is lost to it although the feed
// has no hole, so the chain of its private events breaks before, and nothing is passed over.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Membership } from '../../src/realm/membership.ts';
import { SILENCE_MAX_MS } from '../../src/realm/node-registry.ts';
import { RemoteStage } from '../support/remote-stage.ts';

let stage: RemoteStage;

beforeEach(() => {
  vi.useFakeTimers();
  stage = new RemoteStage({ pendingMax: 3, replyTimeoutMs: 10_000 });
  stage.beat(0);
});

afterEach(() => {
  stage.realm.stop();
  vi.useRealTimers();
});

/** Lets time pass while the leader speaks. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    await stage.pass(250);
    stage.beat(0);
  }
}

describe('a node', () => {
  it('that is heard begins nothing anew', async () => {
    await pass(60_000);
    expect(stage.sink.restarts).toBe(1);
  });

  it('that is not heard begins anew before the leader can have forgotten it, once', async () => {
    await pass(5_000);
    const heardLastAtMs = performance.now();
    stage.isHeard = false;
    await pass(2_000);
    expect(stage.sink.restarts).toBe(1);
    while (stage.sink.restarts === 1) await pass(250);
    expect(performance.now() - heardLastAtMs).toBeLessThanOrEqual(SILENCE_MAX_MS + 250);
    await pass(30_000);
    expect(stage.sink.restarts).toBe(2);
  });

  it('that was forgotten meanwhile begins anew again, and tells everything', async () => {
    stage.realm.presence('alice', 1);
    const failed = stage.realm.privateSnapshot('bob', null).catch(() => {});
    await pass(5_000);
    stage.isHeard = false;
    await pass(4_000);
    const { restarts } = stage.sink;
    const told = stage.sender.presence.length;
    stage.forget();
    stage.isHeard = true;
    await pass(1_000);
    expect(stage.sink.restarts).toBe(restarts + 1);
    const whole = { piece: 'only', present: [['alice', 1]] };
    expect(stage.sender.presence.slice(told)).toMatchObject([whole]);
    const wholes = stage.channel.told.filter(({ piece }) => piece === 'only');
    expect(wholes.at(-1)?.listening).toEqual([['bob', true]]);
    await failed;
  });

  it('that was not forgotten after all goes on as it is', async () => {
    await pass(5_000);
    stage.isHeard = false;
    await pass(4_000);
    stage.isHeard = true;
    await pass(20_000);
    expect(stage.sink.restarts).toBe(2);
  });

  it('that was forgotten within its own silence finds out by the first answer', async () => {
    await pass(5_000);
    stage.forget();
    await pass(1_000);
    expect(stage.sink.restarts).toBe(2);
  });
});

describe('a membership', () => {
  it('is sure from the moment in which a beat was told, not in which it was answered', () => {
    const membership = new Membership();
    membership.begin(0);
    membership.told(1, 1_000);
    membership.answered(1);
    expect(membership.isSure(1_000 + SILENCE_MAX_MS - 1)).toBe(true);
    expect(membership.isSure(1_000 + SILENCE_MAX_MS)).toBe(false);
    membership.answered(7);
    expect(membership.isSure(1_000 + SILENCE_MAX_MS)).toBe(false);
  });

  it('remembers no more beats than may be on their way', () => {
    const membership = new Membership();
    membership.begin(0);
    for (let beat = 1; beat <= 100; beat++) membership.told(beat, beat * 1_000);
    membership.answered(1);
    expect(membership.isSure(SILENCE_MAX_MS)).toBe(false);
    membership.answered(100);
    expect(membership.isSure(100_000)).toBe(true);
  });

  it('is another one than before when the leader had forgotten; the first one is not', () => {
    const membership = new Membership();
    membership.begin(0);
    expect(membership.take(3, 1)).toEqual({ forgotten: false, missed: false });
    expect(membership.take(3, 2)).toEqual({ forgotten: false, missed: false });
    expect(membership.take(3, 4)).toEqual({ forgotten: false, missed: true });
    expect(membership.take(4, 2)).toEqual({ forgotten: true, missed: true });
    membership.begin(0);
    expect(membership.take(9, 1)).toEqual({ forgotten: false, missed: false });
  });
});
