// The uWebSockets app: which requests become sockets, and the callbacks of those that did, each
// of them guarded: an exception that reached uWebSockets would end the process. Requests lie on the
// stack of uWebSockets and are read at once. Who may come in is decided in door.ts.

import { TRANSPORT_BYTES_MAX } from '../../protocol/limits.ts';
import type { GatewayContext } from './context.ts';
import type { DoorRefusal, Visitor } from './door.ts';
import { contain } from './faults.ts';
import { guardRequest, type Pages, servePages } from './http.ts';
import { receive } from './inbound.ts';
import { Session, type SocketSeat } from './session.ts';
import {
  bearerToken,
  checkUpgrade,
  forwardedFor,
  readUpgrade,
  SUBPROTOCOL,
  UPGRADE_STATUS,
  type UpgradeHeaders,
  type UpgradeRefusal,
} from './upgrade.ts';
import type { HttpRequest, HttpResponse, TemplatedApp, UwsModule, WebSocket } from './uws.ts';

type Socket = WebSocket<SocketSeat>;
type UpgradeContext = Parameters<HttpResponse['upgrade']>[4];

/** The app of the players with everything routed; it listens to nothing yet. */
export function createApp(uws: UwsModule, context: GatewayContext, pages: Pages): TemplatedApp {
  const app = uws.App();
  const { config } = context;
  const seat = (callback: (session: Session) => void) => guardSocket(context, callback);
  for (const path of ['/ws', '/']) {
    app.ws<SocketSeat>(path, {
      maxPayloadLength: TRANSPORT_BYTES_MAX,
      idleTimeout: config.idleTimeoutSeconds,
      maxBackpressure: config.backpressureBytesMax,
      closeOnBackpressureLimit: false,
      sendPingsAutomatically: true,
      compression: uws.DISABLED,
      upgrade: guardRequest(context, (res, req, socketContext) =>
        upgrade(context, res, req, socketContext),
      ),
      open: (ws: Socket) => seat(session => session.opened(ws))(ws),
      message: guardMessage(context),
      ping: seat(session => session.spendFrames(1, performance.now())),
      pong: seat(session => session.spendFrames(1, performance.now())),
      dropped: seat(session => context.outbound.dropped(session)),
      drain: seat(session => {
        session.drained();
        if (context.realm !== null) context.outbound.drained(context.realm, session);
      }),
      close: (ws: Socket, code: number) => seat(session => session.closed(code))(ws),
    });
  }
  servePages(app, context, pages);
  return app;
}

/** Frames come often: no closure and no rest arguments here. */
function guardMessage(
  context: GatewayContext,
): (ws: Socket, bytes: ArrayBuffer, isBinary: boolean) => void {
  return (ws, bytes, isBinary) => {
    const { session } = ws.getUserData();
    try {
      receive(session, bytes, isBinary);
    } catch (error) {
      contain(context, error, session);
    }
  };
}

function guardSocket(
  context: GatewayContext,
  callback: (session: Session) => void,
): (ws: Socket) => void {
  return ws => {
    const { session } = ws.getUserData();
    try {
      callback(session);
    } catch (error) {
      contain(context, error, session);
    }
  };
}

function upgrade(
  context: GatewayContext,
  res: HttpResponse,
  req: HttpRequest,
  socketContext: UpgradeContext,
): void {
  const visitor = visitorOf(context, res, req);
  const headers = readUpgrade(req);
  const refusal = whyNot(context, visitor, headers);
  if (refusal !== null) {
    refuse(context, res, refusal);
    return;
  }
  const protocol = headers.protocols === '' ? '' : SUBPROTOCOL;
  // The token is verified when session.open asks for it, not here: an upgrade that waits for a
  // promise has to be corked, and then uWebSockets 20.51 may take the new socket for the response
  // that it was, and close it (seen with one socket in a hundred).
  const session = new Session(context, visitor, bearerToken(headers));
  res.upgrade<SocketSeat>({ session }, headers.key, protocol, '', socketContext);
}

function visitorOf({ door, log }: GatewayContext, res: HttpResponse, req: HttpRequest): Visitor {
  const peer = Buffer.from(res.getRemoteAddressAsText()).toString('latin1');
  if (!door.trusts(peer)) return door.visitor(peer, []);
  const lines = forwardedFor(req);
  if (lines.length === 0) {
    log.warn(
      peer,
      'a trusted proxy sends no X-Forwarded-For: its sockets count as its own',
      () => ({
        peer,
      }),
    );
  }
  return door.visitor(peer, lines);
}

interface Refusal {
  readonly status: UpgradeRefusal;
  readonly text: string;
  readonly retryAfterSeconds: number | null;
}

function whyNot(
  context: GatewayContext,
  visitor: Visitor,
  headers: UpgradeHeaders,
): Refusal | null {
  const { realm, draining, door, config } = context;
  if (draining) return { status: '503', text: 'The server stops.\n', retryAfterSeconds: 1 };
  if (realm === null) {
    return { status: '503', text: 'The realm is being loaded.\n', retryAfterSeconds: 1 };
  }
  const refused = door.knock(visitor, performance.now());
  if (refused !== null) {
    if (refused.bound !== null) note(context, visitor, refused);
    return refused;
  }
  const status = checkUpgrade(headers, config.origins);
  return status === null ? null : { status, text: '', retryAfterSeconds: null };
}

function note({ log, metrics }: GatewayContext, visitor: Visitor, { bound }: DoorRefusal): void {
  const address = visitor.group;
  metrics.refusedAddresses.inc({ bound: bound as string });
  log.warn(address, 'an address is over its bound', () => ({ address, bound }));
}

function refuse(context: GatewayContext, res: HttpResponse, refusal: Refusal): void {
  const { status, text, retryAfterSeconds } = refusal;
  context.metrics.refusedUpgrades.inc({ status });
  res.writeStatus(UPGRADE_STATUS[status]);
  if (status === '426') res.writeHeader('Sec-WebSocket-Version', '13');
  if (retryAfterSeconds !== null) res.writeHeader('Retry-After', `${retryAfterSeconds}`);
  res.end(text, true);
}
