// The real server as a child process, for tests that kill, freeze and race it: the compiled command
// line with an environment of its own and nothing of ours. What it prints is kept. Every child is
// gone when its test is over, and at the latest when this process is.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Role } from '../../protocol/commands/session.ts';
import { packageFolder } from '../../src/database/worker-file.ts';
import { signToken } from '../../src/gateway/token.ts';

export const PROCESS_SECRET = 'a secret of the fault tests, more than thirty-two bytes';

export type Environment = Readonly<Record<string, string>>;

/** Rules of windows under which nobody waits before he accepts or confirms. */
export const NO_WAITING: Environment = {
  WINDOW_ARM_ADDED_MS: '0',
  WINDOW_ARM_TAKEN_MS: '0',
  WINDOW_ARM_ACCEPTED_MS: '0',
  WINDOW_REVIEW_MS: '0',
  WINDOW_AWAY_AFTER_MS: '0',
};

/** What ends a server, as its exit code says it; see the README. */
export const EXIT = { failed: 1, deposed: 3, held: 4, port: 5 } as const;

/** The arguments of a start that takes the realm from a living server. */
export const TAKEOVER = ['start', '--takeover'] as const;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const READY_MS = 20_000;
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

export class ServerProcess {
  /** Resolves when the process has ended, by whatever. */
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  #output = '';
  #ended: Exit | null = null;

  /** Runs `tradepost <args>`. It may only just have begun, see {@link ready}. */
  constructor(environment: Environment, args: readonly string[] = ['start']) {
    const main = join(packageFolder(), 'dist', 'src', 'main.js');
    const child = spawn(process.execPath, ['--enable-source-maps', main, ...args], {
      env: {
        PATH: process.env.PATH ?? '',
        PORT: '0',
        LOG_LEVEL: 'warn',
        JWT_SECRET: PROCESS_SECRET,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    living.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    this.exit = new Promise(resolve => {
      child.on('close', (code, signal) => {
        living.delete(child);
        this.#ended = { code, signal };
        resolve(this.#ended);
      });
    });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await this.exit;
    });
  }

  /** A server that listens. Rejects with its output when it ends instead. */
  static async start(
    environment: Environment,
    args: readonly string[] = ['start'],
  ): Promise<ServerProcess> {
    const server = new ServerProcess(environment, args);
    await server.ready();
    return server;
  }

  /** Resolves when it listens. */
  async ready(): Promise<void> {
    await this.until(() => this.#banner() !== null, 'listen', READY_MS);
  }

  /** Waits until `holds`; rejects when the process ends before, or when it takes too long. */
  async until(holds: () => boolean, what: string, timeoutMs: number): Promise<void> {
    const endsAtMs = performance.now() + timeoutMs;
    while (!holds()) {
      if (this.#ended !== null) throw new Error(`It ended and did not ${what}:\n${this.#output}`);
      if (performance.now() > endsAtMs) throw new Error(`It did not ${what}:\n${this.#output}`);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  get hasEnded(): boolean {
    return this.#ended !== null;
  }

  get output(): string {
    return this.#output;
  }

  get port(): number {
    return this.#listening().port;
  }

  get opsPort(): number {
    return this.#listening().opsPort;
  }

  get epoch(): number {
    return this.#listening().epoch;
  }

  /** Sends a signal; with SIGKILL nothing of the process runs any more. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(name: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.signal(name);
    return this.exit;
  }

  /** What `GET path` answers; /metrics where operators see it, and never as of before the call. */
  async page(path: string): Promise<{ status: number; text: string }> {
    const { port, opsPort } = this.#listening();
    return pageOf(path === '/metrics' ? opsPort : port, path);
  }

  #banner(): { epoch: number; port: number; opsPort: number } | null {
    const opsPort = opsPortOf(this.#output);
    const epoch = /leads the realm "[^"]*" \(epoch (\d+)\)/.exec(this.#output)?.[1];
    const port = /sockets +ws:\/\/[^:]+:(\d+)\/ws/.exec(this.#output)?.[1];
    return epoch === undefined || port === undefined || opsPort === null
      ? null
      : { epoch: Number(epoch), port: Number(port), opsPort };
  }

  #listening(): { epoch: number; port: number; opsPort: number } {
    const banner = this.#banner();
    if (banner === null) throw new Error(`It does not listen:\n${this.#output}`);
    return banner;
  }
}

/** The port of the operators, as the process prints it. */
export function opsPortOf(output: string): number | null {
  const port = /operators +http:\/\/[^:]+:(\d+)\//.exec(output)?.[1];
  return port === undefined ? null : Number(port);
}

/** When the metrics at a port were read last. */
const scraped = new Map<number, number>();
/** Metrics are shown for a second: see src/gateway/http.ts. */
const SCRAPE_MS = 1_050;

/** What `GET path` answers at this port. */
export async function pageOf(
  port: number,
  path: string,
): Promise<{ status: number; text: string }> {
  if (path === '/metrics') {
    const waitMs = (scraped.get(port) ?? Number.NEGATIVE_INFINITY) + SCRAPE_MS - performance.now();
    if (waitMs > 0) await new Promise(resolve => setTimeout(resolve, waitMs));
    scraped.set(port, performance.now());
  }
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
}

/** A token that the children accept. */
export function processToken(player: string, role: Role = 'service'): Promise<string> {
  return signToken(PROCESS_SECRET, { player, role, expiresInSeconds: 3_600 });
}

/** A folder that is removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tradepost-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
