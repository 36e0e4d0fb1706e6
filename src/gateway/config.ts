// What an operator may set about the gateway, with the defaults and the rules between them. Bounds
// that belong to the protocol are in protocol/limits.ts. Several values end the process inside
// uWebSockets.js when they are out of range, so everything is checked before a socket opens.

import type { Role } from '../../protocol/commands/session.ts';
import { ANSWER_BYTES_MAX } from '../../protocol/limits.ts';
import { assert } from '../base/assert.ts';

/** The rate limits of a tier. At the bounds: RATE_LIMIT_EXCEEDED and TOO_MANY_IN_FLIGHT. */
export interface TierLimit {
  /** Commands refilled per minute. */
  readonly perMinute: number;
  /** Commands that may come at once after a quiet time. */
  readonly burst: number;
  /** Commands that may await their answers. */
  readonly inFlight: number;
  /** Kilobytes of answers and milliseconds of the database, together, refilled per minute. */
  readonly answersPerMinute: number;
}

/** Null: unlimited. */
export type TierLimits = Readonly<Record<Role, TierLimit | null>>;

/** What one address may do before anybody knows who it is. Beyond it upgrades are answered 429. */
export interface AddressLimits {
  /** Networks in CIDR notation whose addresses have no bounds of their own. */
  readonly exempt: readonly string[];
  readonly socketsMax: number;
  /** Sockets that wait for session.open. */
  readonly unopenedMax: number;
  /** Upgrades, whatever becomes of them. */
  readonly upgrades: Pick<TierLimit, 'perMinute' | 'burst'>;
  /** Tokens that were not accepted. Beyond it no token of the address is looked at. */
  readonly failures: Pick<TierLimit, 'perMinute' | 'burst'>;
  /** Addresses without a socket that are remembered. Beyond it the oldest is forgotten. */
  readonly addressesMax: number;
}

export interface GatewayConfig {
  readonly limits: TierLimits;
  readonly address: AddressLimits;
  /** Networks of proxies: what they say in X-Forwarded-For counts. */
  readonly trustedProxies: readonly string[];

  /** Sockets of one player, service role excepted. Beyond it the oldest is closed `replaced`. */
  readonly socketsPerPlayerMax: number;
  /** Public channels and windows of one socket. Beyond it: LIMIT_REACHED. */
  readonly subscriptionsPerSocketMax: number;
  /** Sockets with a player in all. Beyond it upgrades are answered 503, sockets closed `full`. */
  readonly socketsMax: number;
  /** Sockets in all that wait for session.open. Beyond it upgrades are answered 503. */
  readonly unopenedMax: number;
  /** Reads in all that await the database. Beyond it: SERVICE_UNAVAILABLE. */
  readonly readsInFlightMax: number;
  /** Reads of one player that ask the database at once, service role excepted; others wait. */
  readonly readsAtOnceMax: number;
  /** Opens in all whose token is being verified. Beyond it: SERVICE_UNAVAILABLE. */
  readonly verificationsMax: number;

  /** Frames per second of one socket, all kinds together, service role excepted. */
  readonly floodPerSecond: number;
  /** Frames that may come at once. Beyond it the socket is closed `flooding`. */
  readonly floodBurst: number;

  /** Bytes waiting in a socket from which public channels pause until it has drained. */
  readonly publicBytesMax: number;
  /**
   * Bytes waiting in a socket that it did not ask for, from which it is closed `slowConsumer`; and
   * bytes of whatever kind from which commands are refused until it has read.
   */
  readonly privateBytesMax: number;
  /** How long a socket with much waiting may read nothing. Beyond it: closed `slowConsumer`. */
  readonly stallTimeoutMs: number;
  /** Bytes waiting in a socket from which uWebSockets.js drops what is sent. */
  readonly backpressureBytesMax: number;
  /** How often waiting bytes, and snapshots that wait for their budget, are looked at. */
  readonly backpressureSweepMs: number;

  /** Bytes of snapshots that one player is sent each second, over all sockets... */
  readonly snapshotBytesPerSecond: number;
  /** ...and at once. What is more waits; see snapshot-budget.ts. */
  readonly snapshotBytesBurst: number;

  /** Time for `session.open` on a new socket. Beyond it: closed `openTimeout`. */
  readonly openTimeoutMs: number;
  /** How often open timeouts, token expiry and heartbeats are looked at. */
  readonly sweepMs: number;
  /** A channel with subscribers that was silent for this long gets a heartbeat. */
  readonly heartbeatIntervalMs: number;
  /** Seconds of silence of a client, pings unanswered, after which it is dropped. 8 to 960. */
  readonly idleTimeoutSeconds: number;

  /** Private events kept per player for a resume, at most... */
  readonly resumeEventsMax: number;
  /** ...and their bytes at most. What is older cannot be resumed: a snapshot then. */
  readonly resumeBytesMax: number;
  /** How long a private feed outlives the last socket of its player. */
  readonly resumeGraceMs: number;
  /** Private feeds in all that outlive their sockets. Beyond it the oldest is forgotten. */
  readonly resumeFeedsMax: number;

