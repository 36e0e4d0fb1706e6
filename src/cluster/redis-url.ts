// What REDIS_URL says: one server, the servers behind a Redis Sentinel, or a Redis Cluster. What is
// wrong with it is said without showing it: there may be a password in it.

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

interface RedisHosts {
  readonly hosts: readonly RedisHost[];
  readonly username: string | null;
  readonly password: string | null;
  readonly isTls: boolean;
}

export interface SentinelAddress extends RedisHosts {
  readonly kind: 'sentinel';
  /** The name under which the sentinels watch the primary. */
  readonly group: string;
  /** Of the sentinels themselves, which `password` is not sent to. */
  readonly sentinelPassword: string | null;
}

export interface ClusterAddress extends RedisHosts {
  readonly kind: 'cluster';
}

export type RedisAddress =
  | { readonly kind: 'server'; readonly url: string }
  | SentinelAddress
  | ClusterAddress;

const EXPECTED =
  'expected redis://host:port, redis+sentinel://host:port,host:port/<group> or ' +
  'redis+cluster://host:port,host:port, or the same with rediss';
const PARTS =
  /^rediss?\+(?:sentinel|cluster):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/;
const HOST = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/;
const SENTINEL_PORT = 26_379;
const SERVER_PORT = 6_379;
const PORT_MAX = 65_535;

/** @throws {Error} with what is wrong, which never shows the address. */
export function parseRedisUrl(url: string): RedisAddress {
  if (/^rediss?:\/\//.test(url)) {
    if (URL.canParse(url)) return { kind: 'server', url };
    throw new Error(`${EXPECTED}; one host and a port, and / @ : in a password as %2F %40 %3A.`);
  }
  if (!/^rediss?\+(sentinel|cluster):\/\//.test(url)) throw new Error(`${EXPECTED}.`);
  const parts = PARTS.exec(url);
  if (parts === null) {
    throw new Error(`${EXPECTED}; what is / @ ? # in a password is written %2F %40 %3F %23.`);
  }
  const [, credentials = '', hosts = '', group = '', query = ''] = parts;
  const isTls = url.startsWith('rediss');
  const isSentinel = /^rediss?\+sentinel:/.test(url);
  const common = {
    hosts: hosts.split(',').map(one => hostOf(one, isSentinel ? SENTINEL_PORT : SERVER_PORT)),
    ...credentialsOf(credentials),
    isTls,
  };
  if (isSentinel) {
    if (group === '') throw new Error('the group that the sentinels watch is missing: …/<group>.');
    return { kind: 'sentinel', ...common, group: decoded(group), ...sentinelPasswordOf(query) };
  }
  if (group !== '' || query !== '') throw new Error('nothing comes behind the hosts of a cluster.');
  return { kind: 'cluster', ...common };
}

/**
 * Whether a valid address leads to this machine alone; what other servers name may lead elsewhere.
 */
export function isLoopback(url: string): boolean {
  const address = parseRedisUrl(url);
  if (address.kind !== 'server') return false;
  const { hostname } = new URL(address.url);
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** The hosts of a valid address as they may be shown. */
export function hostsOf(url: string): string {
  const address = parseRedisUrl(url);
  if (address.kind !== 'server') {
    return address.hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
  }
  const { hostname, port } = new URL(address.url);
  return `${hostname}:${port || SERVER_PORT}`;
}

function hostOf(text: string, otherwise: number): RedisHost {
  const parts = HOST.exec(text.trim());
  const port = Number(parts?.[3] ?? otherwise);
  if (parts === null || port < 1 || port > PORT_MAX) {
    throw new Error('the hosts are written host:port,host:port.');
  }
  return { host: (parts[1] ?? parts[2]) as string, port };
}

/** `user:password`, `:password` or nothing. */
function credentialsOf(text: string): { username: string | null; password: string | null } {
  const at = text.indexOf(':');
  const [user, password] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  return { username: decoded(user) || null, password: decoded(password) || null };
}

function sentinelPasswordOf(query: string): { sentinelPassword: string | null } {
  const words = new URLSearchParams(query);
  for (const name of words.keys()) {
    if (name !== 'sentinelPassword') throw new Error('behind ? only sentinelPassword is known.');
  }
  return { sentinelPassword: words.get('sentinelPassword') || null };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('a % is not followed by two hexadecimal digits; a % itself is %25.');
  }
}
