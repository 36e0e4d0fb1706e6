// Commands on their way to the realm: the rate limit, the number in flight, then the engine or the
// tables. A command that is refused here was not executed and leaves its key free.

import { encodeReply, type Request } from '../../protocol/codec.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import { InvariantError } from '../base/assert.ts';
import { contain } from './faults.ts';
import { OUTCOME_NUMBER } from './metrics.ts';
import type { Player } from './players.ts';
import type { Answer, EngineRequest, ReadRequest, RealmPort } from './port.ts';
import { take } from './rate-limit.ts';
import {
  answersLimited,
  type Route,
  rateLimited,
  tooManyInFlight,
  tooMuchUnread,
  UNAVAILABLE,
} from './refusals.ts';
import type { Session } from './session.ts';

/** Spends one command of the player's budget. Null when it may go on. */
function admit(session: Session, player: Player, nowMs: number): RejectBody | null {
  const { rates, config, metrics, draining, realm } = session.context;
  const rate = rates[session.role];
  if (session.isCrowded) return tooMuchUnread(config.privateBytesMax);
  if (rate !== null) {
    const answersMs = session.answersWaitMs(nowMs);
    if (answersMs > 0) {
      metrics.rateLimited.inc();
      return answersLimited(answersMs);
    }
    const waitMs = take(player, rate, player.nodes, nowMs);
    if (waitMs > 0) {
      metrics.rateLimited.inc();
      return rateLimited(waitMs);
    }
    const { inFlight } = config.limits[session.role] as { inFlight: number };
    const inFlightMax = Math.max(1, Math.floor(inFlight / player.nodes));
    if (player.inFlight >= inFlightMax) {
      metrics.rateLimited.inc();
      return tooManyInFlight(inFlightMax);
    }
  }
  return draining || realm === null ? UNAVAILABLE : null;
}

/** Hands a command to the realm's engine; its reply comes through `session.deliver`. */
export function submit(
  session: Session,
  player: Player,
  request: Request,
  route: Route,
  nowMs: number,
): void {
  const refused = admit(session, player, nowMs);
  if (refused !== null) {
    session.refuse(request.id, route, refused);
    return;
  }
  player.inFlight += 1;
  session.await(request.id, route, nowMs);
  // The route says that the engine answers this command, so name and payload belong together.
  const order = {
    id: request.id,
    command: request.command,
    payload: request.payload,
    key: request.key,
    player: request.player ?? player.name,
    sender: senderOf(session, request),
  } as EngineRequest;
  let refusal: RejectBody | null = UNAVAILABLE;
  try {
    refusal = (session.context.realm as RealmPort).submit(order, session);
  } finally {
    if (refusal !== null) {
      player.inFlight -= 1;
      session.pending?.take(request.id);
    }
  }
  if (refusal !== null) session.refuse(request.id, route, refusal);
}

function senderOf({ role }: Session, { player }: Request): EngineRequest['sender'] {
  if (role !== 'service') return 'player';
  return player === null ? 'service' : 'proxy';
}

/**
 * Asks the realm's tables. At most `readsInFlightMax` of all players wait at once, and of each of
 * them `readsAtOnceMax` ask the database: whoever asks much waits, and others don't.
 */
export function answerFromTables(
  session: Session,
  player: Player,
  request: Request,
  route: Route,
  nowMs: number,
): void {
  const { context } = session;
  const refused =
    admit(session, player, nowMs) ??
    (context.readsInFlight >= context.config.readsInFlightMax ? UNAVAILABLE : null);
  if (refused !== null) {
    session.refuse(request.id, route, refused);
    return;
  }
  const question = {
    command: request.command,
    payload: request.payload,
    player: request.player ?? player.name,
    role: session.role,
  } as ReadRequest;
  player.inFlight += 1;
  context.readsInFlight += 1;
  const isBounded = context.rates[session.role] !== null;
  const ask = () => {
    player.readsAtOnce += 1;
    read(session, question)
      .then(answer => {
        player.inFlight -= 1;
        player.readsAtOnce -= 1;
        context.readsInFlight -= 1;
        nextRead(player);
        const tookMs = performance.now() - nowMs;
        context.metrics.readReply(route.index, OUTCOME_NUMBER[answer.outcome], tookMs);
        const frame = encodeReply(request.id, answer.outcome, answer.body);
        session.sendReply(frame, answer.databaseMs);
      })
      .catch((error: unknown) => contain(context, error, session));
  };
  if (!isBounded || player.readsAtOnce < context.config.readsAtOnceMax) {
    ask();
    return;
  }
  player.waitingReads ??= [];
  player.waitingReads.push(ask);
}

function nextRead(player: Player): void {
  const next = player.waitingReads?.shift();
  if (player.waitingReads?.length === 0) player.waitingReads = null;
  next?.();
}

const NOT_READ: Answer = { outcome: 'unavailable', body: UNAVAILABLE };

async function read({ context, alive }: Session, question: ReadRequest): Promise<Answer> {
  // Whoever waited for their turn and is gone meanwhile needs no answer.
  if (!alive) return NOT_READ;
  try {
    return await (context.realm as RealmPort).read(question);
  } catch (error) {
    if (error instanceof InvariantError) throw error;
    const fields = () => ({ err: error, command: question.command });
    context.log.error(question.player, 'a read failed', fields);
    return NOT_READ;
  }
}
