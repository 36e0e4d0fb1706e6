// The command line: start, token, audit, repair, identity, demo, cluster, and what its exit codes
// mean. Errors that an operator can mend are said in one sentence; anything else is a bug and shows
// its stack.

import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { role as roleSchema } from '../protocol/commands/session.ts';
import { createLog } from './base/log.ts';
import { type Config, readConfig } from './config.ts';
import { hurriedWindows } from './config-rules.ts';
import { ConfigError } from './config-values.ts';
import { FolderHeldError } from './database/folder.ts';
import { RealmHeldError } from './database/realm-hold.ts';
import { ListenError } from './gateway/listening.ts';
import { signToken } from './gateway/token.ts';
import { signingSecret } from './identity.ts';
import { DeposedError } from './journal/journal.ts';
import { type ClusterNode, startNode } from './node.ts';
import { renewIdentity, settleIdentity } from './realm-identity.ts';
import { type Server, startServer } from './server.ts';
import { openStore } from './store.ts';

const USAGE = `tradepost <command>

  start [--takeover]             run the server; the environment configures it (README.md)
                                 --takeover: take the realm from a server that lives
  token <player> [--role R]      print a token for development
        [--expires SECONDS]      R: guest, standard, premium or service
  audit                          check every invariant of the database, offline
  repair --quarantine            settle what the tables could not take, offline; --help says more
  identity [--new]               print who the realm is in Redis, or give it a new identity and
                                 secret; nodes that run end by themselves
  demo [market | trade]          play a market day, or trades face to face and their scams,
                                 against a server of its own
  cluster [--nodes 3]            several nodes on this machine, to look at and to break
          [--port 7777]          the port of the first one; 0 takes free ones
`;

/** What a supervisor may go by; the README lists them too. */
const EXITS = {
  /** It was asked to stop, and everything is kept. */
  stopped: 0,
  /** Something must be mended: a setting, the database, a damage. The last line says what. */
  failed: 1,
  /** There is no such command. */
  usage: 2,
  /** Another server was given the realm. Start again only if that one goes. */
  deposed: 3,
  /** A living server has the realm, or its data folder. Nothing was claimed. */
  held: 4,
  /** The port cannot be had. Nothing else was touched. */
  port: 5,
  /** A second Ctrl-C did not wait for the end. */
  interrupted: 130,
} as const;

const TOKEN_LIFE_SECONDS = 24 * 60 * 60;

async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args;
  switch (command) {
    case 'start':
      return start(readConfig(process.env), rest);
    case 'token':
      return token(readConfig(process.env), rest);
    case 'audit':
      return (await import('./audit.ts')).runAudit(readConfig(process.env));
    case 'repair':
      return (await import('./repair.ts')).runRepair(readConfig(process.env), rest);
    case 'identity':
      return identity(readConfig(process.env), rest);
    case 'demo':
      return (await import('./demo/main.ts')).runDemo(rest);
    case 'cluster':
      return (await import('./cluster-trial.ts')).runTrial(process.env, rest);
    default:
      process.stderr.write(USAGE);
      process.exitCode = EXITS.usage;
  }
}

async function start(config: Config, args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { takeover: { type: 'boolean' } } });
  const { takeover = false } = values;
  // Decision 47: what waits for its commit is not long-lived, however it looks to the collector.
  setFlagsFromString('--no-allocation-site-pretenuring');
  const log = createLog(config.logLevel);
  const failed = (message: string, code: number) => {
    process.stderr.write(`${message}\n`);
    process.exit(code);
  };
  // What has begun to start has acknowledged nothing, and ends at once.
  let stop = async () => {};
  stopOnSignal(() => stop());
  if (config.redisUrl !== null) {
    const node = await startNode({
      config: { ...config, redisUrl: config.redisUrl },
      log,
      takeover,
      failed: message => failed(message, EXITS.failed),
    });
    process.stdout.write(nodeBanner(config, node));
    stop = () => node.stop();
    return;
  }
  const server = await startServer({
    config,
    log,
    takeover,
    failed: (message, why) => failed(message, why === 'deposed' ? EXITS.deposed : EXITS.failed),
  });
  process.stdout.write(banner(config, server));
  stop = () => server.stop();
}

function stopOnSignal(stop: () => Promise<void>): void {
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(EXITS.interrupted);
      isStopping = true;
      process.stdout.write('Stopping: no new commands; the last batch becomes durable.\n');
      stop().then(
        () => {
          process.stdout.write('Stopped. Everything that was acknowledged is kept.\n');
          process.exit(EXITS.stopped);
        },
        error => {
          process.stderr.write(`Stopping failed: ${String(error)}\n`);
          process.exit(EXITS.failed);
        },
      );
    });
  }
}

