// What a request must look like to become a socket. uWebSockets itself looks at nothing but the
// length of the key, so the rest of RFC 6455 section 4.2.1 is checked here, and the origin.

import type { HttpRequest } from './uws.ts';

/** The subprotocol that a client may offer; one that offers others only is refused. */
export const SUBPROTOCOL = 'tradepost';

/** The headers of an upgrade, read while the request is on the stack. */
export interface UpgradeHeaders {
  readonly origin: string;
  readonly connection: string;
  readonly upgrade: string;
  readonly version: string;
  readonly key: string;
  readonly protocols: string;
  readonly authorization: string;
}

export function readUpgrade(req: HttpRequest): UpgradeHeaders {
  return {
    origin: req.getHeader('origin'),
    connection: req.getHeader('connection'),
    upgrade: req.getHeader('upgrade'),
    version: req.getHeader('sec-websocket-version'),
    key: req.getHeader('sec-websocket-key'),
    protocols: req.getHeader('sec-websocket-protocol'),
    authorization: req.getHeader('authorization'),
  };
}

export type UpgradeRefusal = '400' | '401' | '403' | '426' | '429' | '503';

export const UPGRADE_STATUS: Readonly<Record<UpgradeRefusal, string>> = {
  400: '400 Bad Request',
  401: '401 Unauthorized',
  403: '403 Forbidden',
  426: '426 Upgrade Required',
  429: '429 Too Many Requests',
  503: '503 Service Unavailable',
};

/** 16 bytes in base64: the last character has four bits only. */
const KEY_PATTERN = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
const BEARER_PATTERN = /^Bearer +(\S+)$/i;

/** Why the request may not become a socket, or null. */
export function checkUpgrade(
  headers: UpgradeHeaders,
  origins: readonly string[],
): UpgradeRefusal | null {
  // Native clients send no origin; a browser always does, and cannot leave it out.
  if (headers.origin !== '' && !origins.includes(headers.origin)) return '403';
  if (headers.version !== '13') return '426';
  if (headers.upgrade.toLowerCase() !== 'websocket') return '400';
  if (!listed(headers.connection.toLowerCase(), 'upgrade')) return '400';
  if (!KEY_PATTERN.test(headers.key)) return '400';
  if (headers.protocols !== '' && !listed(headers.protocols, SUBPROTOCOL)) return '400';
  if (headers.authorization !== '' && bearerToken(headers) === null) return '401';
  return null;
}

/** The token of the Authorization header, or null. */
export function bearerToken(headers: UpgradeHeaders): string | null {
  return BEARER_PATTERN.exec(headers.authorization)?.[1] ?? null;
}

/** The lines of X-Forwarded-For, in their order: a proxy may append one rather than extend it. */
export function forwardedFor(req: HttpRequest): readonly string[] {
  const lines: string[] = [];
  req.forEach((name, value) => {
    if (name === 'x-forwarded-for') lines.push(value);
  });
  return lines;
}

function listed(list: string, name: string): boolean {
  return list.split(',').some(part => part.trim() === name);
}
