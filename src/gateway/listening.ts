// Why a port could not be had. uWebSockets says only that it could not, so the system is asked.

import { createServer } from 'node:net';

/** The server cannot listen where it is told to. The message is for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** What kept the server from listening at `host:port`. */
export async function whyNot(host: string, port: number): Promise<ListenError> {
  const reason = await codeOf(host, port);
  const explained = reason === null ? 'it was taken a moment ago' : (REASONS[reason] ?? reason);
  return new ListenError(
    `Cannot listen on ${host}:${port}: ${explained}. Nothing else was touched.`,
  );
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has this port. Stop it, or set PORT (0 takes any free one)',
  EADDRNOTAVAIL: 'HOST is no address of this machine',
  ENOTFOUND: 'HOST is no address of this machine',
  EACCES: 'ports below 1024 need a right that this process does not have. Set PORT',
};

/** The error of listening there, or null when it works. */
function codeOf(host: string, port: number): Promise<string | null> {
  const probe = createServer();
  return new Promise(resolve => {
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
}
