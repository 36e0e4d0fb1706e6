// Frames as they come in: the bounds of a frame, its decoding, who may send which command. What is
// wrong is reported by the reason highest in protocol/rejects.ts.

import {
  decodeRequest,
  encodeReply,
  type FrameError,
  type Request,
  type RequestOf,
} from '../../protocol/codec.ts';
import type { CommandName } from '../../protocol/commands/registry.ts';
import { FRAME_BYTES_MAX, MALFORMED_FRAMES_MAX } from '../../protocol/limits.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import { endSessions } from './end-sessions.ts';
import { FORBIDDEN, ROUTES, type Route, UNAUTHORIZED } from './refusals.ts';
import { answerFromTables, submit } from './routing.ts';
import type { Session } from './session.ts';
import { answerSession } from './session-commands.ts';

const MALFORMED_WINDOW_MS = 10_000;

/** One frame of a socket. `bytes` is reused by uWebSockets as soon as this returns. */
export function receive(session: Session, bytes: ArrayBuffer, isBinary: boolean): void {
  if (!session.alive) return;
  const nowMs = performance.now();
  if (!session.spendFrames(1, nowMs)) return;
  if (!isBinary) {
    session.end('malformedFrames');
    return;
  }
  if (bytes.byteLength > FRAME_BYTES_MAX) {
    session.end('frameTooLarge');
    return;
  }
  const request = decodeRequest(new Uint8Array(bytes));
  if (request.ok) dispatch(session, request, nowMs);
  else refuseFrame(session, request, nowMs);
}

function dispatch(session: Session, request: Request, nowMs: number): void {
  const { player } = session;
  const route = ROUTES.get(request.command) as Route;
  if (route.answeredBy === 'session' && !route.serviceOnly) {
    answerSession(session, request, route);
  } else if (player === null) {
    session.refuse(request.id, route, UNAUTHORIZED);
  } else if (session.role !== 'service' && (route.serviceOnly || request.player !== null)) {
    const fields = () => ({ player: player.name, command: request.command });
    session.context.log.warn(player.name, 'forbidden', fields);
    session.refuse(request.id, route, FORBIDDEN);
  } else if (request.command === 'sessions.end') {
    endSessions(session, request as RequestOf<'sessions.end'>, route);
  } else if (route.answeredBy === 'engine') {
    submit(session, player, request, route, nowMs);
  } else {
    answerFromTables(session, player, request, route, nowMs);
  }
}

function refuseFrame(session: Session, error: FrameError, nowMs: number): void {
  session.context.metrics.refusedFrames.inc({ code: error.code });
  if (error.code === 'MALFORMED_FRAME' && tooManyMalformed(session, nowMs)) {
    session.end('malformedFrames');
    return;
  }
  const higher =
    error.code === 'INVALID_REQUEST' ? refusalBeforeFields(session, error.command) : null;
  const { id, code, message, path } = error;
  const body = higher ?? (path === null ? { code, message } : { code, message, details: { path } });
  session.sendReply(encodeReply(id, 'invalid', body));
}

/** Who may send a command comes before what is in it. */
function refusalBeforeFields(session: Session, name: CommandName | null): RejectBody | null {
  if (name === 'session.open') return null;
  if (session.player === null) return UNAUTHORIZED;
  const serviceOnly = ROUTES.get(name ?? '')?.serviceOnly === true;
  return serviceOnly && session.role !== 'service' ? FORBIDDEN : null;
}

function tooManyMalformed(session: Session, nowMs: number): boolean {
  if (nowMs - session.malformedSinceMs > MALFORMED_WINDOW_MS) {
    session.malformedSinceMs = nowMs;
    session.malformedFrames = 0;
  }
  session.malformedFrames += 1;
  return session.malformedFrames > MALFORMED_FRAMES_MAX;
}
