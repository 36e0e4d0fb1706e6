import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LINES_PER_KIND_MAX, SAMPLE_WINDOW_MS, SampledLog } from '../../src/base/sampled-log.ts';
import { recordingLog } from '../support/recording-log.ts';

describe('lines that a player can cause', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('are said once a minute for each player and kind, and the rest is counted', () => {
    const { log, lines } = recordingLog();
    const sampled = new SampledLog(log);
    for (let i = 0; i < 1_000; i++) {
      sampled.warn('eve', 'forbidden', () => ({ player: 'eve', i }));
      sampled.warn('bob', 'forbidden', () => ({ player: 'bob', i }));
      sampled.error('eve', 'a bug', () => ({ i }));
    }
    expect(lines).toMatchObject([
      { level: 40, msg: 'forbidden', player: 'eve', i: 0 },
      { level: 40, msg: 'forbidden', player: 'bob', i: 0 },
      { level: 50, msg: 'a bug', i: 0 },
    ]);
    vi.advanceTimersByTime(SAMPLE_WINDOW_MS);
    expect(lines.slice(3)).toMatchObject([
      { level: 40, unsaid: 1_998, of: 'forbidden' },
      { level: 50, unsaid: 999, of: 'a bug' },
    ]);
    sampled.warn('eve', 'forbidden', () => ({ player: 'eve', i: 'next minute' }));
    expect(lines.at(-1)).toMatchObject({ player: 'eve', i: 'next minute' });
  });

  test('do not become more, nor take more memory, by more players', () => {
    const { log, lines } = recordingLog();
    const sampled = new SampledLog(log);
    let built = 0;
    for (let i = 0; i < 100_000; i++) {
      sampled.warn(`player-${i}`, 'forbidden', () => {
        built += 1;
        return {};
      });
    }
    expect([lines.length, built]).toEqual([LINES_PER_KIND_MAX, LINES_PER_KIND_MAX]);
    vi.advanceTimersByTime(SAMPLE_WINDOW_MS);
    expect(lines.at(-1)).toMatchObject({ unsaid: 100_000 - LINES_PER_KIND_MAX });
  });

  test('that were all said leave nothing to add, and no timer', () => {
    const { log, lines } = recordingLog();
    const sampled = new SampledLog(log);
    sampled.warn('eve', 'forbidden', () => ({}));
    vi.advanceTimersByTime(10 * SAMPLE_WINDOW_MS);
    expect(lines).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that were left out are told when the process ends', () => {
    const { log, lines } = recordingLog();
    const sampled = new SampledLog(log);
    for (let i = 0; i < 5; i++) sampled.warn('eve', 'forbidden', () => ({}));
    sampled.flush();
    expect(lines.at(-1)).toMatchObject({ unsaid: 4, of: 'forbidden' });
    expect(vi.getTimerCount()).toBe(0);
  });
});
