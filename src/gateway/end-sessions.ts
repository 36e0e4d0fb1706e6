// The end of a player's sessions, which the game server orders: sockets whose token was issued
// before are closed here, and tokens issued before are refused (session-commands.ts). Other nodes
// hear of it by what SessionEnds keeps.

import type { RequestOf } from '../../protocol/codec.ts';
import { SESSION_ENDS_MAX } from '../../protocol/limits.ts';
import type { GatewayContext } from './context.ts';
import { contain } from './faults.ts';
import { limitReached, type Route, UNAVAILABLE } from './refusals.ts';
import type { Session } from './session.ts';

export function endSessions(
  session: Session,
  request: RequestOf<'sessions.end'>,
  route: Route,
): void {
  const { context } = session;
  const { ends, draining, config } = context;
  if (ends === null || draining || context.readsInFlight >= config.readsInFlightMax) {
    session.refuse(request.id, route, UNAVAILABLE);
    return;
  }
  const { player } = request.payload;
  context.readsInFlight += 1;
  const kept = ends.end(player).catch((error: unknown) => {
    const fields = () => ({ error: String(error), player });
    context.log.warn(session.who, 'the end of sessions could not be kept', fields);
    return UNAVAILABLE;
  });
  kept
    .then(issuedFrom => {
      context.readsInFlight -= 1;
      if (issuedFrom === null) {
        session.refuse(request.id, route, limitReached('sessionEnds', SESSION_ENDS_MAX));
      } else if (typeof issuedFrom !== 'number') {
        session.refuse(request.id, route, issuedFrom);
      } else {
        // Whoever ends his own sessions hears of it first.
        session.reply(request.id, route, 'ok', { player, issuedFromMs: issuedFrom * 1_000 });
        closeEnded(context, player, issuedFrom);
      }
    })
    .catch((error: unknown) => contain(context, error, session));
}

/** Closes the sockets of a player whose tokens were issued before. */
export function closeEnded(context: GatewayContext, player: string, issuedFrom: number): void {
  const sessions = context.players.find(player)?.sessions ?? [];
  for (const session of [...sessions]) {
    if (session.issuedAt < issuedFrom) session.end('ended');
  }
}
