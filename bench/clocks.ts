// Processor time of all who share the machine, over the measured seconds.

import { cpuSeconds, cpuSecondsOf } from './processes.ts';
import type { Result } from './report.ts';
import type { Part } from './subject.ts';

type Used = Pick<Result, 'serverCpuSeconds' | 'clientCpuSeconds' | 'postgresCpuSeconds'>;

/** Seconds by process: server, client, Postgres, then the parts. */
type Reading = Readonly<Record<string, number | null>>;

const MICROSECONDS = 1e6;

/** One process that is the whole server. */
export function ofProcess(pid: number): readonly Part[] {
  return [{ name: 'server', pid, isServer: true }];
}

export class Clocks {
  readonly #parts: readonly Part[];
  #started: Reading = {};
  #stopped: Reading = {};

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  start(): void {
    this.#started = this.#read();
  }

  stop(): void {
    this.#stopped = this.#read();
  }

  used(): Used {
    let server: number | null = 0;
    for (const { name, isServer } of this.#parts) {
      if (!isServer) continue;
      const seconds = this.#difference(name);
      server = server === null || seconds === null ? null : server + seconds;
    }
    return {
      serverCpuSeconds: rounded(server),
      clientCpuSeconds: rounded(this.#difference('client')),
      postgresCpuSeconds: rounded(this.#difference('Postgres')),
    };
  }

  /** Where the time goes when the server has several parts: processor seconds of each. */
  usedByParts(): Record<string, number> {
    const figures: Record<string, number> = {};
    if (this.#parts.length < 2) return figures;
    for (const { name } of this.#parts) {
      figures[`${name}CpuSeconds`] = rounded(this.#difference(name)) ?? 0;
    }
    return figures;
  }

  perCommand(commands: number): Record<string, number> {
    const { serverCpuSeconds, clientCpuSeconds } = this.used();
    const micros = (seconds: number | null) =>
      seconds === null || commands === 0
        ? 0
        : Math.round((seconds / commands) * 10 * MICROSECONDS) / 10;
    return {
      serverMicrosPerCommand: micros(serverCpuSeconds),
      clientMicrosPerCommand: micros(clientCpuSeconds),
    };
  }

  #difference(name: string): number | null {
    const [from, to] = [this.#started[name], this.#stopped[name]];
    return from == null || to == null ? null : to - from;
  }

  #read(): Reading {
    const reading: Record<string, number | null> = {
      client: cpuSeconds(process.pid),
      Postgres: cpuSecondsOf('postgres'),
    };
    for (const { name, pid } of this.#parts) reading[name] = cpuSeconds(pid);
    return reading;
  }
}

function rounded(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 100) / 100;
}
