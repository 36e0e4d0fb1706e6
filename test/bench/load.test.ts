// What the figures of the bench rest on: templates, replies, numbers drawn, answers counted.

import { expect, test } from 'vitest';
import { BookRun } from '../../bench/book-run.ts';
import { CANCEL, writeFlow } from '../../bench/flow.ts';
import {
  keyNumber,
  keyPlace,
  nameOf,
  namePlace,
  numberPlace,
  template,
} from '../../bench/frame-template.ts';
import { Meter } from '../../bench/meter.ts';
import { readOptions } from '../../bench/options.ts';
import { PeerBookRun } from '../../bench/peers/order-book.ts';
import { Random, Zipf } from '../../bench/random.ts';
import { firstInteger, isReply, readEnd, readUint } from '../../bench/reply.ts';
import { asBlock, asLine, NOTHING } from '../../bench/report.ts';
import { decodeRequest, encodeEvent, encodeReply } from '../../protocol/codec.ts';

const HEADER_BYTES = 6;

test('a filled template is the request that the codec reads', () => {
  const frame = template(
    'listings.create',
    { item: namePlace(2, 'i'), quantity: numberPlace(1), price: numberPlace(2) },
    { player: namePlace(1), key: keyPlace(3) },
  );
  for (const value of [1, 200, 70_000, 4_000_000_000]) {
    frame.id(value);
    frame.number(1, value + 1);
    frame.number(2, value + 2);
    frame.name(1, 42);
    frame.name(2, 9_999_999);
    frame.name(3, 0);
    expect(decodeRequest(frame.bytes.subarray(HEADER_BYTES))).toEqual({
      ok: true,
      id: value,
      command: 'listings.create',
      payload: { item: 'i9999999', quantity: value + 1, price: value + 2 },
      player: nameOf(42),
      key: keyNumber(0),
    });
  }
});

test('id, outcome and first integer of a reply are read whatever their size', () => {
  for (const value of [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1]) {
    const reply = Buffer.from(encodeReply(value, 'rejected', { listing: value * 2 + 1, more: 1 }));
    expect(isReply(reply, 0)).toBe(true);
    expect(readUint(reply, 1)).toBe(value);
    expect(reply[readEnd()]).toBe(1);
    expect(firstInteger(reply, readEnd() + 1)).toBe(value * 2 + 1);
  }
});

test('an event is no reply', () => {
  const event = encodeEvent('book:i0000000', 1, 2, 1, 'delta', { bids: [], asks: [] });
  expect(isReply(Buffer.from(event), 0)).toBe(false);
});

test('Zipf ranks come as often as their law says', () => {
  const count = 1_000;
  const draws = 200_000;
  const zipf = new Zipf(count, 1.5);
  const random = new Random(1);
  const seen = new Float64Array(count);
  for (let draw = 0; draw < draws; draw++) {
    const rank = zipf.at(random.next());
    seen[rank] = (seen[rank] as number) + 1;
  }
  let sum = 0;
  for (let rank = 0; rank < count; rank++) sum += (rank + 1) ** -1.5;
  for (const rank of [0, 1, 2, 5, 10, 50]) {
    const expected = (draws * (rank + 1) ** -1.5) / sum;
    expect(Math.abs((seen[rank] as number) - expected)).toBeLessThan(5 * Math.sqrt(expected));
  }
  expect(zipf.at(0)).toBe(0);
  expect(zipf.at(1 - 2 ** -53)).toBe(count - 1);
});

test('a meter forgets the warm-up but not the totals', () => {
  const meter = new Meter();
  for (let answer = 0; answer < 10; answer++) meter.record(0, 500);
  meter.record(3, 1);
  meter.forget();
  for (let answer = 1; answer <= 100; answer++) meter.record(answer % 10 === 0 ? 1 : 0, answer);
  expect(meter.ok).toBe(90);
  expect(meter.rejected).toBe(10);
  expect(meter.failed).toBe(0);
  expect([...meter.totals]).toEqual([100, 10, 0, 1, 0]);
  const { p50Ms, p99Ms } = meter.latencies();
  expect(p50Ms).toBeCloseTo(50, 0);
  expect(p99Ms).toBeCloseTo(99, 0);
});

test('a flow has its mix, and both books agree on every fill', () => {
  const flow = writeFlow({ seed: 4, resting: 500, count: 20_000, prices: 20 });
  const cancels = flow.kinds.reduce((sum, kind) => sum + (kind === CANCEL ? 1 : 0), 0);
  expect(cancels / 20_000).toBeCloseTo(0.4, 1);
  const books = [new BookRun(), new PeerBookRun()] as const;
  for (const book of books) {
    flow.kinds.forEach((kind, at) => {
      const order = flow.orders[at] as number;
      if (kind === CANCEL) book.cancel(order);
      else {
        const side = kind === 0 ? 'buy' : 'sell';
        book.place(order, side, flow.prices[at] as number, flow.quantities[at] as number);
      }
    });
  }
  expect(books[0].trades).toBeGreaterThan(1_000);
  expect(books[0].trades).toBe(books[1].trades);
  expect(books[0].checksum).toBe(books[1].checksum);
  expect(books[0].live).toBeLessThan(1_500);
});

test('options: defaults, values, and refusals that name what is wrong', () => {
  const known = ['purchases', 'hot'];
  expect(readOptions([], known)).toBeNull();
  expect(readOptions(['purchases', '--help'], known)).toBeNull();
  expect(readOptions(['all', '--json', '--in-flight', '5'], known)).toEqual({
    scenarios: known,
    database: 'postgres',
    json: true,
    keys: false,
    seconds: null,
    sockets: null,
    inFlight: 5,
    rate: null,
    players: null,
    rounds: null,
    profile: null,
  });
  expect(() => readOptions(['cold'], known)).toThrow('No scenario "cold"');
  expect(() => readOptions(['hot', '--seconds', '0'], known)).toThrow('--seconds 0');
  expect(() => readOptions(['hot', '--database', 'sqlite'], known)).toThrow('--database sqlite');
  expect(() => readOptions(['hot', '--fast'], known)).toThrow('--fast');
});

test('a result is one line of JSON, or a block without what was not measured', () => {
  const result = { ...NOTHING, scenario: 'hot', commands: 1_234, more: { rounds: 2 } };
  expect(JSON.parse(asLine(result))).toMatchObject({ scenario: 'hot', commands: 1_234, rounds: 2 });
  expect(asBlock(result)).toMatch(/^hot\n/);
  expect(asBlock(result)).toContain('1,234');
  expect(asBlock(result)).not.toContain('drainMs');
});
