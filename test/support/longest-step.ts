// The longest thing that an engine of the largest size does at once: 1,000,000 open orders that are
// due in one millisecond, 10,000,000 accounts, 10,000,000 keys, 4,000,000 players. Run as a process
// of its own, from compiled code: `node -e "import('...longest-step.js').then(m => m.measure())"`.
// A time is what the clock says, or the processor for all threads together if that is less: so
// neither others on the machine nor threads that compile or collect beside count. The pauses of the
// garbage collector fall where they like, so they are taken off, and told by themselves.

import { PerformanceObserver } from 'node:perf_hooks';
import { auditSteps } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { DecidedFact, Fact, OrderFact } from '../../src/engine/fact.ts';
import { HOUSE, ISSUER } from '../../src/engine/ledger.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { testKey } from './test-key.ts';

const ORDERS = 1_000_000;
const ITEMS = 10;
const PLAYERS = 4_000_000;
const KEYS_PER_PLAYER = 10;
/** Operations that are timed together, since a clock has its price: far below a millisecond. */
const CHUNK = 100;

/** A step of the audit is 1,000 things, each of which it looks at a few times. */
const AUDIT_STEPS_MAX = 40_000;

const TOLD_MS = 100;

const T0 = 1_700_000_000_000;
const DUE_MS = T0 + 1_000;
/** The first player's number: behind issuer and house. */
const FIRST = HOUSE + 1;

interface Steps {
  readonly count: number;
  readonly longestMs: number;
  readonly usualMs: number;
}

export interface Longest {
  /** By what was done: how often, and the milliseconds of the longest step. */
  readonly steps: Readonly<Record<string, Steps>>;
  /** The longest pause of the garbage collector, and where all memory came to. */
  readonly pauseMs: number;
  readonly memoryMb: number;
  /** Orders that the largest slice ended, and how many slices there were. */
  readonly endedMax: number;
  readonly slices: number;
  readonly broken: readonly string[];
}

