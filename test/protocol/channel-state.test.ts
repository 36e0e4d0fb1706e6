import { expect, it } from 'vitest';
import { ChannelState } from '../../protocol/channel-state.ts';
import type { EventKind } from '../../protocol/events.ts';

type Row = [kind: EventKind, epoch: number, previous: number, sequence: number, verdict: string];

it.each<[string, Row[]]>([
  [
    'nothing counts before the first snapshot',
    [
      ['delta', 1, 4, 5, 'skip'],
      ['heartbeat', 1, 5, 5, 'skip'],
      ['snapshot', 1, 0, 5, 'apply'],
      ['delta', 1, 5, 9, 'apply'],
    ],
  ],
  [
    'sequences may have holes while the chain holds',
    [
      ['snapshot', 1, 0, 5, 'apply'],
      ['delta', 1, 5, 70, 'apply'],
      ['delta', 1, 70, 71, 'apply'],
    ],
  ],
  [
    'a missed frame is a gap, said once, and mended by a snapshot',
    [
      ['snapshot', 1, 0, 5, 'apply'],
      ['delta', 1, 6, 7, 'gap'],
      ['delta', 1, 7, 8, 'skip'],
      ['snapshot', 1, 0, 8, 'apply'],
      ['delta', 1, 8, 9, 'apply'],
    ],
  ],
  [
    'a frame that comes twice is a gap',
    [
      ['snapshot', 1, 0, 5, 'apply'],
      ['delta', 1, 5, 6, 'apply'],
      ['delta', 1, 5, 6, 'gap'],
    ],
  ],
  [
    'another epoch is a gap, although the sequence fits',
    [
      ['snapshot', 1, 0, 5, 'apply'],
      ['delta', 2, 5, 6, 'gap'],
    ],
  ],
  [
    'a heartbeat shows a gap too',
    [
      ['snapshot', 1, 0, 5, 'apply'],
      ['heartbeat', 1, 5, 5, 'apply'],
      ['heartbeat', 1, 8, 8, 'gap'],
    ],
  ],
  [
    'a snapshot may come at any time',
    [
      ['snapshot', 1, 0, 5, 'apply'],
      ['snapshot', 1, 5, 3, 'apply'],
      ['event', 1, 3, 4, 'apply'],
    ],
  ],
])('%s', (_, rows) => {
  const state = new ChannelState();
  for (const [kind, epoch, previousSequence, sequence, verdict] of rows) {
    const positions = { epoch, sequence, previousSequence };
    const event = { type: 'event', channel: 'me', kind, data: null, ...positions } as const;
    expect(state.accept(event)).toBe(verdict);
    expect(state.position()).toEqual(verdict === 'apply' ? { epoch, sequence } : null);
  }
});
