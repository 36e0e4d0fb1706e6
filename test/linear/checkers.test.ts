// The checkers find what is planted, and nothing in histories that are sound.

import { describe, expect, it } from 'vitest';
import { seeded } from '../support/seeded.ts';
import type { Operation } from './history.ts';
import { judgeVersions } from './versions.ts';
import { judgeRegisters } from './wing-gong.ts';
import { judgeZones } from './zones.ts';

type Short = readonly [kind: 'w' | 'r', value: number | null, from: number, to: number];

const NEVER = Number.POSITIVE_INFINITY;

function history(...short: readonly Short[]): Operation[] {
  return short.map(([kind, value, invokedMs, returnedMs], number) => ({
    what: `#${number}`,
    register: 'r',
    kind: kind === 'w' ? 'write' : 'read',
    ...{ invokedMs, returnedMs, value },
  }));
}

const versions = (...short: readonly Short[]) =>
  judgeVersions(history(...short)).map(({ rule, operation }) => `${operation.what} ${rule}`);
const registers = (...short: readonly Short[]) =>
  judgeRegisters(history(...short), new Map()).map(({ operation }) => operation.what);
const zones = (...short: readonly Short[]) => judgeZones(history(...short));

describe('versions', () => {
  it.each<[string, Short[]]>([
    ['nothing', []],
    [
      'one after the other',
      [
        ['w', 1, 0, 1],
        ['r', 1, 2, 3],
        ['w', 2, 4, 5],
        ['r', 2, 6, 7],
      ],
    ],
    [
      'a read beside a write sees it',
      [
        ['w', 1, 0, 5],
        ['r', 1, 1, 2],
      ],
    ],
    [
      'a read beside a write does not see it',
      [
        ['w', 1, 0, 5],
        ['r', 0, 1, 2],
      ],
    ],
    [
      'a write without an answer was seen',
      [
        ['w', null, 0, NEVER],
        ['r', 1, 9, 10],
      ],
    ],
    [
      'it was not seen',
      [
        ['w', null, 0, NEVER],
        ['r', 0, 9, 10],
        ['w', 1, 11, 12],
      ],
    ],
    [
      'it came late',
      [
        ['w', null, 0, NEVER],
        ['w', 1, 1, 2],
        ['r', 1, 3, 4],
        ['r', 2, 5, 6],
      ],
    ],
  ])('are sound: %s', (_, short) => {
    expect(versions(...short)).toEqual([]);
  });

  it.each<[string, Short[], string[]]>([
    [
      'an acknowledged write is not seen',
      [
        ['w', 1, 0, 1],
        ['r', 0, 2, 3],
      ],
      ['#1 a stale read'],
    ],
    [
      'what one reader was shown is not seen by the next',
      [
        ['w', 1, 0, 9],
        ['r', 1, 1, 2],
        ['r', 0, 3, 4],
      ],
      ['#2 a stale read'],
    ],
    [
      'what was shown of a write without an answer is gone',
      [
        ['w', null, 0, NEVER],
        ['r', 1, 1, 2],
        ['r', 0, 3, 4],
      ],
      ['#2 a stale read'],
    ],
    [
      'a write is put before what was shown',
      [
        ['w', 2, 0, 1],
        ['w', 1, 2, 3],
      ],
      ['#1 a write before what was shown already'],
    ],
    [
      'a write is lost',
      [
        ['w', 1, 0, 1],
        ['w', 1, 0, 2],
      ],
      ['#1 a version twice'],
    ],
    [
      'a write is done twice',
      [
        ['w', 1, 0, 1],
        ['r', 2, 2, 3],
      ],
      ['#1 a version that nobody made'],
    ],
    [
      'something is shown before it is written',
      [
        ['r', 1, 0, 1],
        ['w', null, 2, NEVER],
      ],
      ['#0 a version that nobody made'],
    ],
  ])('are not: %s', (_, short, found) => {
    expect(versions(...short)).toEqual(found);
  });
});

