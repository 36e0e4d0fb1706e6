// The uWebSockets app: which requests become sockets, and the callbacks of those that did, each
// of them guarded: an exception that reached uWebSockets would end the process. Requests lie on the
// stack of uWebSockets and are read at once.

import { TRANSPORT_BYTES_MAX } from '../../protocol/limits.ts';
import type { GatewayContext } from './context.ts';
import { contain } from './faults.ts';
import { servePages } from './http.ts';
import { receive } from './inbound.ts';
import { Session, type SocketSeat } from './session.ts';
import {
  bearerToken,
  checkUpgrade,
  readUpgrade,
  SUBPROTOCOL,
  UPGRADE_STATUS,
  type UpgradeRefusal,
} from './upgrade.ts';
import type { HttpRequest, HttpResponse, TemplatedApp, UwsModule, WebSocket } from './uws.ts';

type Socket = WebSocket<SocketSeat>;
type UpgradeContext = Parameters<HttpResponse['upgrade']>[4];

/** The app with everything routed; it listens to nothing yet. */
export function createApp(uws: UwsModule, context: GatewayContext): TemplatedApp {
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
  servePages(app, {
    registry: context.metrics.registry,
    readiness: () => context.realm?.readiness() ?? null,
    draining: () => context.draining,
    guarded: callback => guardRequest(context, callback),
  });
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

function guardRequest<Rest extends readonly unknown[]>(
  context: GatewayContext,
  callback: (res: HttpResponse, ...rest: Rest) => void,
): (res: HttpResponse, ...rest: Rest) => void {
  return (res, ...rest) => {
    try {
      callback(res, ...rest);
    } catch (error) {
      contain(context, error, null);
      res.close();
    }
  };
}

function upgrade(
  context: GatewayContext,
  res: HttpResponse,
  req: HttpRequest,
  socketContext: UpgradeContext,
): void {
  const headers = readUpgrade(req);
  const refusal = checkUpgrade(headers, context.config.origins) ?? checkRoom(context);
  if (refusal !== null) {
    refuse(context, res, refusal);
    return;
  }
  const protocol = headers.protocols === '' ? '' : SUBPROTOCOL;
  // The token is verified when session.open asks for it, not here: an upgrade that waits for a
  // promise has to be corked, and then uWebSockets 20.51 may take the new socket for the response
  // that it was, and close it (seen with one socket in a hundred).
  const session = new Session(context, bearerToken(headers));
  res.upgrade<SocketSeat>({ session }, headers.key, protocol, '', socketContext);
}

function checkRoom(context: GatewayContext): UpgradeRefusal | null {
  const { config, sessions, draining, realm } = context;
  return realm === null || draining || sessions.size >= config.socketsMax ? '503' : null;
}

function refuse(context: GatewayContext, res: HttpResponse, refusal: UpgradeRefusal): void {
  context.metrics.refusedUpgrades.inc({ status: refusal });
  res.writeStatus(UPGRADE_STATUS[refusal]);
  if (refusal === '426') res.writeHeader('Sec-WebSocket-Version', '13');
  if (refusal === '503') res.writeHeader('Retry-After', '1');
  res.end(refusal === '503' ? whyNoRoom(context) : '', true);
}

function whyNoRoom({ realm, draining }: GatewayContext): string {
  if (draining) return 'The server stops.\n';
  return realm === null ? 'The realm is being loaded.\n' : 'There is no room for more sockets.\n';
}
