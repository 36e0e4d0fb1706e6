// What a scenario found, for people and for programs.

import type { DatabaseKind } from './bench-realm.ts';

export interface Result {
  readonly scenario: string;
  /** Null: no database takes part. */
  readonly database: DatabaseKind | null;
  readonly sockets: number;
  readonly inFlight: number;
  /** Open loop only. */
  readonly offeredPerSecond: number | null;
  readonly seconds: number;
  /** Commands answered `ok` in that time. */
  readonly commands: number;
  readonly commandsPerSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  readonly rejected: number;
  readonly audit: 'ok' | 'FAILED' | null;
  readonly serverCpuSeconds: number | null;
  readonly clientCpuSeconds: number | null;
  readonly postgresCpuSeconds: number | null;
  /** From the last answer until the tables had caught up. */
  readonly drainMs: number | null;
  /** What else this scenario measures. */
  readonly more?: Readonly<Record<string, number | string>>;
}

export const NOTHING: Omit<Result, 'scenario'> = Object.freeze({
  database: null,
  sockets: 0,
  inFlight: 0,
  offeredPerSecond: null,
  seconds: 0,
  commands: 0,
  commandsPerSecond: 0,
  p50Ms: null,
  p99Ms: null,
  p999Ms: null,
  rejected: 0,
  audit: null,
  serverCpuSeconds: null,
  clientCpuSeconds: null,
  postgresCpuSeconds: null,
  drainMs: null,
});

/** A result as one line of JSON, its further figures beside the others. */
export function asLine({ more, ...result }: Result): string {
  return JSON.stringify({ ...result, ...more });
}

/** A result as a block of text. */
export function asBlock(result: Result): string {
  const { more = {}, ...figures } = result;
  const rows: [string, string][] = [];
  for (const [name, value] of Object.entries({ ...figures, ...more })) {
    if (value === null || name === 'scenario') continue;
    rows.push([name, typeof value === 'number' ? readable(value) : value]);
  }
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return [result.scenario, ...lines].join('\n');
}

export function readable(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 2 : 0 });
}

/** A result with how many times the peer's rate it reached. */
export function besidePeer(own: Result, peer: Result): Result {
  const ratio = own.commandsPerSecond / peer.commandsPerSecond;
  return { ...own, more: { ...own.more, timesThePeer: Math.round(ratio * 10) / 10 } };
}
