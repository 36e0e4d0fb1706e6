// Who may come in, from the environment: what one address may do, whose word counts about whose
// address it is, what snapshots cost, and where operators look. Invariant: in production no address
// is without bounds unless the operator says so.

import { ConfigError, type Environment, integer, matching, text } from './config-values.ts';
import { Networks } from './gateway/addresses.ts';
import {
  type AddressLimits,
  DEFAULT_ADDRESS_LIMITS,
  DEFAULT_GATEWAY_CONFIG,
  type GatewayConfig,
} from './gateway/config.ts';

/** Where /metrics is. */
export interface OpsAddress {
  readonly host: string;
  readonly port: number;
}

const OPS_PORT = 9777;
const KIBIBYTE = 1024;
const GIBIBYTE = 1024 ** 3;
const NONE = 'none';

/** @param port that of the players. */
export function readOps(env: Environment, port: number): OpsAddress {
  const host = text(env, 'OPS_HOST') ?? '127.0.0.1';
  // Whoever takes any free port runs several servers on one machine.
  const opsPort = integer(env, 'OPS_PORT', port === 0 ? 0 : OPS_PORT, 0, 65_535);
  if (opsPort !== 0 && opsPort === port) {
    throw new ConfigError(`OPS_PORT=${opsPort}: expected another port than PORT.`);
  }
  return Object.freeze({ host, port: opsPort });
}

type Door = Pick<
  GatewayConfig,
  'address' | 'trustedProxies' | 'unopenedMax' | 'snapshotBytesPerSecond' | 'snapshotBytesBurst'
>;

export function readDoor(env: Environment, isProduction: boolean): Door {
  const defaults = DEFAULT_GATEWAY_CONFIG;
  const { snapshotBytesPerSecond, snapshotBytesBurst } = defaults;
  const [perSecond, burst] = pair(
    env,
    'SNAPSHOT_BYTES',
    [snapshotBytesPerSecond, snapshotBytesBurst],
    { expected: `bytesPerSecond/bytesAtOnce, from ${KIBIBYTE} to ${GIBIBYTE} each`, min: KIBIBYTE },
  );
  return {
    address: readAddressLimits(env, isProduction),
    trustedProxies: networks(env, 'TRUSTED_PROXIES', []),
    unopenedMax: integer(env, 'UNOPENED_SOCKETS_MAX', defaults.unopenedMax, 1, 1_000_000),
    snapshotBytesPerSecond: perSecond,
    snapshotBytesBurst: burst,
  };
}

function readAddressLimits(env: Environment, isProduction: boolean): AddressLimits {
  const defaults = DEFAULT_ADDRESS_LIMITS;
  const { socketsMax, unopenedMax, addressesMax } = defaults;
  const limit = (name: string, { perMinute, burst }: AddressLimits['upgrades']) => {
    const rule = { expected: 'perMinute/burst', min: 1 };
    const [first, second] = pair(env, name, [perMinute, burst], rule);
    return Object.freeze({ perMinute: first, burst: second });
  };
  return Object.freeze({
    exempt: networks(env, 'ADDRESS_EXEMPT', isProduction ? [] : defaults.exempt),
    socketsMax: integer(env, 'ADDRESS_SOCKETS_MAX', socketsMax, 1, 1_000_000),
    unopenedMax: integer(env, 'ADDRESS_UNOPENED_MAX', unopenedMax, 1, 1_000_000),
    upgrades: limit('ADDRESS_UPGRADES', defaults.upgrades),
    failures: limit('ADDRESS_FAILURES', defaults.failures),
    addressesMax,
  });
}

/** Networks, separated by commas; `none` for none. */
function networks(env: Environment, name: string, otherwise: readonly string[]): readonly string[] {
  const value = text(env, name);
  if (value === null) return Object.freeze([...otherwise]);
  if (value === NONE) return Object.freeze([]);
  const list = value.split(',').map(one => one.trim());
  try {
    new Networks(list);
  } catch (error) {
    throw new ConfigError(
      `${name}=${value}: expected networks as 10.0.0.0/8, separated by commas, or ${NONE}. ` +
        (error as Error).message,
    );
  }
  return Object.freeze(list);
}

function pair(
  env: Environment,
  name: string,
  otherwise: readonly [number, number],
  { expected, min }: { expected: string; min: number },
): readonly [number, number] {
  const [first, second] = otherwise;
  const value = matching(env, name, `${first}/${second}`, /^\d{1,10}\/\d{1,10}$/, expected);
  const [one, two] = value.split('/').map(Number) as [number, number];
  const isFine = [one, two].every(number => number >= min && number <= GIBIBYTE);
  if (isFine) return [one, two];
  throw new ConfigError(`${name}=${value}: expected ${expected}.`);
}
