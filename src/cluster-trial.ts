// `npm run cluster`: a cluster of several nodes on this machine, to look at and to break. Its nodes
// are ordinary servers, each a process of its own. It tells who leads, when that changes, and when
// a node dies; it starts none of them again.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findPostgres, findRedis, type TrialServer } from './cluster-trial-servers.ts';
import { ConfigError, type Environment, integer } from './config-values.ts';
import { packageFolder } from './database/worker-file.ts';

const NODES_MAX = 16;
const LOOK_MS = 200;
/** Unless one is configured: a realm of its own, not that of a game on the same database. */
const REALM = 'trial';
const LAST_WORDS = 6;

interface Node {
  readonly name: string;
  readonly child: ChildProcess;
  readonly exit: Promise<void>;
  /** Null until it listens. */
  port: number | null;
  /** Where its metrics are. */
  opsPort: number | null;
  output: string;
  hasEnded: boolean;
}

type Say = (line: string) => void;

/**
 * Runs until it is interrupted, or no node is left.
 * @throws {ConfigError} with what is missing or wrong.
 */
export async function runTrial(env: Environment, args: readonly string[]): Promise<void> {
  const { nodes: count, port } = options(args);
  const folder = await mkdtemp(join(tmpdir(), 'tradepost-cluster-'));
  const servers: TrialServer[] = [];
  const nodes: Node[] = [];
  let interrupt = () => {};
  const interrupted = new Promise<void>(resolve => {
    interrupt = resolve;
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  process.on('exit', () => {
    for (const { child } of nodes) child.kill('SIGKILL');
  });
  const say: Say = line => void process.stdout.write(`${line}\n`);
  try {
    const postgres = await findPostgres(env, folder);
    servers.push(postgres);
    const redis = await findRedis(env, folder);
    servers.push(redis);
    say(`Postgres  ${postgres.description}`);
    say(`Redis     ${redis.description}`);
    const addresses = { DATABASE_URL: postgres.url, REDIS_URL: redis.url };
    const began = performance.now();
    for (let index = 0; index < count; index++) {
      const ports = { PORT: `${port === 0 ? 0 : port + index}`, OPS_PORT: '0' };
      const own = { NODE_NAME: `node-${index + 1}`, ...ports };
      nodes.push(startNode({ REALM, LOG_LEVEL: 'warn', ...env, ...addresses, ...own }));
    }
    await Promise.race([Promise.all(nodes.map(listening)), interrupted]);
    if (nodes.every(({ port }) => port !== null)) introduce(nodes, say);
    const tell: Say = line => {
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      say(`${seconds.padStart(6)} s  ${line}`);
    };
    for (const node of nodes) void node.exit.then(() => tell(`${node.name} has ended`));
    const allEnded = Promise.all(nodes.map(({ exit }) => exit)).then(() => {});
    const watching = watch(nodes, tell);
    await Promise.race([interrupted, allEnded]);
    clearInterval(watching);
  } finally {
    for (const { child } of nodes) child.kill('SIGTERM');
    await Promise.all(nodes.map(({ exit }) => exit));
    for (const server of servers) await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  say('Stopped.');
}

function options(args: readonly string[]): { nodes: number; port: number } {
  const { values } = parseArgs({
    args: [...args],
    options: { nodes: { type: 'string' }, port: { type: 'string' } },
  });
  return {
    nodes: integer({ '--nodes': values.nodes }, '--nodes', 3, 1, NODES_MAX),
    port: integer({ '--port': values.port }, '--port', 7777, 0, 65_535 - NODES_MAX),
  };
}

function startNode(env: Record<string, string | undefined>): Node {
  const main = join(packageFolder(), 'dist', 'src', 'main.js');
  // A group of its own: Ctrl-C is for us, and nodes stop when we say so.
  const child = spawn(process.execPath, ['--enable-source-maps', main, 'start'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const exit = new Promise<void>(resolve => {
    child.once('close', () => {
      node.hasEnded = true;
      resolve();
    });
  });
  const name = env.NODE_NAME ?? '';
  const node: Node = { name, child, exit, port: null, opsPort: null, output: '', hasEnded: false };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      node.output = (node.output + piece).split('\n').slice(-50).join('\n');
      const port = /sockets +ws:\/\/[^:]+:(\d+)\/ws/.exec(node.output)?.[1];
      const opsPort = /operators +http:\/\/[^:]+:(\d+)\//.exec(node.output)?.[1];
      if (port === undefined || opsPort === undefined) return;
      node.port = Number(port);
      node.opsPort = Number(opsPort);
    });
  }
  return node;
}

/** @throws {ConfigError} with its last words, when it ends instead. */
async function listening(node: Node): Promise<void> {
  while (node.port === null) {
    if (node.hasEnded) {
      const words = node.output.trim().split('\n').slice(-LAST_WORDS).join('\n');
      throw new ConfigError(`${node.name} did not start:\n${words}`);
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function introduce(nodes: readonly Node[], say: Say): void {
  for (const { name, port, child } of nodes) {
    if (port === null) continue;
    const address = `127.0.0.1:${port}`;
    say(`${name.padEnd(10)}ws://${address}/ws  http://${address}/ready  process ${child.pid}`);
  }
  say('tokens    npm run token -- alice [--role service]');
  say('try       kill -9 of the process that leads; clients come back by themselves');
  say('stop      Ctrl-C');
  say('');
}

/** Looks at the metrics of every node, and tells who leads whenever that is somebody else. */
function watch(nodes: readonly Node[], tell: Say): NodeJS.Timeout {
  let told = '';
  let isLooking = false;
  const look = async () => {
    const all = await Promise.all(nodes.map(leads));
    const leading = all.filter(one => one !== null).sort((a, b) => b.epoch - a.epoch)[0];
    const found =
      leading === undefined ? 'nobody leads' : `${leading.name} leads, epoch ${leading.epoch}`;
    if (found !== told && !(told === '' && leading === undefined)) tell(found);
    if (leading !== undefined || told !== '') told = found;
  };
  return setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => {
      isLooking = false;
    });
  }, LOOK_MS);
}

/** The epoch of a node that leads; null when it does not, or does not answer. */
async function leads({
  name,
  opsPort,
  hasEnded,
}: Node): Promise<{ name: string; epoch: number } | null> {
  if (opsPort === null || hasEnded) return null;
  try {
    const page = await fetch(`http://127.0.0.1:${opsPort}/metrics`, {
      signal: AbortSignal.timeout(1_000),
    });
    const metrics = await page.text();
    if (!/^tradepost_leading 1$/m.test(metrics)) return null;
    return { name, epoch: Number(/^tradepost_epoch (\d+)$/m.exec(metrics)?.[1]) };
  } catch {
    return null;
  }
}
