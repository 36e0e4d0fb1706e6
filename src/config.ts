// The environment, read once into one frozen object; nothing else reads process.env. Whatever is
// wrong is said with the name of the variable, its value and what is expected, before anything
// starts. Bounds that belong to the protocol are in protocol/limits.ts; the gateway's own defaults
// and their meaning in gateway/config.ts; the variables of the realm's rules in config-rules.ts,
// those of tokens in config-tokens.ts, of addresses and operators in config-door.ts.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { AMOUNT_LOCALES, type AmountLocale } from './base/amount-text.ts';
import type { LogLevel } from './base/log.ts';
import { isLoopback, parseRedisUrl } from './cluster/redis-url.ts';
import { type OpsAddress, readDoor, readOps } from './config-door.ts';
import { readRules } from './config-rules.ts';
import { readTokens, type TokenConfig } from './config-tokens.ts';
import { ConfigError, type Environment, integer, matching, oneOf, text } from './config-values.ts';
import type { Rules } from './engine/rules.ts';
import {
  DEFAULT_GATEWAY_CONFIG,
  DEFAULT_TIER_LIMITS,
  type GatewayConfig,
  type TierLimit,
} from './gateway/config.ts';

export const NODE_ROLES = ['all', 'gateway', 'engine'] as const;
export type NodeRole = (typeof NODE_ROLES)[number];

export interface Config extends TokenConfig {
  readonly isProduction: boolean;
  readonly host: string;
  readonly port: number;
  /** Where /metrics is, away from the players. */
  readonly ops: OpsAddress;
  /** The name of the economy; its tables are in the Postgres schema `realm_<name>`. */
  readonly realm: string;
  /** Null: the embedded database in `folder`. */
  readonly databaseUrl: string | null;
  /** Null: one process, no cluster. */
  readonly redisUrl: string | null;
  /**
   * Whether a node takes from Redis only what is signed with the secret of the realm's database.
   */
  readonly redisSign: boolean;
  /** What a node of a cluster does: sockets and reads, leading when it is its turn, or both. */
  readonly nodeRole: NodeRole;
  /** Names this process among the nodes; another one at each start. */
  readonly nodeName: string;
  /** How long a silent leader keeps its lease. */
  readonly leaseMs: number;
  /** Where the embedded database and the development secret lie. Absolute. */
  readonly folder: string;
  readonly logLevel: LogLevel;
  readonly rules: Rules;
  /** The language of the words of an amount in a manifest. */
  readonly amountWordsLocale: AmountLocale;
  readonly gateway: GatewayConfig;
  /** The shortest time between two flushes of the public feed. */
  readonly feedIntervalMs: number;
  /** How long the projector may hold back when nobody waits, so that it writes rows once. */
  readonly projectionIntervalMs: number;
  /** A lag beyond it is answered with SERVICE_UNAVAILABLE before anything is executed. */
  readonly projectionLagMaxMs: number;
  /** Projected journal rows are kept for this long. */
  readonly journalRetentionMs: number;
  /** Commands that may wait while an append is in flight, and their bytes. */
  readonly waitingEntriesMax: number;
  readonly waitingBytesMax: number;
  /** Replies that are later than this say `unknown`. */
  readonly replyTimeoutMs: number;
  /** How long a start waits for a Postgres or a Redis that is away. */
  readonly startWaitMs: number;
  /** A clock that jumps ahead by more is doubted, and commands are refused. */
  readonly clockJumpMaxMs: number;
  /** How long the jump must last before it is believed. */
  readonly clockConfirmMs: number;
}

const MINUTE_MS = 60_000;
const MEGABYTE = 1024 * 1024;

