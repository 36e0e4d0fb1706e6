// The time of the server, as a client estimates it from what it is told.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ServerClock } from '../../protocol/client-clock.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'], now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

it('is the time of this machine before the first session', () => {
  expect(new ServerClock().nowMs()).toBe(1_000_000);
});

it('goes on from what the server said, at the pace of this machine', () => {
  const clock = new ServerClock();
  clock.opened(5_000_000);
  vi.advanceTimersByTime(250);
  expect(clock.nowMs()).toBe(5_000_250);
});

it('is moved forwards by an answer that travelled faster, never back by a slower one', () => {
  const clock = new ServerClock();
  clock.opened(5_000_000 - 80);
  clock.heard(5_000_000 - 5);
  expect(clock.nowMs()).toBe(4_999_995);
  clock.heard(5_000_000 - 300);
  expect(clock.nowMs()).toBe(4_999_995);
});

it('starts over with each session: the server may have been set to another time', () => {
  const clock = new ServerClock();
  clock.opened(5_000_000);
  clock.opened(4_000_000);
  expect(clock.nowMs()).toBe(4_000_000);
});

it('does not follow a player who sets the clock of his machine', () => {
  const clock = new ServerClock();
  clock.opened(5_000_000);
  vi.setSystemTime(9_000_000);
  expect(clock.nowMs()).toBe(5_000_000);
});
