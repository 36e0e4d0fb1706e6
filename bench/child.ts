// A peer's server: a script of bench/peers in a process of its own, which prints the address it
// listens at and ends when its parent goes.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { listening } from './server-process.ts';

export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly port: number;
}

/** Starts `peers/<name>.js`; resolves when it listens. */
export async function startPeer(name: string, args: readonly string[] = []): Promise<Child> {
  const file = fileURLToPath(new URL(`./peers/${name}.js`, import.meta.url));
  const child = fork(file, [...args], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const port = await listening(child);
  return { process: child, pid: child.pid ?? -1, port };
}

export async function stopPeer(child: Child): Promise<void> {
  const gone = new Promise(resolve => child.process.once('exit', resolve));
  child.process.kill('SIGKILL');
  await gone;
}
