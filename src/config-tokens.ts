// Which tokens are accepted, from the environment. Invariant: nothing that is accepted in
// production can be made or read by a stranger: secrets are long, keys come by TLS, and what a
// provider signs for somebody else is refused, since issuer and audience are named.

import { ConfigError, type Environment, integer, text } from './config-values.ts';

export interface TokenConfig {
  /** Null with a JWKS URL, and in development: then the folder has a secret of its own. */
  readonly jwtSecret: string | null;
  /** The secret before this one, whose tokens are still accepted. */
  readonly jwtSecretPrevious: string | null;
  readonly jwksUrl: string | null;
  readonly jwtIssuer: string | null;
  readonly jwtAudience: string | null;
  /** How long a token may live, from its `iat` to its `exp`. */
  readonly tokenHoursMax: number;
}

const SECRET_BYTES_MIN = 32;
const TOKEN_HOURS = 24;
const YEAR_HOURS = 366 * 24;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export function readTokens(env: Environment, isProduction: boolean): TokenConfig {
  const tokens = {
    jwtSecret: text(env, 'JWT_SECRET'),
    jwtSecretPrevious: text(env, 'JWT_SECRET_PREVIOUS'),
    jwksUrl: text(env, 'JWKS_URL'),
    jwtIssuer: text(env, 'JWT_ISSUER'),
    jwtAudience: text(env, 'JWT_AUDIENCE'),
    tokenHoursMax: integer(env, 'TOKEN_HOURS_MAX', TOKEN_HOURS, 1, YEAR_HOURS),
  };
  checkSecrets(tokens, isProduction);
  checkProvider(tokens, isProduction);
  return tokens;
}

function checkSecrets(tokens: TokenConfig, isProduction: boolean): void {
  const { jwtSecret, jwtSecretPrevious, jwksUrl } = tokens;
  if (jwtSecret !== null && jwksUrl !== null) {
    throw new ConfigError('Set JWT_SECRET or JWKS_URL, not both.');
  }
  for (const [name, secret] of [
    ['JWT_SECRET', jwtSecret],
    ['JWT_SECRET_PREVIOUS', jwtSecretPrevious],
  ] as const) {
    if (secret !== null && Buffer.byteLength(secret) < SECRET_BYTES_MIN) {
      throw new ConfigError(
        `${name} needs at least ${SECRET_BYTES_MIN} bytes. One way to get it: ` +
          'openssl rand -base64 48',
      );
    }
  }
  if (jwtSecretPrevious !== null && (jwtSecret === null || jwtSecret === jwtSecretPrevious)) {
    throw new ConfigError(
      'JWT_SECRET_PREVIOUS is the secret before JWT_SECRET: set JWT_SECRET to the new one.',
    );
  }
  if (isProduction && jwtSecret === null && jwksUrl === null) {
    throw new ConfigError(
      'NODE_ENV=production needs JWT_SECRET (at least 32 bytes) or JWKS_URL: without one, ' +
        'anybody who reads the data folder can make tokens.',
    );
  }
}

function checkProvider(tokens: TokenConfig, isProduction: boolean): void {
  const { jwksUrl, jwtIssuer, jwtAudience } = tokens;
  if (jwksUrl === null) return;
  if (!URL.canParse(jwksUrl)) throw new ConfigError(`JWKS_URL is no URL: ${jwksUrl}`);
  const { protocol, hostname } = new URL(jwksUrl);
  const isNear = protocol === 'http:' && LOOPBACK.test(hostname);
  if (protocol !== 'https:' && !(isNear && !isProduction)) {
    throw new ConfigError(
      `JWKS_URL=${jwksUrl}: expected https://, or whoever is on the way can put in other keys. ` +
        'http:// is for this machine alone, and not with NODE_ENV=production.',
    );
  }
  if (jwtIssuer === null || jwtAudience === null) {
    throw new ConfigError(
      'JWKS_URL needs JWT_ISSUER and JWT_AUDIENCE: a provider signs tokens for other services ' +
        'too, and those must not open sessions here.',
    );
  }
}
