// The complete check of windows and offers between two entries: what they hold, that they are where
// they are looked for, and that what a window says of itself fits together.

import { FRIENDS_MAX } from '../../protocol/limits.ts';
import { compareLines } from '../../protocol/window-hash.ts';
import type { Pace, Steps } from './audit-pace.ts';
import type { Line } from './fact.ts';
import { lineView } from './lines.ts';
import type { Records } from './records.ts';
import type { State } from './state.ts';
import { nextAtMs, type Window, type WindowSide } from './window.ts';

/** Adds what the sides of live windows and the makers of open offers hold, by account. */
export function* addDirectHolds(state: State, held: Records, broken: string[], pace: Pace): Steps {
  const add = (of: string, player: number, lines: readonly Line[]) => {
    for (const line of lines) {
      const account = state.ledger.find(player, line.asset, line.location);
      if (account < 0) broken.push(`${of} holds in an account that is not there`);
      else held.setDouble(account, 0, held.double(account, 0) + line.quantity);
    }
  };
  for (const { id, sides } of state.windows.values()) {
    if (pace.step()) yield;
    for (const { player, lines } of sides) add(`window ${id}`, player, lines);
  }
  for (const { id, maker, give } of state.offers.values()) {
    if (pace.step()) yield;
    add(`offer ${id}`, maker, give);
  }
}

export function* auditWindows(state: State, broken: string[], pace: Pace): Steps {
  const { windows } = state;
  let occupied = 0;
  for (const window of windows.values()) {
    if (pace.step()) yield;
    const name = `window ${window.id}`;
    occupied += window.status === 'invited' ? 1 : 2;
    auditPlace(state, window, name, broken);
    for (const side of window.sides) auditLines(state, side.lines, name, broken);
    auditAgreement(window, name, broken);
    if (window.status === 'review') auditManifest(state, window, name, broken);
  }
  if (windows.occupied !== occupied) broken.push('a player is occupied by no window');
  if (windows.expiries.size !== windows.size) broken.push('the expiry queue has lost a window');
}

export function* auditOffers(state: State, broken: string[], pace: Pace): Steps {
  const { offers } = state;
  let made = 0;
  let received = 0;
  for (let player = 0; player < state.players.count; player++) {
    if (pace.step()) yield;
    made += offers.madeBy(player).size;
    received += offers.receivedBy(player).size;
  }
  if (made !== offers.size) broken.push('an offer is in no index of its maker');
  if (received !== offers.size) broken.push('an offer is in no index of its taker');
  if (offers.expiries.size !== offers.size) broken.push('the expiry queue has lost an offer');
  for (const offer of offers.values()) {
    if (pace.step()) yield;
    const name = `offer ${offer.id}`;
    if (offers.get(offer.id) !== offer) broken.push(`${name} is not open`);
    if (!offers.madeBy(offer.maker).has(offer)) broken.push(`${name} is lost to its maker`);
    if (!offers.receivedBy(offer.taker).has(offer)) broken.push(`${name} is lost to its taker`);
    if (offer.maker === offer.taker) broken.push(`${name} is to its maker`);
    if (offer.id > state.lastOffer) broken.push(`${name} was never given out`);
    if (!offers.expiries.keeps(offer)) broken.push(`${name} is not where it expires`);
    auditLines(state, offer.give, name, broken);
    auditLines(state, offer.want, name, broken);
  }
}

export function* auditFriends(state: State, broken: string[], pace: Pace): Steps {
  for (const [player, other, sequence] of state.friends.entries()) {
    if (pace.step()) yield;
    const name = `friend ${other} of player ${player}`;
    if (Math.max(player, other) >= state.players.count) broken.push(`${name} is unknown`);
    if (player === other) broken.push(`${name} is himself`);
    if (sequence > state.sequence) broken.push(`${name} traded after the last entry`);
    if (state.friends.countOf(player) > FRIENDS_MAX) broken.push(`${name} is one too many`);
    if (state.blocks.has(player, other)) broken.push(`${name} is blocked`);
  }
}

