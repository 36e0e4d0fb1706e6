// Our side of `fanout`: the real server. Each update is a durable command that changes the quantity
// of an order, alone on its price level: bids in even ticks, listings in odd ones, so that two
// ticks under way never change the same level and every change can be counted.

import { encodeRequest } from '../../protocol/codec.ts';
import { Audience, type FrameReader, Subscriber } from '../audience.ts';
import { Clocks } from '../clocks.ts';
import { Exchange } from '../exchange.ts';
import { bookReader, OPENING_ID } from '../feed-readers.ts';
import { type FrameTemplate, nameOf, namePlace, numberPlace, template } from '../frame-template.ts';
import { runAll } from '../load.ts';
import { Meter } from '../meter.ts';
import type { Options } from '../options.ts';
import type { RawSocket } from '../raw-socket.ts';
import { clientFrame } from '../raw-socket.ts';
import { firstInteger } from '../reply.ts';
import type { Result } from '../report.ts';
import { ServerProcess } from '../server-process.ts';
import { type FanoutCase, fanoutResult, runTicks, until } from '../ticks.ts';
import { isSound, say, type Trial } from '../trial.ts';
import { defineItems, grantCoins, grantGoods } from '../world.ts';

const FEED_INTERVAL_MS = 2;
const QUANTITIES = [10, 11] as const;
const LOWEST_BID = 1;
const LOWEST_ASK = 101;
const COINS = 1_000_000_000;

export async function fanoutOurs(plan: FanoutCase, options: Options): Promise<Result> {
  const server = new ServerProcess(options.database, options.profile, {
    FEED_INTERVAL_MS: `${FEED_INTERVAL_MS}`,
  });
  const exchange = new Exchange(new Meter());
  const audience = new Audience();
  try {
    await server.start();
    const token = await server.token('game');
    await exchange.open(1, server.ports, async () => token);
    const orders = await rest({ exchange, server, say }, plan);
    await subscribe(audience, plan, server.ports, token);
    const ticks = await runTicks({
      plan,
      audience,
      clocks: new Clocks(server.parts),
      publish: publisher(exchange, orders, plan.books),
    });
    audience.close();
    exchange.close();
    const drainMs = await server.drain();
    await server.stop();
    const sound = await isSound(server, [], exchange);
    const result = fanoutResult(plan, audience, ticks);
    const { database } = options;
    return { ...result, database, drainMs, audit: sound ? result.audit : 'FAILED' };
  } finally {
    audience.close();
    exchange.close();
    await server.remove();
  }
}

interface Orders {
  readonly bids: Float64Array;
  readonly asks: Float64Array;
}

/** One bid and one listing per update of a tick, spread over the books, each on its own level. */
export async function rest(trial: Trial, { books, updates }: FanoutCase): Promise<Orders> {
  await defineItems(trial, books);
  await grantCoins(trial, books, COINS);
  await grantGoods(trial, books, books, COINS);
  const terms = { item: namePlace(2, 'i'), quantity: QUANTITIES[1], price: numberPlace(1) };
  const place = async (command: 'bids.create' | 'listings.create', lowest: number) => {
    const ids = new Float64Array(updates);
    const frame = template(command, terms, { player: namePlace(1) });
    const onAnswer: Exchange['onAnswer'] = (_socket, _outcome, index, bytes, bodyStart) => {
      ids[index] = firstInteger(bytes, bodyStart);
    };
    const send = (socket: RawSocket, index: number) => {
      frame.name(1, index % books);
      frame.name(2, index % books);
      frame.number(1, lowest + Math.floor(index / books));
      trial.exchange.send(socket, frame, index);
    };
    await runAll(trial.exchange, updates, send, { onAnswer });
    return ids;
  };
  return {
    bids: await place('bids.create', LOWEST_BID),
    asks: await place('listings.create', LOWEST_ASK),
  };
}

/** Opens the subscribers at the ports in turns; resolves when all have their snapshots. */
export async function subscribe(
  audience: Audience,
  { books, subscribers }: FanoutCase,
  ports: readonly number[],
  token: string,
  readerAt: (port: number, read: FrameReader) => FrameReader = (_port, read) => read,
): Promise<void> {
  let joined = 0;
  const channels = Array.from({ length: books }, (_, book) => `book:${nameOf(book, 'i')}`);
  const subscribing = clientFrame(encodeRequest(2, 'session.subscribe', { channels }));
  const read = bookReader(subscribing, () => {
    joined += 1;
  });
  const readers = ports.map((_, port) => readerAt(port, read));
  const opening = clientFrame(encodeRequest(OPENING_ID, 'session.open', { token }));
  for (let index = 0; index < subscribers; index++) {
    const turn = index % ports.length;
    const { socket } = new Subscriber(audience, books, readers[turn] as FrameReader);
    await socket.open({ port: ports[turn] as number });
    socket.send(opening);
    socket.flush();
  }
  await until(() => joined === subscribers * books);
}

export function publisher(
  exchange: Exchange,
  orders: Orders,
  books: number,
): (tick: number, committed: () => void) => void {
  const player = namePlace(1);
  const quantity = numberPlace(2);
  const bid = template('bids.update', { bid: numberPlace(1), quantity }, { player });
  const ask = template('listings.update', { listing: numberPlace(1), quantity }, { player });
  const waiting = new Map<number, { left: number; committed: () => void }>();
  exchange.onAnswer = (_socket, _outcome, tick) => {
    const entry = waiting.get(tick);
    if (entry === undefined || --entry.left > 0) return;
    waiting.delete(tick);
    entry.committed();
  };
  return (tick, committed) => {
    const isBid = tick % 2 === 0;
    const ids = isBid ? orders.bids : orders.asks;
    const frame: FrameTemplate = isBid ? bid : ask;
    const [socket] = exchange.sockets;
    if (socket === undefined) throw new Error('There is no socket to publish with.');
    exchange.nowMs = performance.now();
    waiting.set(tick, { left: ids.length, committed });
    ids.forEach((id, index) => {
      frame.number(1, id);
      frame.number(2, QUANTITIES[Math.floor(tick / 2) % 2] as number);
      frame.name(1, index % books);
      exchange.send(socket, frame, tick);
    });
    socket.flush();
  };
}
