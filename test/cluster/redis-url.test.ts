// What REDIS_URL may say, and that what is wrong with it is said without its password.

import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../../src/cluster/redis-url.ts';

const common = { username: null, password: null, isTls: false };
const sentinel = { kind: 'sentinel', group: 'main', sentinelPassword: null, ...common };
const [a, b] = [
  { host: 'a', port: 1 },
  { host: 'b.example', port: 2 },
];

describe('REDIS_URL', () => {
  it.each([
    ['redis://:pw@host:6379/1', { kind: 'server', url: 'redis://:pw@host:6379/1' }],
    ['rediss://host', { kind: 'server', url: 'rediss://host' }],
    ['redis+sentinel://a:1,b.example:2/main', { ...sentinel, hosts: [a, b] }],
    ['redis+sentinel://a/main', { ...sentinel, hosts: [{ host: 'a', port: 26_379 }] }],
    [
      'rediss+sentinel://me:p%40%2Fw@a:1/main?sentinelPassword=s%26t',
      {
        ...{ ...sentinel, hosts: [a], isTls: true },
        ...{ username: 'me', password: 'p@/w', sentinelPassword: 's&t' },
      },
    ],
    ['redis+cluster://a:1,b.example:2', { kind: 'cluster', ...common, hosts: [a, b] }],
    ['redis+cluster://a/', { kind: 'cluster', ...common, hosts: [{ host: 'a', port: 6_379 }] }],
    [
      'rediss+cluster://:p:w@[::1]:1',
      {
        ...{ kind: 'cluster', ...common, isTls: true, password: 'p:w' },
        hosts: [{ host: '::1', port: 1 }],
      },
    ],
  ])('%s is understood', (url, expected) => {
    expect(parseRedisUrl(url)).toEqual(expected);
  });

  it.each([
    ['http://:hush@a', 'expected redis://host:port, redis+sentinel://'],
    ['redis+ring://:hush@a', 'expected redis://host:port, redis+sentinel://'],
    ['redis://:hush@a:1,b:2', 'one host and a port'],
    ['redis+sentinel://:hush@a:1', 'the group that the sentinels watch is missing'],
    ['redis+sentinel://:hush@a:1/main?database=1', 'only sentinelPassword is known'],
    ['redis+sentinel://:hu@sh@a:1/main', 'in a password is written %2F'],
    ['redis+sentinel://:hu/sh@a:1/main', 'in a password is written %2F'],
    ['redis+cluster://:hush@', 'in a password is written %2F'],
    ['redis+cluster://:hush@a:0', 'the hosts are written host:port,host:port'],
    ['redis+cluster://:hush@a:65536', 'the hosts are written host:port,host:port'],
    ['redis+cluster://:hush@a:1,', 'the hosts are written host:port,host:port'],
    ['redis+cluster://:hush@a:1/main', 'nothing comes behind the hosts of a cluster'],
    ['redis+cluster://:hush%@a:1', 'is not followed by two hexadecimal digits'],
  ])('%s is refused', (url, says) => {
    const read = () => parseRedisUrl(url);
    expect(read).toThrow(says);
    expect(read).not.toThrow(/hush|hu|sh@/);
  });
});
