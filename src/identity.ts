// Which tokens this server accepts: by a shared secret, by a provider's public keys, or, in
// development, by a secret of its own that lies in the data folder and that `token` signs with.

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { Config } from './config.ts';
import { ConfigError } from './config-values.ts';
import {
  type AuthRules,
  jwksVerifier,
  secretVerifier,
  type TokenVerifier,
} from './gateway/auth.ts';
import { JwksCache } from './gateway/jwks.ts';

const SECRET_FILE = 'development-secret';

/** @param clock what tokens are held against. */
export async function createVerifier(
  config: Config,
  clock: Clock,
  log: Log,
): Promise<TokenVerifier> {
  const rules: AuthRules = {
    lifetimeSecondsMax: config.tokenHoursMax * 3_600,
    ...(config.jwtIssuer === null ? {} : { issuer: config.jwtIssuer }),
    ...(config.jwtAudience === null ? {} : { audience: config.jwtAudience }),
  };
  if (config.jwksUrl !== null) {
    const keys = new JwksCache({ url: config.jwksUrl, log });
    await keys.prewarm();
    return jwksVerifier(keys, rules, clock);
  }
  return secretVerifier(await signingSecret(config), rules, clock, config.jwtSecretPrevious);
}

/**
 * The secret that tokens are signed with.
 * @throws {ConfigError} when a provider signs them.
 */
export async function signingSecret(config: Config): Promise<string> {
  if (config.jwtSecret !== null) return config.jwtSecret;
  if (config.jwksUrl !== null) {
    throw new ConfigError('Tokens come from the provider behind JWKS_URL; none can be made here.');
  }
  return developmentSecret(config.folder);
}

/** Made once, readable by its owner alone. */
async function developmentSecret(folder: string): Promise<string> {
  const file = join(folder, SECRET_FILE);
  await mkdir(folder, { recursive: true });
  try {
    const secret = randomBytes(48).toString('base64');
    await writeFile(file, `${secret}\n`, { flag: 'wx', mode: 0o600 });
    return secret;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return (await readFile(file, 'utf8')).trim();
  }
}
