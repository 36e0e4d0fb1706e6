// A Redis that is spoken to in TLS: nodes do so when they trust its certificate, and say why when
// they do not.

import { expect, type TestOptions } from 'vitest';
import { hasOpenssl, makeCertificate } from '../support/certificate.ts';
import { onOwnRedis, TestCluster } from '../support/cluster-nodes.ts';
import { createFaultRealm } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { freePort, OwnRedis } from '../support/redis-server.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';
import { skipping } from '../support/skipping.ts';
import { testKey } from '../support/test-key.ts';

const OPTIONS: TestOptions = { timeout: 60_000 };
const onTls = hasOpenssl ? onOwnRedis : skipping('no openssl is installed');

/** A Redis with both kinds of port; the URL is of the one with TLS. */
async function startTls(): Promise<{ url: string; trust: { NODE_EXTRA_CA_CERTS: string } }> {
  const { certFile, keyFile } = makeCertificate();
  const port = await freePort();
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile];
  const settings = ['--tls-port', `${port}`, '--tls-auth-clients', 'no', ...files];
  await OwnRedis.start([...settings, '--tls-ca-cert-file', certFile]);
  return { url: `rediss://127.0.0.1:${port}`, trust: { NODE_EXTRA_CA_CERTS: certFile } };
}

onTls('nodes that trust the certificate of their Redis are one cluster', OPTIONS, async () => {
  const { url, trust } = await startTls();
  const cluster = await TestCluster.start(2, trust, url);
  const [follower] = cluster.followers;
  const socket = await JudgeSocket.open(follower?.port ?? 0, await processToken('game'));
  const grant = { player: 'alice', asset: 'coins', quantity: 5 };
  const { outcome } = await socket.ask('wallet.grant', grant, { key: testKey('one') });
  expect(outcome).toBe('ok');
  socket.destroy();
  await cluster.stop();
});

onTls('a node that does not trust it does not start, and says why', OPTIONS, async () => {
  const { url } = await startTls();
  const { environment } = await createFaultRealm();
  const server = new ServerProcess({ ...environment, REDIS_URL: url, NODE_NAME: 'n1' });
  expect(await server.exit).toEqual({ code: 1, signal: null });
  expect(server.output).toMatch(/cannot be used: self-signed certificate\. NODE_EXTRA_CA_CERTS/);
});
