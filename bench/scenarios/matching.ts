// `matching`: the order book alone against npm nodejs-order-book, on the same seeded flows. The
// rate comes from a pass without clocks, the latencies from another one with a clock around each
// operation, and the fills of both must be the same.

import { BookRun } from '../book-run.ts';
import { type Book, type Flow, LIVE, replay, step, writeFlow } from '../flow.ts';
import { createHistogram } from '../meter.ts';
import { PeerBookRun } from '../peers/order-book.ts';
import { NOTHING, type Result } from '../report.ts';
import { say } from '../trial.ts';

interface Counting extends Book {
  readonly trades: number;
  readonly checksum: number;
}

const DEEP = { seed: 3, resting: 500_000, count: 1_000_000, prices: 10 } as const;
/** The peer needs an hour for all of the deep flow: it gets the beginning of it. */
const PEER_DEEP_COUNT = 2_000;
const PASSES = 3;

export async function matching(): Promise<Result[]> {
  const live = writeFlow(LIVE);
  const deep = writeFlow(DEEP);
  const all = LIVE.count;
  assertSameFills(live, all);
  assertSameFills(deep, PEER_DEEP_COUNT);
  return [
    measure('matching live', live, all, () => new BookRun()),
    measure('matching live, nodejs-order-book', live, all, () => new PeerBookRun()),
    measure('matching deep', deep, all, () => new BookRun()),
    measure('matching deep, nodejs-order-book', deep, PEER_DEEP_COUNT, () => new PeerBookRun(), 1),
  ];
}

function assertSameFills(flow: Flow, count: number): void {
  const ours = new BookRun();
  const theirs = new PeerBookRun();
  for (const book of [ours, theirs]) replay(book, flow, 0, flow.before + count);
  if (ours.trades === theirs.trades && ours.checksum === theirs.checksum) return;
  throw new Error(`The books disagree: ${ours.trades} fills here, ${theirs.trades} there.`);
}

function measure(
  scenario: string,
  flow: Flow,
  count: number,
  create: () => Counting,
  passes = PASSES,
): Result {
  const end = flow.before + count;
  let seconds = Number.POSITIVE_INFINITY;
  let trades = 0;
  for (let pass = 0; pass < passes; pass++) {
    const book = create();
    replay(book, flow, 0, flow.before);
    const startedMs = performance.now();
    replay(book, flow, flow.before, end);
    seconds = Math.min(seconds, (performance.now() - startedMs) / 1_000);
    trades = book.trades;
    say(`${scenario}: ${Math.round(count / seconds)}/s`);
  }
  return {
    ...NOTHING,
    scenario,
    seconds: Math.round(seconds * 1_000) / 1_000,
    commands: count,
    commandsPerSecond: Math.round(count / seconds),
    more: { trades, ...latencies(flow, end, create()) },
  };
}

/** Of single operations, in microseconds, the reading of the clock included. */
function latencies(flow: Flow, end: number, book: Book): Record<string, number> {
  replay(book, flow, 0, flow.before);
  const nanoseconds = createHistogram();
  for (let at = flow.before; at < end; at++) {
    const startedMs = performance.now();
    step(book, flow, at);
    const took = Math.round((performance.now() - startedMs) * 1e6);
    nanoseconds.recordValue(Math.min(Math.max(took, 1), 600_000_000));
  }
  const micros = (percentile: number) => nanoseconds.getValueAtPercentile(percentile) / 1_000;
  return { p50Micros: micros(50), p99Micros: micros(99), p999Micros: micros(99.9) };
}