describe('registers', () => {
  it.each<[string, Short[]]>([
    [
      'one after the other',
      [
        ['w', 5, 0, 1],
        ['r', 5, 2, 3],
        ['w', 7, 4, 5],
        ['r', 7, 6, 7],
      ],
    ],
    [
      'two writes at once, either order',
      [
        ['w', 5, 0, 9],
        ['w', 7, 0, 9],
        ['r', 5, 10, 11],
      ],
    ],
    [
      'seen in their order',
      [
        ['w', 5, 0, 9],
        ['w', 7, 0, 9],
        ['r', 7, 1, 2],
        ['r', 5, 3, 4],
      ],
    ],
    [
      'a write without an answer, much later',
      [
        ['w', 5, 0, NEVER],
        ['w', 7, 1, 2],
        ['r', 5, 3, 4],
      ],
    ],
    [
      'a write without an answer, never',
      [
        ['w', 5, 0, NEVER],
        ['r', 0, 3, 4],
      ],
    ],
  ])('are sound: %s', (_, short) => {
    expect(registers(...short)).toEqual([]);
    expect(zones(...short)).toEqual([]);
  });

  it.each<[string, Short[]]>([
    [
      'a stale read',
      [
        ['w', 5, 0, 1],
        ['r', 0, 2, 3],
      ],
    ],
    [
      'a value that nobody wrote',
      [
        ['w', 5, 0, 1],
        ['r', 6, 2, 3],
      ],
    ],
    [
      'a value before it was written',
      [
        ['r', 5, 0, 1],
        ['w', 5, 2, 3],
      ],
    ],
    [
      'two readers who see two orders',
      [
        ['w', 5, 0, 1],
        ['w', 7, 0, 1],
        ['r', 5, 2, 3],
        ['r', 7, 4, 5],
      ],
    ],
    [
      'a value that comes back',
      [
        ['w', 5, 0, 1],
        ['w', 7, 2, 9],
        ['r', 7, 3, 4],
        ['r', 5, 5, 6],
      ],
    ],
    [
      'what was shown of a write without an answer is gone',
      [
        ['w', 5, 0, NEVER],
        ['r', 5, 1, 2],
        ['r', 0, 3, 4],
      ],
    ],
  ])('are not: %s', (_, short) => {
    expect(registers(...short)).toHaveLength(1);
    expect(zones(...short)).not.toEqual([]);
  });
});

/** A history of a true register: each operation takes effect at a moment between its times. */
function truthful(random: () => number, clients: number, each: number): Operation[] {
  const planned = Array.from({ length: clients }, () => {
    let nowMs = random();
    return Array.from({ length: each }, () => {
      const invokedMs = nowMs + random();
      const effectMs = invokedMs + random() * 3;
      const returnedMs = effectMs + random() * 3;
      nowMs = returnedMs;
      const isWrite = random() < 0.3;
      return { invokedMs, effectMs, returnedMs, isWrite, isLost: isWrite && random() < 0.02 };
    });
  }).flat();
  planned.sort((one, other) => one.effectMs - other.effectMs);
  let version = 0;
  return planned.map(({ invokedMs, returnedMs, isWrite, isLost }, number) => {
    if (isWrite) version++;
    const kind = isWrite ? 'write' : 'read';
    const ended = isLost ? NEVER : returnedMs;
    return {
      what: `#${number}`,
      register: 'r',
      kind,
      invokedMs,
      returnedMs: ended,
      value: version,
    };
  });
}

describe('long histories of many clients', () => {
  const random = seeded(13);
  const rounds = Array.from({ length: 20 }, () => truthful(random, 8, 60));

  it('are sound as they are', () => {
    for (const sound of rounds) {
      expect(judgeRegisters(sound, new Map())).toEqual([]);
      expect(judgeZones(sound)).toEqual([]);
      const untold = sound.map(one => (one.returnedMs === NEVER ? { ...one, value: null } : one));
      expect(judgeVersions(untold)).toEqual([]);
    }
  });

  it('are found out when one read of them shows the past', () => {
    for (const sound of rounds) {
      const reads = sound.filter(({ kind, value }) => kind === 'read' && (value ?? 0) > 20);
      const victim = reads[Math.floor(random() * reads.length)] as Operation;
      // Everything up to five versions before was acknowledged long before it.
      const stale = { ...victim, value: (victim.value as number) - 12 };
      const spoilt = sound.map(one => (one === victim ? stale : one));
      expect(judgeZones(spoilt)).not.toEqual([]);
      expect(judgeVersions(spoilt).map(({ operation }) => operation)).toContain(stale);
    }
  });

  it('are judged alike by the search and by the theorem, sound or not', () => {
    const verdicts = { sound: 0, spoilt: 0 };
    for (let round = 0; round < 2_000; round++) {
      // Short ones, some of whose reads say anything that was ever written.
      const some = truthful(random, 3, 4).map(one =>
        one.kind === 'read' && random() < 0.2 ? { ...one, value: Math.floor(random() * 5) } : one,
      );
      const isSound = judgeRegisters(some, new Map()).length === 0;
      expect(judgeZones(some).length === 0, JSON.stringify(some)).toBe(isSound);
      verdicts[isSound ? 'sound' : 'spoilt']++;
    }
    expect(verdicts.sound).toBeGreaterThan(200);
    expect(verdicts.spoilt).toBeGreaterThan(200);
  });
});
