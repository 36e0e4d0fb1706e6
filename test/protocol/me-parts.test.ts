// A private snapshot that comes in parts: a client hands it on whole.

import { describe, expect, it } from 'vitest';
import type { ServerEvent } from '../../protocol/codec.ts';
import type { EventKind, MeSnapshot } from '../../protocol/events.ts';
import { Feed } from '../../protocol/feed.ts';

const balance = (asset: string, available: number) => ({
  asset,
  location: 'main',
  available,
  held: 0,
});

function frame(
  kind: EventKind,
  sequence: number,
  previousSequence: number,
  data: unknown = null,
): ServerEvent {
  return { type: 'event', channel: 'me', epoch: 7, sequence, previousSequence, kind, data };
}

function part(kind: 'snapshot' | 'part', at: number, assets: string[], more: boolean) {
  const balances = assets.map(asset => balance(asset, at));
  return frame(kind, at, at, { balances, orders: [], offers: [], windows: [], more });
}

function listen() {
  const feed = new Feed();
  const told: ServerEvent[] = [];
  feed.add(
    'me',
    event => told.push(event),
    () => undefined,
  );
  const story = () => told.map(({ kind, sequence }) => `${kind}@${sequence}`);
  return { feed, told, story };
}

describe('a private snapshot in parts', () => {
  it('is told whole, and then what happened while it came', () => {
    const { feed, told, story } = listen();
    feed.receive(part('snapshot', 100, ['ore'], true));
    feed.receive(frame('event', 105, 100, { balances: [balance('ore', 7)] }));
    feed.receive(frame('heartbeat', 105, 105));
    feed.receive(part('part', 105, ['silk'], true));
    expect(feed.resume()).toBe(null);
    feed.receive(frame('event', 110, 105, { balances: [balance('silk', 8)] }));
    expect(story()).toEqual([]);
    expect(feed.receive(part('part', 110, ['tin', 'zinc'], false))).toBe(false);
    expect(story()).toEqual(['snapshot@100', 'event@105', 'event@110']);
    const whole = told[0]?.data as MeSnapshot;
    expect(whole.more).toBe(false);
    expect(whole.balances.map(({ asset }) => asset)).toEqual(['ore', 'silk', 'tin', 'zinc']);
    expect(feed.resume()).toEqual({ epoch: 7, sequence: 110 });
    feed.receive(frame('event', 120, 110, {}));
    expect(story().at(-1)).toBe('event@120');
  });

  it('is asked for anew after a gap, and nothing of the broken one is told', () => {
    const { feed, told, story } = listen();
    feed.receive(part('snapshot', 100, ['ore'], true));
    feed.receive(frame('event', 105, 100, {}));
    expect(feed.receive(part('part', 110, ['silk'], false))).toBe(true);
    expect(story()).toEqual([]);
    feed.receive(part('snapshot', 120, ['tin'], true));
    feed.receive(part('part', 120, ['zinc'], false));
    expect(story()).toEqual(['snapshot@120']);
    const balances = (told[0]?.data as MeSnapshot | undefined)?.balances ?? [];
    expect(balances.map(({ asset }) => asset)).toEqual(['tin', 'zinc']);
  });

  it('is not resumed when the connection was lost in the middle of it', () => {
    const { feed, story } = listen();
    feed.receive(part('snapshot', 100, ['ore'], true));
    feed.lost();
    expect(feed.resume()).toBe(null);
    // A late event of nothing that is known is no gap: a snapshot comes anyway.
    expect(feed.receive(frame('event', 105, 100, {}))).toBe(false);
    feed.receive(part('snapshot', 120, ['ore'], false));
    expect(story()).toEqual(['snapshot@120']);
    feed.lost();
    expect(feed.resume()).toEqual({ epoch: 7, sequence: 120 });
  });
});