export function readConfig(env: Environment): Config {
  const isProduction = env.NODE_ENV === 'production';
  const databaseUrl = text(env, 'DATABASE_URL');
  const tokens = readTokens(env, isProduction);
  if (isProduction && databaseUrl === null) {
    throw new ConfigError(
      'NODE_ENV=production needs DATABASE_URL: the embedded database does not survive a loss ' +
        'of power.',
    );
  }
  const port = integer(env, 'PORT', 7777, 0, 65_535);
  const url = redisUrl(env);
  // Nobody but this machine reaches it.
  const isNear = url !== null && isLoopback(url);
  return Object.freeze({
    isProduction,
    host: text(env, 'HOST') ?? '127.0.0.1',
    port,
    ops: readOps(env, port),
    realm: matching(env, 'REALM', 'main', /^[a-z][a-z0-9_]{0,40}$/, 'a-z, 0-9 and _'),
    databaseUrl,
    redisUrl: url,
    redisSign: oneOf(env, 'REDIS_SIGN', isNear ? '0' : '1', ['0', '1']) === '1',
    nodeRole: oneOf(env, 'NODE_ROLE', 'all', NODE_ROLES),
    nodeName: nodeName(env),
    leaseMs: integer(env, 'LEASE_MS', 2_000, 200, MINUTE_MS),
    folder: folder(env),
    logLevel: oneOf(env, 'LOG_LEVEL', 'info', ['silent', 'error', 'warn', 'info', 'debug']),
    ...tokens,
    rules: readRules(env, isProduction),
    amountWordsLocale: oneOf(env, 'AMOUNT_WORDS_LOCALE', 'en-US', AMOUNT_LOCALES),
    gateway: readGateway(env, isProduction),
    feedIntervalMs: integer(env, 'FEED_INTERVAL_MS', 10, 1, 1_000),
    projectionIntervalMs: integer(env, 'PROJECTION_INTERVAL_MS', 100, 0, 10_000),
    projectionLagMaxMs: integer(env, 'PROJECTION_LAG_MAX_MS', 10_000, 100, 10 * MINUTE_MS),
    journalRetentionMs: integer(env, 'JOURNAL_RETENTION_MS', 60 * MINUTE_MS, MINUTE_MS),
    waitingEntriesMax: integer(env, 'WAITING_ENTRIES_MAX', 20_000, 1, 1_000_000),
    waitingBytesMax: integer(env, 'WAITING_BYTES_MAX', 16 * MEGABYTE, MEGABYTE, 256 * MEGABYTE),
    replyTimeoutMs: integer(env, 'REPLY_TIMEOUT_MS', 10_000, 100, 10 * MINUTE_MS),
    startWaitMs: integer(env, 'START_WAIT_MS', MINUTE_MS, 0, 24 * 60 * MINUTE_MS),
    clockJumpMaxMs: integer(env, 'CLOCK_JUMP_MAX_MS', MINUTE_MS, 5_000, 60 * MINUTE_MS),
    clockConfirmMs: integer(env, 'CLOCK_CONFIRM_MS', 10_000, 1_000, 10 * MINUTE_MS),
  });
}

function nodeName(env: Environment): string {
  const host = hostname().replace(/[^\w.-]/g, '-');
  const name = matching(env, 'NODE_NAME', host, /^[\w.-]{1,255}$/, 'letters, digits, _ . -');
  return `${name}-${randomBytes(4).toString('hex')}`;
}

function redisUrl(env: Environment): string | null {
  const url = text(env, 'REDIS_URL');
  try {
    if (url !== null) parseRedisUrl(url);
  } catch (error) {
    // It does not show the value, which may have a password in it.
    throw new ConfigError(`REDIS_URL: ${(error as Error).message}`);
  }
  return url;
}

function readGateway(env: Environment, isProduction: boolean): GatewayConfig {
  const defaults = DEFAULT_GATEWAY_CONFIG;
  const origins = text(env, 'ALLOWED_ORIGINS');
  return Object.freeze({
    ...defaults,
    ...readDoor(env, isProduction),
    limits: Object.freeze({
      guest: tier(env, 'RATE_GUEST', DEFAULT_TIER_LIMITS.guest),
      standard: tier(env, 'RATE_STANDARD', DEFAULT_TIER_LIMITS.standard),
      premium: tier(env, 'RATE_PREMIUM', DEFAULT_TIER_LIMITS.premium),
      service: tier(env, 'RATE_SERVICE', DEFAULT_TIER_LIMITS.service),
    }),
    socketsPerPlayerMax: integer(
      env,
      'SOCKETS_PER_PLAYER_MAX',
      defaults.socketsPerPlayerMax,
      1,
      1_000,
    ),
    subscriptionsPerSocketMax: integer(
      env,
      'SUBSCRIPTIONS_PER_SOCKET_MAX',
      defaults.subscriptionsPerSocketMax,
      1,
      10_000,
    ),
    socketsMax: integer(env, 'SOCKETS_MAX', defaults.socketsMax, 1, 1_000_000),
    origins: Object.freeze(origins === null ? [] : origins.split(',').map(one => one.trim())),
  });
}

function folder(env: Environment): string {
  const value = text(env, 'DATA_DIR') ?? 'data';
  return isAbsolute(value) ? value : resolve(value);
}

/** `perMinute/burst/inFlight/answersPerMinute`, or `unlimited`. */
function tier(env: Environment, name: string, otherwise: TierLimit | null): TierLimit | null {
  const value = text(env, name);
  if (value === null) return otherwise;
  if (value === 'unlimited') return null;
  if (!/^[1-9]\d{0,8}(\/[1-9]\d{0,8}){3}$/.test(value)) {
    const expected = 'perMinute/burst/inFlight/answersPerMinute or unlimited';
    throw new ConfigError(`${name}=${value}: expected ${expected}.`);
  }
  const [perMinute, burst, inFlight, answersPerMinute] = value.split('/').map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return Object.freeze({ perMinute, burst, inFlight, answersPerMinute });
}
