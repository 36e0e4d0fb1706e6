// Why a port could not be had. uWebSockets says only that it could not, so the system is asked.

import { createServer } from 'node:net';

/** The server cannot listen where it is told to. The message is for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** The variables that say where to listen. */
interface Variables {
  readonly host: string;
  readonly port: string;
}

export const PLAYERS_VARIABLES: Variables = Object.freeze({ host: 'HOST', port: 'PORT' });
export const OPS_VARIABLES: Variables = Object.freeze({ host: 'OPS_HOST', port: 'OPS_PORT' });

/** What kept the server from listening at `host:port`. */
export async function whyNot(
  host: string,
  port: number,
  variables: Variables,
): Promise<ListenError> {
  const reason = await codeOf(host, port);
  const explained = reason === null ? 'it was taken a moment ago' : explain(reason, variables);
  return new ListenError(
    `Cannot listen on ${host}:${port}: ${explained}. Nothing else was touched.`,
  );
}

function explain(reason: string, { host, port }: Variables): string {
  switch (reason) {
    case 'EADDRINUSE':
      return `another process has this port. Stop it, or set ${port} (0 takes any free one)`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine`;
    case 'EACCES':
      return `ports below 1024 need a right that this process does not have. Set ${port}`;
    default:
      return reason;
  }
}

/** The error of listening there, or null when it works. */
function codeOf(host: string, port: number): Promise<string | null> {
  const probe = createServer();
  return new Promise(resolve => {
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
}
