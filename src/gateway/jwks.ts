// The public keys of an identity provider, by their `kid`. The provider may be slow, down or wrong
// for a long time without a player noticing: known keys go on working for a day, one fetch is under
// way at most, and unknown kids cannot make this server hammer the provider.

import { type CryptoKey, importJWK, type JWK } from 'jose';
import type { Log } from '../base/log.ts';

/** The algorithms that keys may have, each bound to its key type. */
export const JWKS_ALGORITHMS = ['EdDSA', 'ES256', 'RS256'] as const;
export type JwksAlgorithm = (typeof JWKS_ALGORITHMS)[number];

export interface JwksOptions {
  readonly url: string;
  readonly log: Log;
  /** Keys older than this are fetched again in the background. */
  readonly freshMs?: number;
  /** Keys older than this are not used any more. */
  readonly staleMs?: number;
  /** After a fetch, no other one for this long; after failures it doubles up to five minutes. */
  readonly cooldownMs?: number;
  readonly timeoutMs?: number;
  readonly bytesMax?: number;
  /** Monotonic milliseconds. */
  readonly nowMs?: () => number;
  readonly fetch?: typeof fetch;
}

const BACKOFF_MAX_MS = 5 * 60_000;
const KEYS_MAX = 64;
const KID_LENGTH_MAX = 256;
const RSA_MODULUS_CHARACTERS_MIN = 342; // base64url of 2,048 bits

interface KnownKey {
  readonly algorithm: JwksAlgorithm;
  readonly key: CryptoKey | Uint8Array;
}

export class JwksCache {
  readonly #options: Required<Omit<JwksOptions, 'log'>>;
  readonly #log: Log;
  #keys: ReadonlyMap<string, KnownKey> = new Map();
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #nextFetchAtMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #fetching: Promise<void> | null = null;

  constructor(options: JwksOptions) {
    this.#log = options.log;
    this.#options = {
      freshMs: 10 * 60_000,
      staleMs: 24 * 60 * 60_000,
      cooldownMs: 30_000,
      timeoutMs: 5_000,
      bytesMax: 256 * 1024,
      nowMs: () => performance.now(),
      fetch: globalThis.fetch,
      ...options,
    };
  }

  /** Fetches once, so that the first player does not wait. A failure is only logged. */
  async prewarm(): Promise<void> {
    await this.#refresh();
  }

  /** The key for a token, or null when `kid` is unknown or belongs to another algorithm. */
  async find(kid: unknown, algorithm: string): Promise<CryptoKey | Uint8Array | null> {
    if (typeof kid !== 'string' || kid.length === 0 || kid.length > KID_LENGTH_MAX) return null;
    const { freshMs, staleMs, nowMs } = this.#options;
    const ageMs = nowMs() - this.#fetchedAtMs;
    const usable = ageMs <= staleMs && this.#keys.has(kid);
    if (!usable) await this.#refresh();
    else if (ageMs > freshMs) void this.#refresh();
    if (nowMs() - this.#fetchedAtMs > staleMs) return null;
    const known = this.#keys.get(kid);
    return known !== undefined && known.algorithm === algorithm ? known.key : null;
  }

  /** Never rejects. Does nothing within the cool-down; all who wait share one fetch. */
  #refresh(): Promise<void> {
    if (this.#fetching !== null) return this.#fetching;
    const { cooldownMs, nowMs } = this.#options;
    if (nowMs() < this.#nextFetchAtMs) return Promise.resolve();
    this.#nextFetchAtMs = nowMs() + cooldownMs;
    this.#fetching = this.#load()
      .then(
        keys => {
          this.#keys = keys;
          this.#fetchedAtMs = nowMs();
          this.#failures = 0;
        },
        (error: unknown) => {
          this.#failures += 1;
          const waitMs = Math.min(cooldownMs * 2 ** this.#failures, BACKOFF_MAX_MS);
          this.#nextFetchAtMs = nowMs() + Math.max(waitMs, cooldownMs);
          const reason = error instanceof Error ? error.message : String(error);
          this.#log.warn({ reason, failures: this.#failures, waitMs }, 'JWKS cannot be fetched');
        },
      )
      .finally(() => {
        this.#fetching = null;
      });
    return this.#fetching;
  }

  async #load(): Promise<ReadonlyMap<string, KnownKey>> {
    const { url, timeoutMs, bytesMax } = this.#options;
    const response = await this.#options.fetch(url, {
      redirect: 'error',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    const body: unknown = JSON.parse(await readText(response, bytesMax));
    const keys = (body as { keys?: unknown } | null)?.keys;
    if (!Array.isArray(keys)) throw new Error('no keys');
    if (keys.length > KEYS_MAX) throw new Error(`more than ${KEYS_MAX} keys`);
    return importKeys(keys);
  }
}

/** Keys that cannot be used are left out; of two with one kid neither is trusted. */
async function importKeys(jwks: readonly unknown[]): Promise<ReadonlyMap<string, KnownKey>> {
  const keys = new Map<string, KnownKey>();
  const seen = new Set<string>();
  for (const candidate of jwks) {
    if (typeof candidate !== 'object' || candidate === null) continue;
    const jwk = candidate as JWK;
    const algorithm = algorithmOf(jwk);
    if (typeof jwk.kid !== 'string' || algorithm === null) continue;
    if (seen.has(jwk.kid)) {
      keys.delete(jwk.kid);
      continue;
    }
    seen.add(jwk.kid);
    try {
      const { kty, n, e, crv, x, y } = jwk;
      const publicPart = JSON.parse(JSON.stringify({ kty, n, e, crv, x, y })) as JWK;
      keys.set(jwk.kid, { algorithm, key: await importJWK(publicPart, algorithm) });
    } catch {
      // A key that cannot be imported verifies nothing; the others still do.
    }
  }
  if (keys.size === 0) throw new Error('no usable keys');
  return keys;
}

function algorithmOf(jwk: JWK): JwksAlgorithm | null {
  if (jwk.use !== undefined && jwk.use !== 'sig') return null;
  const algorithm = algorithmOfType(jwk);
  const said = jwk.alg === 'Ed25519' ? 'EdDSA' : jwk.alg;
  return said === undefined || said === algorithm ? algorithm : null;
}

function algorithmOfType(jwk: JWK): JwksAlgorithm | null {
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') return 'EdDSA';
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') return 'ES256';
  if (jwk.kty === 'RSA' && (jwk.n?.length ?? 0) >= RSA_MODULUS_CHARACTERS_MIN) return 'RS256';
  return null;
}

async function readText(response: Response, bytesMax: number): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error(`larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
