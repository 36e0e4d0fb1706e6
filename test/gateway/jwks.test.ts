import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { wallClock } from '../../src/base/clock.ts';
import { createLog } from '../../src/base/log.ts';
import { jwksVerifier } from '../../src/gateway/auth.ts';
import { JwksCache, type JwksOptions } from '../../src/gateway/jwks.ts';

const HOUR_MS = 60 * 60_000;

let server: Server;
let respond: (response: ServerResponse) => void;
let fetches: number;
let nowMs: number;
let url: string;

beforeEach(async () => {
  fetches = 0;
  nowMs = 0;
  server = createServer((_request, response) => {
    fetches += 1;
    respond(response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

interface Signer {
  readonly jwk: JWK;
  sign(header?: Record<string, unknown>): Promise<string>;
}

async function signer(algorithm: string, kid: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { jwk, sign: header => signWith(privateKey, { alg: algorithm, kid, ...header }) };
}

function signWith(key: CryptoKey | Uint8Array, header: Record<string, unknown>): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader(header as { alg: string })
    .setSubject('alice')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key);
}

const serve = (keys: unknown) => {
  respond = response => {
    response.end(JSON.stringify({ keys }));
  };
};

function verifierOf(options: Partial<JwksOptions> = {}) {
  const cache = new JwksCache({
    url,
    log: createLog('silent'),
    nowMs: () => nowMs,
    timeoutMs: 300,
    ...options,
  });
  return { cache, verifier: jwksVerifier(cache, {}, wallClock) };
}

describe('keys of an identity provider', () => {
  test.each(['EdDSA', 'ES256', 'RS256'])('%s is accepted', async algorithm => {
    const { jwk, sign } = await signer(algorithm, 'a');
    serve([jwk]);
    expect(await verifierOf().verifier.verify(await sign())).toMatchObject({ player: 'alice' });
  });

  test('a kid that is missing, unknown, a path, a number or huge is refused', async () => {
    const { jwk, sign } = await signer('ES256', 'a');
    serve([jwk]);
    const { verifier } = verifierOf();
    const huge = 'x'.repeat(2_000);
    for (const kid of [undefined, 'b', '../../dev/null', "' OR 1=1", huge, '']) {
      expect(await verifier.verify(await sign({ kid })), String(kid)).toBeNull();
    }
    expect(await verifier.verify(await sign())).not.toBeNull();
  });

  test('a key answers for its own algorithm only', async () => {
    const [es, rs] = [await signer('ES256', 'es'), await signer('RS256', 'rs')];
    const other = await signer('ES384', 'es384');
    serve([es.jwk, rs.jwk, other.jwk]);
    const { verifier } = verifierOf();
    expect(await verifier.verify(await es.sign({ kid: 'rs' }))).toBeNull();
    expect(await verifier.verify(await rs.sign({ kid: 'es' }))).toBeNull();
    expect(await verifier.verify(await other.sign())).toBeNull();
    const publicKey = new TextEncoder().encode(JSON.stringify(rs.jwk));
    expect(
      await verifier.verify(await signWith(publicKey, { alg: 'HS256', kid: 'rs' })),
    ).toBeNull();
  });

  test('an ECDSA signature of zeros is refused', async () => {
    const { jwk, sign } = await signer('ES256', 'a');
    serve([jwk]);
    const [header, payload] = (await sign()).split('.');
    const zeros = Buffer.alloc(64).toString('base64url');
    expect(await verifierOf().verifier.verify(`${header}.${payload}.${zeros}`)).toBeNull();
  });

  test('of two keys with one kid neither is trusted; unusable keys are left out', async () => {
    const [a, twin, good] = await Promise.all([
      signer('ES256', 'a'),
      signer('ES256', 'a'),
      signer('ES256', 'good'),
    ]);
    serve([null, 7, { kty: 'EC' }, a.jwk, twin.jwk, { ...good.jwk, kid: 9 }, good.jwk]);
    const { verifier } = verifierOf();
    expect(await verifier.verify(await a.sign())).toBeNull();
    expect(await verifier.verify(await twin.sign())).toBeNull();
    expect(await verifier.verify(await good.sign())).not.toBeNull();
  });
});

describe('a provider in trouble', () => {
  test('ten thousand unknown kids cause one fetch per cool-down', async () => {
    const { jwk, sign } = await signer('ES256', 'a');
    serve([jwk]);
    const { cache, verifier } = verifierOf({ cooldownMs: 1_000 });
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => cache.find(`k${i}`, 'ES256')));
    expect(fetches).toBe(1);
    nowMs += 1_001;
    await Promise.all(Array.from({ length: 100 }, (_, i) => cache.find(`k${i}`, 'ES256')));
    expect(fetches).toBe(2);
    expect(await verifier.verify(await sign())).not.toBeNull();
  });

  const troubles: [string, (response: ServerResponse) => void][] = [
    ['status 500', response => response.writeHead(500).end()],
    ['a page', response => response.end('<html>sorry</html>')],
    ['no keys', response => response.end('{"keys":[]}')],
    ['5 MB', response => response.end(JSON.stringify({ keys: ['x'.repeat(5_000_000)] }))],
    ['a redirect', response => response.writeHead(302, { location: url }).end()],
    ['no answer', () => {}],
    ['a cut connection', response => response.destroy()],
  ];

  test.each(troubles)('known keys go on working through %s, for a day', async (_name, trouble) => {
    const { jwk, sign } = await signer('ES256', 'a');
    serve([jwk]);
    const { cache, verifier } = verifierOf();
    await cache.prewarm();
    const token = await sign();
    respond = trouble;
    nowMs += HOUR_MS;
    for (let i = 0; i < 5; i++) expect(await verifier.verify(token)).not.toBeNull();
    expect(await cache.find('unknown', 'ES256')).toBeNull();
    expect(fetches).toBe(2);
    nowMs += 22 * HOUR_MS;
    expect(await verifier.verify(token)).not.toBeNull();
    nowMs += 2 * HOUR_MS;
    expect(await verifier.verify(token)).toBeNull();
    serve([jwk]);
    nowMs += HOUR_MS;
    expect(await verifier.verify(token)).not.toBeNull();
  });

  test('failures make the next fetch wait longer', async () => {
    respond = response => response.writeHead(500).end();
    const { cache } = verifierOf({ cooldownMs: 1_000 });
    await cache.prewarm();
    nowMs += 1_500;
    await cache.find('a', 'ES256');
    expect(fetches).toBe(1);
    nowMs += 600;
    await cache.find('a', 'ES256');
    expect(fetches).toBe(2);
  });

  test('a key that the provider withdrew is refused once the keys are fetched again', async () => {
    const [old, fresh] = [await signer('ES256', 'old'), await signer('ES256', 'fresh')];
    serve([old.jwk]);
    const { cache, verifier } = verifierOf();
    await cache.prewarm();
    serve([fresh.jwk]);
    nowMs += HOUR_MS;
    expect(await verifier.verify(await fresh.sign())).not.toBeNull();
    expect(await verifier.verify(await old.sign())).toBeNull();
  });
});