  /** Origins of browsers that may connect; native clients send none and always may. */
  readonly origins: readonly string[];
}

export const DEFAULT_TIER_LIMITS: TierLimits = Object.freeze({
  guest: Object.freeze({ perMinute: 30, burst: 10, inFlight: 5, answersPerMinute: 1_500 }),
  standard: Object.freeze({ perMinute: 100, burst: 30, inFlight: 10, answersPerMinute: 3_000 }),
  premium: Object.freeze({ perMinute: 500, burst: 100, inFlight: 20, answersPerMinute: 9_000 }),
  service: null,
});

export const DEFAULT_ADDRESS_LIMITS: AddressLimits = Object.freeze({
  exempt: Object.freeze(['127.0.0.0/8', '::1']),
  socketsMax: 500,
  unopenedMax: 100,
  upgrades: Object.freeze({ perMinute: 600, burst: 200 }),
  failures: Object.freeze({ perMinute: 60, burst: 30 }),
  addressesMax: 100_000,
});

export const DEFAULT_GATEWAY_CONFIG: GatewayConfig = Object.freeze({
  limits: DEFAULT_TIER_LIMITS,
  address: DEFAULT_ADDRESS_LIMITS,
  trustedProxies: Object.freeze([]),
  socketsPerPlayerMax: 5,
  subscriptionsPerSocketMax: 100,
  socketsMax: 100_000,
  unopenedMax: 10_000,
  readsInFlightMax: 1_000,
  readsAtOnceMax: 2,
  verificationsMax: 20_000,
  floodPerSecond: 50,
  floodBurst: 200,
  publicBytesMax: 256 * 1024,
  privateBytesMax: 1024 * 1024,
  stallTimeoutMs: 10_000,
  backpressureBytesMax: 16 * 1024 * 1024,
  backpressureSweepMs: 100,
  snapshotBytesPerSecond: 32 * 1024,
  snapshotBytesBurst: 1024 * 1024,
  openTimeoutMs: 5_000,
  sweepMs: 500,
  heartbeatIntervalMs: 10_000,
  idleTimeoutSeconds: 32,
  resumeEventsMax: 128,
  resumeBytesMax: 32 * 1024,
  resumeGraceMs: 60_000,
  resumeFeedsMax: 10_000,
  origins: Object.freeze([]),
});

const COUNTS = [
  'socketsPerPlayerMax',
  'subscriptionsPerSocketMax',
  'readsInFlightMax',
  'readsAtOnceMax',
  'verificationsMax',
  'floodPerSecond',
  'floodBurst',
  'publicBytesMax',
  'privateBytesMax',
  'stallTimeoutMs',
  'backpressureBytesMax',
  'backpressureSweepMs',
  'unopenedMax',
  'snapshotBytesPerSecond',
  'snapshotBytesBurst',
  'openTimeoutMs',
  'sweepMs',
  'heartbeatIntervalMs',
  'resumeEventsMax',
  'resumeBytesMax',
  'resumeGraceMs',
  'resumeFeedsMax',
] as const satisfies readonly (keyof GatewayConfig)[];

/** Throws when a value is out of its range or two of them contradict each other. */
export function assertGatewayConfig(config: GatewayConfig): void {
  for (const name of COUNTS) {
    assert(Number.isSafeInteger(config[name]) && config[name] >= 1, `${name} is at least 1`);
  }
  const idle = config.idleTimeoutSeconds;
  assert(Number.isInteger(idle) && idle >= 8 && idle <= 960, 'idleTimeoutSeconds is 8 to 960');
  const { socketsMax, unopenedMax, upgrades, failures, addressesMax } = config.address;
  const counts = [upgrades, failures].flatMap(({ perMinute, burst }) => [perMinute, burst]);
  for (const value of [socketsMax, unopenedMax, addressesMax, ...counts]) {
    assert(Number.isSafeInteger(value) && value >= 1, 'a limit of an address is at least 1');
  }
  for (const limit of Object.values(config.limits)) {
    if (limit === null) continue;
    for (const value of Object.values(limit)) {
      assert(Number.isSafeInteger(value) && value >= 1, 'a rate limit is at least 1');
    }
  }
  assert(config.publicBytesMax < config.privateBytesMax, 'public data pauses before a close');
  assert(
    config.privateBytesMax + ANSWER_BYTES_MAX <= config.backpressureBytesMax,
    'a socket is closed with a reason before frames are dropped',
  );
  assert(config.backpressureBytesMax < 2 ** 31, 'uWebSockets.js counts bytes in 31 bits');
  for (const origin of config.origins) {
    assert(/^[a-z][a-z0-9+.-]*:\/\/[^/\s]+$/.test(origin), 'an origin is scheme://host[:port]');
  }
}
