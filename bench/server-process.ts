// The server under test: the real one, built, as a process of its own, with a realm that nobody
// else uses and that is dropped afterwards.

import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchRealm, type DatabaseKind, MAIN } from './bench-realm.ts';
import { residentBytes } from './processes.ts';
import type { Part, Subject } from './subject.ts';

const START_MS = 120_000;
const CATCH_UP_MS = 120_000;

const started = new Set<{ remove(): Promise<void> }>();

/** When the bench is interrupted: leaves nothing behind. */
export async function removeServers(): Promise<void> {
  await Promise.all([...started].map(server => server.remove()));
}

/** To be removed when the bench is interrupted, until the function returned is called. */
export function removeLater(server: { remove(): Promise<void> }): () => void {
  started.add(server);
  return () => started.delete(server);
}

export class ServerProcess implements Subject {
  readonly realm: BenchRealm;
  port = 0;
  readonly #profile: string | null;
  readonly #forget = removeLater(this);
  #child: ChildProcess | null = null;

  /** With a folder the processor profile of each run of the server goes there when it stops. */
  constructor(database: DatabaseKind, profile: string | null, more: NodeJS.ProcessEnv = {}) {
    this.realm = new BenchRealm(database, more);
    this.#profile = profile;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  get ports(): readonly number[] {
    return [this.port];
  }

  get parts(): readonly Part[] {
    return [{ name: 'server', pid: this.pid, isServer: true }];
  }

  get rssBytes(): number | null {
    return residentBytes(this.pid);
  }

  /** Starts it; resolves when it listens. */
  async start(withinMs = START_MS): Promise<void> {
    this.#child = launch(this.realm.environment, this.#profile);
    this.port = await listening(this.#child, withinMs);
  }

  token(player: string, role: 'service' | 'standard' = 'service'): Promise<string> {
    return this.realm.token(player, role);
  }

  /** Milliseconds until the tables have caught up with the journal. */
  async drain(): Promise<number> {
    const startedMs = performance.now();
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/ready`);
      const { projectionLagMs } = (await answer.json()) as { projectionLagMs: number };
      const waitedMs = performance.now() - startedMs;
      if (projectionLagMs === 0) return Math.round(waitedMs);
      if (waitedMs > CATCH_UP_MS) throw new Error('The tables do not catch up with the journal.');
      await sleep(5);
    }
  }

  /** Ends it, by default in an orderly way; resolves when it is gone. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child !== null) await end(child, signal);
  }

  audit(): Promise<boolean> {
    return this.realm.audit();
  }

  /** Asks the stopped server's tables. */
  ask(sql: string): Promise<number> {
    return this.realm.ask(sql);
  }

  /** Stops it and removes everything it kept. */
  async remove(): Promise<void> {
    this.#forget();
    await this.stop('SIGKILL');
    await this.realm.remove();
  }
}

/** Starts a server; with a folder its processor profile goes there when it stops. */
export function launch(environment: NodeJS.ProcessEnv, profile: string | null): ChildProcess {
  const flags = profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  return spawn(process.execPath, [...flags, MAIN, 'start'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Resolves when it is gone. */
export async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise(resolve => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** The port in the lines that the server prints when it listens. */
export function listening(child: ChildProcess, withinMs = START_MS): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error('The server does not start.')), withinMs);
    child.once('exit', code => reject(new Error(`The server ended with code ${code}.`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const port = /ws:\/\/[^\s:]+:(\d+)\S*\n/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}
