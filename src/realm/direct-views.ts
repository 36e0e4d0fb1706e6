// What the private feed tells of windows and offers, in the shapes of the wire.

import type { LineView, OfferView, WindowNotice } from '../../protocol/direct.ts';
import type { Line, OfferFact, WindowFact } from '../engine/fact.ts';
import { lineView } from '../engine/lines.ts';
import type { State } from '../engine/state.ts';
import { dueAtMs } from '../engine/window.ts';

/** What `player`, one of the two, is told in his private feed. */
export function windowNotice(state: State, fact: WindowFact, player: number): WindowNotice {
  const [inviter, invited] = fact.sides;
  const isInvited = player === invited.player;
  return {
    window: fact.id,
    status: fact.status,
    reason: fact.reason,
    player: state.players.name(isInvited ? inviter.player : invited.player),
    invited: isInvited,
    expiresAtMs: dueAtMs(fact),
  };
}

export function offerView(state: State, fact: OfferFact): OfferView {
  return {
    offer: fact.id,
    from: state.players.name(fact.maker),
    to: state.players.name(fact.taker),
    give: linesView(state, fact.give),
    want: linesView(state, fact.want),
    message: fact.message === '' ? null : fact.message,
    status: fact.status,
    createdAtMs: fact.createdAtMs,
    expiresAtMs: fact.expiresAtMs,
    counterOf: fact.counterOf === 0 ? null : fact.counterOf,
  };
}

function linesView(state: State, lines: readonly Line[]): LineView[] {
  return lines.map(line => lineView(state, line));
}
