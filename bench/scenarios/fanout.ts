// `fanout`: 1,000 subscribers of price changes. A tick is a number of updates that are published
// together; the next but one starts when everybody has all of the one before (two under way). Ours
// merges the changes of a book that commit within a feed interval into one frame, so one
// row counts 20 books with one change each: 20 frames per tick, as many as the peers send.

import { Audience, type FrameReader, Subscriber } from '../audience.ts';
import { startPeer, stopPeer } from '../child.ts';
import { Clocks, ofProcess } from '../clocks.ts';
import { socketIoReader, textReader } from '../feed-readers.ts';
import type { Options } from '../options.ts';
import type { Result } from '../report.ts';
import { type FanoutCase, fanoutResult, runTicks, until } from '../ticks.ts';
import { fanoutOurs } from './fanout-ours.ts';

const SUBSCRIBERS = 1_000;
const SECONDS = 5;

export async function fanout(options: Options): Promise<Result[]> {
  const subscribers = options.sockets ?? SUBSCRIBERS;
  const seconds = options.seconds ?? SECONDS;
  const shape = { subscribers, seconds };
  const results: Result[] = [];
  for (const updates of [20, 1]) {
    const name = `fanout ${updates} a tick`;
    results.push(
      await fanoutOurs({ ...shape, scenario: `${name}, tradepost`, books: 1, updates }, options),
      await fanoutPeer({ ...shape, scenario: `${name}, ws`, books: 1, updates }, 'ws'),
      await fanoutPeer(
        { ...shape, scenario: `${name}, socket.io`, books: 1, updates },
        'socket.io',
      ),
    );
  }
  const books = { ...shape, scenario: 'fanout 20 books a tick, tradepost', books: 20, updates: 20 };
  results.push(await fanoutOurs(books, options));
  return results;
}

async function fanoutPeer(plan: FanoutCase, kind: 'ws' | 'socket.io'): Promise<Result> {
  const child = await startPeer('fanout-server', [kind]);
  const audience = new Audience();
  try {
    let joined = 0;
    const reader: FrameReader = kind === 'ws' ? textReader() : socketIoReader(() => joined++);
    const path = kind === 'ws' ? '/' : '/socket.io/?EIO=4&transport=websocket';
    for (let index = 0; index < plan.subscribers; index++) {
      await new Subscriber(audience, 1, reader).socket.open({ port: child.port, path });
    }
    if (kind === 'socket.io') await until(() => joined === plan.subscribers);
    const ticks = await runTicks({
      plan,
      audience,
      clocks: new Clocks(ofProcess(child.pid)),
      publish: () => child.process.send(plan.updates),
    });
    return fanoutResult(plan, audience, ticks);
  } finally {
    audience.close();
    await stopPeer(child);
  }
}
