// Who a token is: jose does the cryptography, this file fixes what is accepted. Algorithms are
// fixed by the configuration and never taken from the token; whatever fails, the answer is null, so
// that nobody learns which check it was. Replay is the issuer's business; whether a session was
// ended since the token was issued is decided where sessions are opened.

import {
  type CryptoKey,
  decodeProtectedHeader,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { role } from '../../protocol/commands/session.ts';
import { PLAYER_PATTERN } from '../../protocol/fields.ts';
import { TOKEN_LENGTH_MAX } from '../../protocol/limits.ts';
import type { Clock } from '../base/clock.ts';
import { JWKS_ALGORITHMS, type JwksAlgorithm, type JwksCache } from './jwks.ts';
import { type Identity, secretBytes } from './token.ts';

export interface AuthRules {
  /** Required in the token when given. */
  readonly issuer?: string;
  readonly audience?: string;
  /** How far the clocks of issuer and server may be apart. */
  readonly clockToleranceSeconds?: number;
  /** Tokens that live longer than this, from `iat` to `exp`, are refused. */
  readonly lifetimeSecondsMax?: number;
}

/** The one text for everybody whose token is not accepted. */
export const NOT_ACCEPTED = 'The token is not accepted.';

const CLOCK_TOLERANCE_SECONDS = 5;
const LIFETIME_SECONDS_MAX = 24 * 60 * 60;

/** Three parts of base64url, nothing else: no padding, blanks, JWE or unencoded payload. */
const TOKEN_PATTERN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Header types that are access tokens; ID and refresh tokens often carry one of their own. */
const TOKEN_TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

interface VerifyingKey {
  readonly key: CryptoKey | Uint8Array;
  readonly algorithm: string;
}

/** The keys that a token may have been signed with, the likeliest first. */
type FindKeys = (token: string) => Promise<readonly VerifyingKey[]>;

/** Verifies tokens. Build it with {@link secretVerifier} or {@link jwksVerifier}. */
export class TokenVerifier {
  readonly toleranceMs: number;
  readonly #findKeys: FindKeys;
  readonly #clock: Clock;
  readonly #options: JWTVerifyOptions;
  readonly #lifetimeSecondsMax: number;

  constructor(findKeys: FindKeys, rules: AuthRules, clock: Clock) {
    const toleranceSeconds = rules.clockToleranceSeconds ?? CLOCK_TOLERANCE_SECONDS;
    this.toleranceMs = toleranceSeconds * 1000;
    this.#findKeys = findKeys;
    this.#clock = clock;
    this.#lifetimeSecondsMax = rules.lifetimeSecondsMax ?? LIFETIME_SECONDS_MAX;
    this.#options = {
      requiredClaims: ['exp', 'iat', 'sub'],
      clockTolerance: toleranceSeconds,
      ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
      ...(rules.audience === undefined ? {} : { audience: rules.audience }),
    };
  }

  /** Who the token names, or null. Never rejects. */
  async verify(token: string): Promise<Identity | null> {
    if (token.length > TOKEN_LENGTH_MAX || !TOKEN_PATTERN.test(token)) return null;
    try {
      for (const key of await this.#findKeys(token)) {
        const identity = await this.#verifyWith(token, key);
        if (identity !== null) return identity;
      }
    } catch {
      // No key can be found for it.
    }
    return null;
  }

  async #verifyWith(token: string, { key, algorithm }: VerifyingKey): Promise<Identity | null> {
    try {
      const nowMs = this.#clock.nowMs();
      const { payload, protectedHeader } = await jwtVerify(token, key, {
        ...this.#options,
        algorithms: [algorithm],
        currentDate: new Date(nowMs),
      });
      const { typ } = protectedHeader;
      if (typ !== undefined && !TOKEN_TYPES.has(String(typ).toLowerCase())) return null;
      return this.#identity(payload, Math.floor(nowMs / 1000));
    } catch {
      // Whatever jose says stays here: the caller may only learn that it was not accepted.
      return null;
    }
  }

  #identity(payload: JWTPayload, nowSeconds: number): Identity | null {
    const { exp, iat, sub } = payload;
    if (typeof iat !== 'number' || !(iat <= nowSeconds + this.toleranceMs / 1000)) return null;
    if (typeof exp !== 'number' || !(exp <= iat + this.#lifetimeSecondsMax)) return null;
    if (typeof sub !== 'string' || !PLAYER_PATTERN.test(sub)) return null;
    const claimed = role.safeParse(payload.role ?? 'standard');
    if (!claimed.success) return null;
    const expiresAtMs = Math.floor(exp * 1000);
    return { player: sub, role: claimed.data, expiresAtMs, issuedAt: iat };
  }
}

/**
 * HS256 with a shared secret, and the one before it while it is given. Keys are imported once: a
 * token costs about 40 microseconds.
 * @throws {RangeError} for a secret of less than 32 bytes.
 */
export async function secretVerifier(
  secret: string,
  rules: AuthRules,
  clock: Clock,
  previous: string | null = null,
): Promise<TokenVerifier> {
  const secrets = previous === null ? [secret] : [secret, previous];
  const found = Promise.all(secrets.map(importSecret));
  await found;
  return new TokenVerifier(() => found, rules, clock);
}

async function importSecret(secret: string): Promise<VerifyingKey> {
  const bytes = new Uint8Array(secretBytes(secret));
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify']);
  return { key, algorithm: 'HS256' };
}

/** EdDSA, ES256 or RS256 with the keys of an identity provider; tokens must name their `kid`. */
export function jwksVerifier(keys: JwksCache, rules: AuthRules, clock: Clock): TokenVerifier {
  const find: FindKeys = async token => {
    const { alg, kid } = decodeProtectedHeader(token);
    const algorithm = alg === 'Ed25519' ? 'EdDSA' : alg;
    if (!JWKS_ALGORITHMS.includes(algorithm as JwksAlgorithm)) return [];
    const key = await keys.find(kid, algorithm as JwksAlgorithm);
    return key === null ? [] : [{ key, algorithm: alg as string }];
  };
  return new TokenVerifier(find, rules, clock);
}