/** Prints a {@link Longest} as one line of JSON. */
export async function measure(): Promise<void> {
  const all: Record<string, Timed> = {};
  const pauses: Pause[] = [];
  const observer = new PerformanceObserver(list => {
    for (const { startTime: fromMs, duration } of list.getEntries()) {
      pauses.push({ fromMs, untilMs: fromMs + duration });
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const engine = new Engine(DEFAULT_RULES);
  const { state } = engine;
  const time = (what: string, count: number, chunk: number, act: (index: number) => void) => {
    all[what] = timed(count, chunk, act);
  };

  begin(engine);
  time('names', PLAYERS, CHUNK, index => {
    engine.restore({ kind: 'player', player: FIRST + index, name: `player-${index}` }, T0);
  });
  time('accounts', ORDERS * ITEMS, CHUNK, index => engine.restore(balance(index), T0));
  time('keys', ORDERS * KEYS_PER_PLAYER, CHUNK, index => state.keys.add(decided(index), T0));
  // Last: they are objects, and make the collections longer.
  time('orders', ORDERS, CHUNK, index => engine.restore(order(index), T0));
  const ids = { lastOrder: ORDERS, lastTrade: 0, lastWindow: 0, lastOffer: 0 };
  // The realm has lived for so long by then that all keys are too old.
  const livedMs = T0 + DEFAULT_RULES.keyRetentionMs;
  engine.resume({ sequence: ORDERS, atMs: T0, livedMs, ...ids });

  const audit = auditSteps(state);
  let broken: readonly string[] | null = null;
  time('audit', AUDIT_STEPS_MAX, 1, () => {
    if (broken !== null) return;
    const { done, value } = audit.next();
    if (done === true) broken = value;
  });
  if (broken === null) throw new Error('the audit takes more steps than it may');

  const slices = Math.ceil(ORDERS / DEFAULT_RULES.endsPerEntryMax);
  let endedMax = 0;
  time('expiry', slices, 1, () => {
    const tick = { command: 'tick', payload: null, player: '', key: null, digest: 0 } as const;
    const { output } = engine.apply({ ...tick, atMs: DUE_MS });
    endedMax = Math.max(endedMax, output.filter(({ kind }) => kind === 'order').length);
  });
  if (state.orders.size > 0) throw new Error(`${state.orders.size} orders did not expire`);
  const dayLaterMs = T0 + DEFAULT_RULES.keyRetentionMs;
  time('a day later', 10_000, CHUNK, index => {
    const payload = { player: `player-${index}`, asset: 'ore-1', quantity: 1 };
    const common = {
      player: 'game',
      key: testKey('later', T0 + index),
      digest: 1,
      atMs: dayLaterMs,
    } as const;
    const { outcome } = engine.apply({ command: 'wallet.burn', payload, ...common });
    if (outcome !== 'ok') throw new Error('a burn was refused');
  });
  const memoryMb = Math.round(process.memoryUsage.rss() / 2 ** 20);
  // Observers are told in turns of their own.
  await new Promise(resolve => setTimeout(resolve, TOLD_MS));
  const steps = Object.fromEntries(
    Object.entries(all).map(([what, times]) => [what, withoutPauses(times, pauses)]),
  );
  const pauseMs = Math.max(...pauses.map(({ fromMs, untilMs }) => untilMs - fromMs));
  const found: Longest = { steps, pauseMs, memoryMb, endedMax, slices, broken };
  console.log(JSON.stringify(found));
}

interface Pause {
  readonly fromMs: number;
  readonly untilMs: number;
}

interface Timed {
  readonly count: number;
  readonly usualMs: number;
  /** What took some milliseconds: from when to when, and how long the processor was busy. */
  readonly long: readonly (Pause & { readonly busyMs: number })[];
}

const LONG_MS = 1;

/** Does it `count` times, and times chunks of it. */
function timed(count: number, chunk: number, act: (index: number) => void): Timed {
  const times = new Float64Array(Math.ceil(count / chunk));
  const long: (Pause & { busyMs: number })[] = [];
  for (let start = 0; start < count; start += chunk) {
    const before = process.cpuUsage();
    const fromMs = performance.now();
    const end = Math.min(count, start + chunk);
    for (let index = start; index < end; index++) act(index);
    const { user, system } = process.cpuUsage(before);
    const untilMs = performance.now();
    const busyMs = (user + system) / 1_000;
    times[start / chunk] = Math.min(busyMs, untilMs - fromMs);
    if (times[start / chunk]! >= LONG_MS) long.push({ fromMs, untilMs, busyMs });
  }
  times.sort();
  return { count, usualMs: times[times.length >> 1] ?? 0, long };
}

function withoutPauses({ count, usualMs, long }: Timed, pauses: readonly Pause[]): Steps {
  let longestMs = usualMs;
  for (const { fromMs, untilMs, busyMs } of long) {
    const within = pauses.filter(pause => pause.fromMs >= fromMs && pause.untilMs <= untilMs);
    const pausedMs = within.reduce((sum, pause) => sum + pause.untilMs - pause.fromMs, 0);
    longestMs = Math.max(longestMs, Math.min(busyMs, untilMs - fromMs - pausedMs));
  }
  return { count, longestMs, usualMs };
}

/** What every realm has, ten items, and what the issuer owes for what the players will have. */
function begin(engine: Engine): void {
  const facts: Fact[] = [
    { kind: 'player', player: ISSUER, name: '$issuer' },
    { kind: 'player', player: HOUSE, name: '$house' },
    { kind: 'location', location: 0, name: 'main' },
  ];
  const rules = { currency: 0, tickSize: 1, lotSize: 1, minPrice: 1, maxPrice: 1e6 };
  for (let asset = 0; asset <= ITEMS; asset++) {
    const name = asset === 0 ? 'coins' : `ore-${asset}`;
    const itemKind = asset === 0 ? 'currency' : 'commodity';
    facts.push({
      ...{ kind: 'item', asset, name, itemKind, ...rules, halted: false, attributes: {} },
    });
    if (asset === 0) continue;
    const common = { owner: ISSUER, asset, location: 0, held: 0, opened: true } as const;
    facts.push({ kind: 'balance', account: asset - 1, available: -ORDERS, ...common });
  }
  for (const fact of facts) engine.restore(fact, T0);
}

/** A unit of each item for each of the first players; the last item is held by their listing. */
function balance(index: number): Fact {
  const asset = 1 + (index % ITEMS);
  const held = asset === ITEMS ? 1 : 0;
  const owner = FIRST + Math.floor(index / ITEMS);
  const place = { owner, asset, location: 0, opened: true } as const;
  return { kind: 'balance', account: ITEMS + index, available: 1 - held, held, ...place };
}

function order(index: number): OrderFact {
  return {
    kind: 'order',
    id: 1 + index,
    side: 'sell',
    player: FIRST + index,
    asset: ITEMS,
    location: 0,
    price: 1 + ((index * 7_919) % 50_000),
    quantity: 1,
    remaining: 1,
    held: 1,
    feeBps: 0,
    priority: 1 + index,
    timeInForce: 'gtd',
    postOnly: false,
    expiresAtMs: DUE_MS,
    createdAtMs: T0,
    status: 'open',
  };
}

function decided(index: number): DecidedFact {
  const player = FIRST + Math.floor(index / KEYS_PER_PLAYER);
  const body = { listing: index, status: 'open' };
  return {
    kind: 'decided',
    player,
    key: testKey('k', index),
    digest: index,
    ok: true,
    service: false,
    body,
  };
}
