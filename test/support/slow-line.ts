// A line as players have it: a network namespace whose only link has an MTU of 1500 and, where the
// kernel can, some delay and a bounded rate. Loopback has none of these, and hides what they bring
// out. It needs the right to make namespaces, which not every machine gives.

import { execFileSync, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { packageFolder } from '../../src/database/worker-file.ts';

export interface SlowLine {
  /** Where a server on this side is reached from the other one. */
  readonly host: string;
  /** Runs a module on the other side, in the folder of the package. */
  run(source: string): Promise<{ readonly code: number | null; readonly output: string }>;
}

const RATE = ['delay', '15ms', 'rate', '20mbit'];

/** Null when this machine does not let us make one. It is gone when the test is over. */
export function openSlowLine(): SlowLine | null {
  const number = process.pid % 16_000;
  const [name, here, there] = [`tp-${number}`, `tph${number}`, `tpt${number}`];
  const net = `10.213.${number >> 6}.${(number & 63) * 4}`.split('.');
  const address = (host: number) => [...net.slice(0, 3), Number(net[3]) + host].join('.');
  const ip = (...words: string[]) => execFileSync('ip', words, { stdio: 'pipe' });
  try {
    ip('netns', 'add', name);
  } catch {
    return null;
  }
  onTestFinished(() => {
    ip('netns', 'del', name);
  });
  ip('link', 'add', here, 'mtu', '1500', 'type', 'veth', 'peer', 'name', there, 'mtu', '1500');
  ip('link', 'set', there, 'netns', name);
  ip('addr', 'add', `${address(1)}/30`, 'dev', here);
  ip('link', 'set', here, 'up');
  ip('-n', name, 'addr', 'add', `${address(2)}/30`, 'dev', there);
  ip('-n', name, 'link', 'set', there, 'up');
  // Segments are to be cut to the MTU here, not by a device that is none.
  for (const feature of ['tso', 'gso']) perhaps('ethtool', '-K', here, feature, 'off');
  perhaps('tc', 'qdisc', 'add', 'dev', here, 'root', 'netem', ...RATE);
  const run: SlowLine['run'] = source =>
    new Promise(resolve => {
      const module = ['--input-type=module', '--eval', source];
      const child = spawn('ip', ['netns', 'exec', name, process.execPath, ...module], {
        cwd: packageFolder(),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (piece: string) => {
          output += piece;
        });
      }
      child.on('close', code => resolve({ code, output }));
    });
  return { host: address(1), run };
}

/** What this machine may not have: without it the line is only less slow. */
function perhaps(command: string, ...words: string[]): void {
  try {
    execFileSync(command, words, { stdio: 'pipe' });
  } catch {
    // Not there.
  }
}
