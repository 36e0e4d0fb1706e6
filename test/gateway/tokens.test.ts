import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactEncrypt, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { StepClock } from '../../src/base/clock.ts';
import { type AuthRules, secretVerifier } from '../../src/gateway/auth.ts';
import { signToken } from '../../src/gateway/token.ts';
import { SECRET } from '../support/gateway-fixture.ts';

const clock = new StepClock(1_800_000_000_000);
const NOW = clock.nowMs() / 1000;

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signs whatever it is given, as an attacker with the secret's holder as a friend could. */
function forge(header: unknown, payload: unknown, secret: string | Uint8Array = SECRET): string {
  const body = `${part(header)}.${part(payload)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

const HS256 = { alg: 'HS256', typ: 'JWT' };
const GOOD = { sub: 'alice', iat: NOW, exp: NOW + 60 };

async function verify(token: string, rules: AuthRules = {}) {
  return (await secretVerifier(SECRET, rules, clock)).verify(token);
}

describe('tokens that are accepted', () => {
  test.each([
    ['the least', HS256, GOOD, { player: 'alice', role: 'standard' }],
    ['without a type', { alg: 'HS256' }, GOOD, { player: 'alice' }],
    ['an access token', { ...HS256, typ: 'at+jwt' }, GOOD, { player: 'alice' }],
    ['a role', HS256, { ...GOOD, role: 'service' }, { role: 'service' }],
    ['a name with signs', HS256, { ...GOOD, sub: 'auth0|4a:b@c.d-e_f' }, {}],
    ['just expired, within tolerance', HS256, { ...GOOD, iat: NOW - 60, exp: NOW - 3 }, {}],
    ['as long-lived as may be', HS256, { ...GOOD, exp: NOW + 24 * 3_600 }, {}],
    ['a key in its header, ignored', { ...HS256, jwk: { kty: 'oct', k: 'AA' } }, GOOD, {}],
    ['claims we do not know', HS256, { ...GOOD, scope: 'x', jti: 'y' }, {}],
  ])('%s', async (_name, header, payload, identity) => {
    expect(await verify(forge(header, payload))).toMatchObject(identity);
  });

  test('issuer and audience as configured, the audience also in a list', async () => {
    const rules = { issuer: 'https://game', audience: 'market' };
    const claims = { ...GOOD, iss: 'https://game' };
    expect(await verify(forge(HS256, { ...claims, aud: 'market' }), rules)).not.toBeNull();
    expect(await verify(forge(HS256, { ...claims, aud: ['a', 'market'] }), rules)).not.toBeNull();
  });

  test('signToken makes one', async () => {
    const real = { nowMs: () => Date.now() };
    const verifier = await secretVerifier(SECRET, {}, real);
    const token = await signToken(SECRET, { player: 'bob', role: 'guest', expiresInSeconds: 60 });
    expect(await verifier.verify(token)).toMatchObject({ player: 'bob', role: 'guest' });
  });
});

describe('tokens that are refused', () => {
  test.each([
    ['alg none', { alg: 'none' }, GOOD],
    ['alg None', { alg: 'None' }, GOOD],
    ['no alg', { typ: 'JWT' }, GOOD],
    ['HS512', { alg: 'HS512' }, GOOD],
    ['RS256', { alg: 'RS256' }, GOOD],
    ['ES256', { alg: 'ES256' }, GOOD],
    ['an ID token', { ...HS256, typ: 'id+jwt' }, GOOD],
    ['a refresh token', { ...HS256, typ: 'refresh' }, GOOD],
    ['an unknown critical extension', { ...HS256, crit: ['x'], x: 1 }, GOOD],
    ['an unencoded payload', { ...HS256, crit: ['b64'], b64: false }, GOOD],
    ['exp missing', HS256, { sub: 'alice', iat: NOW }],
    [
      'iat missing, so nobody knows whether its sessions were ended',
      HS256,
      { ...GOOD, iat: undefined },
    ],
    ['a life beyond the bound', HS256, { ...GOOD, exp: NOW + 24 * 3_600 + 1 }],
    ['a life beyond the bound of which little is left', HS256, { ...GOOD, iat: NOW - 24 * 3_600 }],
    ['exp past', HS256, { ...GOOD, exp: NOW - 6 }],
    ['exp now minus the tolerance', HS256, { ...GOOD, exp: NOW - 5 }],
    ['exp a string', HS256, { ...GOOD, exp: String(NOW + 60) }],
    ['exp 1e308', HS256, { ...GOOD, exp: 1e308 }],
    ['exp in milliseconds', HS256, { ...GOOD, exp: (NOW + 60) * 1000 }],
    ['nbf in the future', HS256, { ...GOOD, nbf: NOW + 60 }],
    ['iat in the future', HS256, { ...GOOD, iat: NOW + 60 }],
    ['iat a string', HS256, { ...GOOD, iat: 'x' }],
    ['sub missing', HS256, { iat: NOW, exp: NOW + 60 }],
    ['sub empty', HS256, { ...GOOD, sub: '' }],
    ['sub a number', HS256, { ...GOOD, sub: 7 }],
    ['sub an object', HS256, { ...GOOD, sub: { a: 1 } }],
    ['sub too long', HS256, { ...GOOD, sub: 'a'.repeat(65) }],
    ['sub with a line break', HS256, { ...GOOD, sub: 'a\nb' }],
    ['sub with a blank', HS256, { ...GOOD, sub: 'a b' }],
    ['sub beyond ASCII', HS256, { ...GOOD, sub: 'älice' }],
    ['an unknown role', HS256, { ...GOOD, role: 'admin' }],
    ['a list of roles', HS256, { ...GOOD, role: ['service'] }],
    ['a payload that is no object', HS256, [1]],
    ['a payload that is no JSON', HS256, '{"sub":'],
  ])('%s', async (_name, header, payload) => {
    expect(await verify(forge(header, payload))).toBeNull();
  });

  test.each([
    ['another secret', forge(HS256, GOOD, 'another secret that is also long enough')],
    ['an empty signature', `${part({ alg: 'none' })}.${part(GOOD)}.`],
    ['two parts', `${part(HS256)}.${part(GOOD)}`],
    ['four parts', `${forge(HS256, GOOD)}.x`],
    ['padding', `${forge(HS256, GOOD)}=`],
    ['a blank before it', ` ${forge(HS256, GOOD)}`],
    ['a line break', `${forge(HS256, GOOD)}\n`],
    ['a byte order mark', `\ufeff${forge(HS256, GOOD)}`],
    ['nothing', ''],
    ['too long', forge(HS256, { ...GOOD, load: 'x'.repeat(4_096) })],
  ])('%s', async (_name, token) => {
    expect(await verify(token)).toBeNull();
  });

  test('issuer or audience wrong, missing or of another type', async () => {
    const rules = { issuer: 'https://game', audience: 'market' };
    const good = { ...GOOD, iss: 'https://game', aud: 'market' };
    for (const change of [
      { iss: 'https://other' },
      { iss: undefined },
      { iss: ['https://game'] },
      { aud: 'shop' },
      { aud: undefined },
      { aud: [] },
    ]) {
      expect(await verify(forge(HS256, { ...good, ...change }), rules)).toBeNull();
    }
  });

  test('a public key used as the secret', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = (publicKey as KeyObject).export({ type: 'spki', format: 'pem' });
    expect(await verify(forge(HS256, GOOD, pem as string))).toBeNull();
  });

  test('an encrypted token', async () => {
    const key = new Uint8Array(32).fill(1);
    const token = await new CompactEncrypt(Buffer.from(JSON.stringify(GOOD)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(key);
    expect(await verify(token)).toBeNull();
  });

  test('one with any character of it changed', async () => {
    const token = forge(HS256, GOOD);
    const verifier = await secretVerifier(SECRET, {}, clock);
    // The last character of the signature has two bits that mean nothing.
    for (let i = 0; i < token.length - 1; i++) {
      const other = token[i] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, i) + other + token.slice(i + 1);
      expect(await verifier.verify(changed), `character ${i}`).toBeNull();
    }
    expect(await verifier.verify(token)).not.toBeNull();
  });
});

describe('secrets', () => {
  test('of two both are good, until the previous one is taken away', async () => {
    const old = 'the secret before, thirty-two bytes or more of it';
    const both = await secretVerifier(SECRET, {}, clock, old);
    for (const secret of [SECRET, old]) {
      expect(await both.verify(forge(HS256, GOOD, secret))).toMatchObject({ player: 'alice' });
    }
    expect(await both.verify(forge(HS256, { ...GOOD, exp: NOW - 6 }, old))).toBeNull();
    expect(await both.verify(forge(HS256, GOOD, `${old}.`))).toBeNull();
    const after = await secretVerifier(SECRET, {}, clock);
    expect(await after.verify(forge(HS256, GOOD, old))).toBeNull();
  });

  test('of less than 32 bytes are refused', async () => {
    await expect(secretVerifier('x'.repeat(31), {}, clock)).rejects.toThrow('32 bytes');
    const claims = { player: 'a', expiresInSeconds: 1 };
    await expect(signToken('x'.repeat(31), claims)).rejects.toThrow('32 bytes');
  });

  test('signToken refuses names that no player can have', async () => {
    for (const player of ['', '-a', 'a b', 'x'.repeat(65)]) {
      await expect(signToken(SECRET, { player, expiresInSeconds: 1 })).rejects.toThrow(RangeError);
    }
  });

  test('a foreign library signs what we accept', async () => {
    const key = new TextEncoder().encode(SECRET);
    const token = await new SignJWT({ role: 'premium' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('alice')
      .setIssuedAt(NOW)
      .setExpirationTime(NOW + 60)
      .sign(key);
    expect(await verify(token)).toMatchObject({ role: 'premium', expiresAtMs: (NOW + 60) * 1000 });
  });
});
