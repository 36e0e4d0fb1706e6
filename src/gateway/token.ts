// What a token says and how one is made. Checking one is the business of auth.ts.

import { SignJWT } from 'jose';
import { type Role, role } from '../../protocol/commands/session.ts';
import { PLAYER_PATTERN } from '../../protocol/fields.ts';

/** Bytes of an HS256 secret: shorter ones can be guessed offline from any token. */
export const SECRET_BYTES_MIN = 32;

/** Who a verified token names, and until when. */
export interface Identity {
  readonly player: string;
  readonly role: Role;
  /** The `exp` of the token: milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
  /** The `iat` of the token: seconds since the Unix epoch. */
  readonly issuedAt: number;
}

export interface TokenClaims {
  readonly player: string;
  readonly role?: Role;
  /** From now on. */
  readonly expiresInSeconds: number;
  readonly issuer?: string;
  readonly audience?: string;
}

/** The bytes of a secret given as text. Throws RangeError for fewer than 32. */
export function secretBytes(secret: string): Uint8Array {
  const bytes = new TextEncoder().encode(secret);
  if (bytes.length >= SECRET_BYTES_MIN) return bytes;
  throw new RangeError(
    `A secret has at least ${SECRET_BYTES_MIN} bytes; this has ${bytes.length}.`,
  );
}

/**
 * An HS256 token for development and tests.
 * @throws {RangeError} for a short secret or a name that no player can have.
 */
export async function signToken(secret: string, claims: TokenClaims): Promise<string> {
  if (!PLAYER_PATTERN.test(claims.player)) {
    throw new RangeError('A player is 1 to 64 letters, digits and . _ : @ | -, no sign first.');
  }
  const nowSeconds = Math.floor(Date.now() / 1000);
  const token = new SignJWT({ role: role.parse(claims.role ?? 'standard') })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(claims.player)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + claims.expiresInSeconds);
  if (claims.issuer !== undefined) token.setIssuer(claims.issuer);
  if (claims.audience !== undefined) token.setAudience(claims.audience);
  return token.sign(secretBytes(secret));
}