/** Whether a window is where it is looked for. */
function auditPlace(state: State, window: Window, name: string, broken: string[]): void {
  const { windows } = state;
  const [inviter, invited] = window.sides;
  if (windows.get(window.id) !== window) broken.push(`${name} is not found by its id`);
  if (!window.isLive) broken.push(`${name} is over, and kept`);
  if (window.id > state.lastWindow) broken.push(`${name} was never given out`);
  if (inviter.player === invited.player) broken.push(`${name} has one player twice`);
  if (windows.occupying(inviter.player) !== window) broken.push(`${name} has lost its inviter`);
  const hasJoined = window.status !== 'invited';
  if (hasJoined && windows.occupying(invited.player) !== window) {
    broken.push(`${name} has lost the player who joined`);
  }
  if (!windows.expiries.keeps(window)) broken.push(`${name} is not where it expires`);
  if (window.expiresAtMs !== nextAtMs(window)) broken.push(`${name} ends at a wrong time`);
}

/** Whether status, revision, acceptances and confirmations of a window fit together. */
function auditAgreement(window: Window, name: string, broken: string[]): void {
  const { status, sides, baseline } = window;
  const count = (has: (side: WindowSide) => boolean) => sides.filter(has).length;
  const accepted = count(side => side.accepted);
  const confirmed = count(side => side.confirmed);
  const isEmpty = sides.every(({ lines }) => lines.length === 0);
  if (status === 'invited') {
    if (window.revision !== 0 || !isEmpty || accepted > 0 || baseline !== null) {
      broken.push(`${name} goes on before its players have met`);
    }
    if (sides[1].awayUntilMs > 0) broken.push(`${name} waits for one who has not come`);
  }
  if (status === 'open' && accepted > 1) broken.push(`${name} is accepted, and not in review`);
  if (status === 'review' && accepted < 2) broken.push(`${name} is in review, and not accepted`);
  if (status !== 'review' && confirmed > 0) broken.push(`${name} is confirmed out of review`);
  if (confirmed > 1) broken.push(`${name} is confirmed, and not done`);
  if (accepted > 0 && baseline === null) broken.push(`${name} forgot what was first accepted`);
  if (accepted > 0 && isEmpty) broken.push(`${name} is accepted with nothing on the table`);
  if (count(side => side.leavesAtMs > 0 && side.awayUntilMs > 0) > 0) {
    broken.push(`${name} waits for one to leave who is away`);
  }
  if (count(side => side.accepted && side.awayUntilMs > 0) > 0) {
    broken.push(`${name} is accepted by one who is away`);
  }
  if (status !== 'review' && window.manifest !== null) {
    broken.push(`${name} has a manifest out of review`);
  }
}

/** Whether what is confirmed is what is on the table. */
function auditManifest(state: State, window: Window, name: string, broken: string[]): void {
  const { manifest } = window;
  if (manifest === null) {
    broken.push(`${name} is in review without a manifest`);
    return;
  }
  if (manifest.window !== window.id || manifest.revision !== window.revision) {
    broken.push(`${name} is in review with the manifest of another table`);
  }
  const shown = manifest.sides.map(({ player, assets }) => [
    player,
    assets.map(({ asset, location, quantity }) => [asset, location, quantity]),
  ]);
  const actual = window.sides.map(({ player, lines }) => [
    state.players.name(player),
    lines.map(line => Object.values(lineView(state, line))),
  ]);
  if (JSON.stringify(shown) !== JSON.stringify(actual)) {
    broken.push(`${name} has something else on the table than in its manifest`);
  }
}

function auditLines(state: State, lines: readonly Line[], name: string, broken: string[]): void {
  let before: ReturnType<typeof lineView> | null = null;
  for (const line of lines) {
    const shown = lineView(state, line);
    if (!Number.isSafeInteger(line.quantity) || line.quantity < 1) {
      broken.push(`${name} has ${line.quantity} of ${shown.asset}`);
    }
    if (before !== null && compareLines(before, shown) >= 0) {
      broken.push(`${name} has its lines out of order`);
    }
    before = shown;
  }
}
