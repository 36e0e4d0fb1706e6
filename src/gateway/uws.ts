// The one file that loads uWebSockets.js. Its native part is built per Node version: the current
// package serves Node 22, 24 and 26, the older one Node 20. Both offer what the gateway uses; of
// what only the newer one has (collectBody, send in fragments, remote ports) nothing is used.

import type * as Uws from 'uWebSockets.js';
import { createRequire } from 'node:module';

export type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket as ListenSocket,
  WebSocket,
} from 'uWebSockets.js';

export type UwsModule = typeof Uws;

const PACKAGES = ['uWebSockets.js', 'uws-20.51'] as const;

/** No build of uWebSockets.js fits this machine. The text says what to do. */
export class UwsUnavailableError extends Error {
  override readonly name = 'UwsUnavailableError';
}

/**
 * Loads the first package whose native part fits, trying the newer one first.
 * @param load defaults to `require`; tests give their own.
 * @throws {UwsUnavailableError} when none does.
 */
export function loadUws(
  load: (name: string) => unknown = createRequire(import.meta.url),
): UwsModule {
  const reasons: string[] = [];
  for (const name of PACKAGES) {
    try {
      return load(name) as UwsModule;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      reasons.push(`  ${name}: ${text.replace(/\s+/g, ' ').slice(0, 300)}`);
    }
  }
  throw new UwsUnavailableError(explain(reasons));
}

function explain(reasons: readonly string[]): string {
  const glibc = glibcVersion();
  return [
    'uWebSockets.js has no native build that loads here.',
    `  Node ${process.version}, ${process.platform} ${process.arch}, ${glibc}`,
    ...reasons,
    'What to do: use Node 20, 22, 24 or 26 on Linux (glibc 2.31 or later, so Debian or Ubuntu and',
    'not Alpine), macOS or Windows; install with optional dependencies (no --omit=optional), on',
    'the machine and with the Node version that will run it; then run npm install again.',
  ].join('\n');
}

function glibcVersion(): string {
  if (process.platform !== 'linux') return 'not Linux';
  const report = process.report?.getReport() as
    | { header?: { glibcVersionRuntime?: string } }
    | undefined;
  const version = report?.header?.glibcVersionRuntime;
  return version === undefined ? 'no glibc (musl?)' : `glibc ${version}`;
}