function nodeBanner(config: Config, node: ClusterNode): string {
  const seconds = (node.startedInMs / 1000).toFixed(1);
  const lines = [
    `Tradepost node ${node.name} of the realm "${config.realm}", started in ${seconds} s.`,
    `  role      ${config.nodeRole}`,
    `  sockets   ws://${config.host}:${node.port}/ws`,
    `  pages     http://${config.host}:${node.port}/health /ready`,
    `  operators http://${config.ops.host}:${node.opsPort}/health /ready /metrics`,
    `  data      ${node.store.description}`,
    ...node.store.warnings.map(warning => `  warning   ${warning}`),
    '  stop      Ctrl-C',
  ];
  return `${lines.join('\n')}\n`;
}

function banner(config: Config, server: Server): string {
  const { store } = server;
  const seconds = (server.startedInMs / 1000).toFixed(1);
  const tokens =
    config.jwksUrl === null
      ? 'npm run token -- alice [--role service]'
      : `from the provider of ${config.jwksUrl}`;
  const hurried = hurriedWindows(config.rules.direct);
  const warnings = hurried === null ? store.warnings : [...store.warnings, hurried];
  const lines = [
    `Tradepost leads the realm "${config.realm}" (epoch ${server.epoch}), started in ${seconds} s.`,
    `  sockets   ws://${config.host}:${server.port}/ws`,
    `  pages     http://${config.host}:${server.port}/health /ready`,
    `  operators http://${config.ops.host}:${server.opsPort}/health /ready /metrics`,
    `  data      ${store.description.replaceAll('. ', '.\n            ')}`,
    `  tokens    ${tokens}`,
    ...warnings.map(warning => `  warning   ${warning}`),
    '  stop      Ctrl-C',
  ];
  return `${lines.join('\n')}\n`;
}

async function identity(config: Config, args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { new: { type: 'boolean' } } });
  const log = createLog(config.logLevel);
  const store = await openStore(config, log);
  try {
    const { database } = store;
    const isNew = values.new === true;
    const { identity } = await (isNew ? renewIdentity(database) : settleIdentity(database, log));
    process.stdout.write(`${identity}\n`);
  } finally {
    await store.close();
  }
}

async function token(config: Config, args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { role: { type: 'string' }, expires: { type: 'string' } },
  });
  const [player] = positionals;
  if (player === undefined || positionals.length > 1) {
    throw new ConfigError('token needs one player: npm run token -- alice [--role service]');
  }
  const role = roleSchema.safeParse(values.role ?? 'standard');
  if (!role.success) {
    throw new ConfigError(`--role ${values.role}: expected ${roleSchema.options.join(', ')}.`);
  }
  const expiresInSeconds = Number(values.expires ?? TOKEN_LIFE_SECONDS);
  if (!Number.isSafeInteger(expiresInSeconds) || expiresInSeconds < 1) {
    throw new ConfigError(`--expires ${values.expires}: expected a number of seconds.`);
  }
  if (expiresInSeconds > config.tokenHoursMax * 3_600) {
    throw new ConfigError(
      `--expires ${values.expires ?? expiresInSeconds}: a token lives ${config.tokenHoursMax} ` +
        'hours at most: set TOKEN_HOURS_MAX.',
    );
  }
  if (config.isProduction) {
    throw new ConfigError('Tokens for development are not made with NODE_ENV=production.');
  }
  const claims = {
    player,
    role: role.data,
    expiresInSeconds,
    ...(config.jwtIssuer === null ? {} : { issuer: config.jwtIssuer }),
    ...(config.jwtAudience === null ? {} : { audience: config.jwtAudience }),
  };
  process.stdout.write(`${await signToken(await signingSecret(config), claims)}\n`);
}

/** Errors whose message says all that an operator needs. */
function isForOperator(error: unknown): error is Error {
  if (error instanceof ConfigError || error instanceof RangeError) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('ERR_PARSE_ARGS')) return true;
  return error instanceof Error && error.name.endsWith('Error') && error.name !== 'Error'
    ? !['TypeError', 'ReferenceError', 'InvariantError', 'SyntaxError'].includes(error.name)
    : error instanceof Error;
}

function exitOf(error: unknown): number {
  if (error instanceof DeposedError) return EXITS.deposed;
  if (error instanceof RealmHeldError || error instanceof FolderHeldError) return EXITS.held;
  return error instanceof ListenError ? EXITS.port : EXITS.failed;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const text = isForOperator(error) ? error.message : (error as Error).stack;
  process.stderr.write(`${text}\n`);
  process.exit(exitOf(error));
});
