// Whether a Redis can be used at all is found within a bounded time when a node starts, and what is
// wrong is said in one line with its host and without its password.

import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLinks } from '../../src/cluster/links.ts';
import { reach, UnreachableError } from '../../src/cluster/reach.ts';
import { hasOpenssl, makeCertificate } from '../support/certificate.ts';
import { quiet } from '../support/postgres.ts';
import { freePort, hasOwnRedis, OwnRedis } from '../support/redis-server.ts';

const WITHOUT = hasOwnRedis ? '' : ' (skipped: no redis-server is installed)';
const WAIT_MS = 1_500;

/** What `reach` says, and after how long; empty when it can be used. */
async function said(url: string): Promise<{ text: string; tookMs: number }> {
  const links = openLinks(url, 'a', 'test', quiet);
  onTestFinished(() => links.close());
  const beganMs = performance.now();
  let text = '';
  try {
    await reach(links.commands, url, { waitMs: WAIT_MS, log: quiet });
  } catch (error) {
    expect(error).toBeInstanceOf(UnreachableError);
    text = (error as Error).message;
  }
  expect(text).not.toMatch(/\n|secret/);
  return { text, tookMs: performance.now() - beganMs };
}

/** A server that speaks, or listens, in its own way. Returns its port. */
async function startServer(answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    answer(socket);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

describe('an address at which', () => {
  it('nobody listens is given up after its time', async () => {
    const port = await freePort();
    const { text, tookMs } = await said(`redis://:secret@127.0.0.1:${port}`);
    expect(text).toMatch(`REDIS_URL: the Redis at 127.0.0.1:${port} cannot be used: connect ECONN`);
    expect(tookMs).toBeGreaterThan(WAIT_MS - 100);
    expect(tookMs).toBeLessThan(WAIT_MS + 1_000);
  });

  it('somebody is silent is given up too', async () => {
    const port = await startServer(() => {});
    const { text } = await said(`redis://:secret@127.0.0.1:${port}`);
    expect(text).toMatch(/does not answer within 1.5 s\. If it wants TLS, write rediss for redis/);
  });

  it('something else answers is no Redis', async () => {
    const port = await startServer(socket => {
      socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    const { text } = await said(`redis://127.0.0.1:${port}`);
    expect(text).toMatch(/used: Unknown RESP type 72 "H"\. What answers there is no Redis\.$/);
  });

  it('all sentinels are silent names them all', async () => {
    const [one, other] = [await freePort(), await freePort()];
    const { text } = await said(
      `redis+sentinel://:secret@127.0.0.1:${one},127.0.0.1:${other}/main?sentinelPassword=secret`,
    );
    expect(text).toMatch(`the Redis at 127.0.0.1:${one}, 127.0.0.1:${other} cannot be used: `);
  });

  it('no server of a Redis Cluster answers is given up too', async () => {
    const { text } = await said(`redis+cluster://:secret@127.0.0.1:${await freePort()}`);
    expect(text).toMatch(/cannot be used: The Redis Cluster cannot be asked: .*ECONNREFUSED/);
  });
});

describe.skipIf(!hasOwnRedis)(`a Redis${WITHOUT}`, () => {
  it('that answers can be used, also when it comes a little later than the node', async () => {
    const redis = await OwnRedis.start();
    expect((await said(redis.url)).text).toBe('');
    await redis.kill();
    const later = said(redis.url);
    await new Promise(resolve => setTimeout(resolve, 300));
    await redis.begin();
    expect((await later).text).toBe('');
  });

  it('with another password is refused at once', async () => {
    const { port } = await OwnRedis.start(['--requirepass', 'right'], { login: ':right@' });
    for (const login of [':secret@', 'bob:secret@', '']) {
      const { text, tookMs } = await said(`redis://${login}127.0.0.1:${port}`);
      expect(text).toMatch(/cannot be used: (WRONGPASS|NOAUTH).*\. Look at its password\.$/);
      expect(tookMs).toBeLessThan(WAIT_MS);
    }
  });

  it('whose user may do nothing is refused with what to give them', async () => {
    const user = ['--user', 'bob', 'on', '>secret', '+ping', '+info', '+client', '+hello'];
    const { port } = await OwnRedis.start(user);
    const { text } = await said(`redis://bob:secret@127.0.0.1:${port}`);
    expect(text).toMatch(/NOPERM.*Give its user all commands/);
  });

  it.skipIf(!hasOpenssl)('that is spoken to with TLS, or without, and is not so', async () => {
    const { certFile, keyFile } = makeCertificate();
    const port = await freePort();
    const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile];
    const tls = ['--tls-port', `${port}`, '--tls-auth-clients', 'no', ...files];
    const redis = await OwnRedis.start([...tls, '--tls-ca-cert-file', certFile]);
    expect((await said(`rediss://127.0.0.1:${redis.port}`)).text).toMatch(/write redis for rediss/);
    expect((await said(`redis://127.0.0.1:${port}`)).text).toMatch(/write rediss for redis/);
    expect((await said(`rediss://127.0.0.1:${port}`)).text).toMatch(
      /self-signed certificate\. NODE_EXTRA_CA_CERTS names/,
    );
  });
});
