// Planted bugs in windows and offers: how one could cheat or be robbed if a line were missing.

import type { Mutant } from './hunt.ts';

const INVITE = 'src/engine/window-invite.js';
const TABLE = 'src/engine/window-table.js';
const REVIEW = 'src/engine/window-review.js';
const PRESENCE = 'src/engine/window-presence.js';
const STEPS = 'src/engine/window-steps.js';
const OFFERS = 'src/engine/offers.js';

export const DIRECT_MUTANTS: readonly Mutant[] = [
  {
    name: 'acceptance-survives-change',
    file: TABLE,
    find: 'step.withdrawAll(window);',
    replace: '',
  },
  {
    name: 'hold-kept-on-disconnect',
    file: STEPS,
    find: 'rehold(state, player, lines, []);',
    replace: "if (reason !== 'disconnected') rehold(state, player, lines, []);",
  },
  {
    name: 'any-manifest-confirmed',
    file: REVIEW,
    find: 'whyOtherManifest(manifest, ask.manifest) ??',
    replace: '',
  },
  {
    name: 'any-hash-accepted',
    file: TABLE,
    find: 'whyOtherTable(state, window, ask.hash) ??',
    replace: '',
  },
  {
    name: 'arming-ignored',
    file: STEPS,
    find: 'if (state.nowMs >= armedAtMs)',
    replace: 'if (state.nowMs >= 0)',
  },
  {
    name: 'arms-one-too-late',
    file: STEPS,
    find: 'if (state.nowMs >= armedAtMs)',
    replace: 'if (state.nowMs > armedAtMs)',
  },
  {
    name: 'removal-arms-like-addition',
    file: TABLE,
    find: 'const isLess = changes.some(takesAway);',
    replace: 'const isLess = changes.every(takesAway);',
  },
  {
    name: 'acceptance-does-not-arm',
    file: TABLE,
    find: 'window.sides.some(({ accepted }) => accepted)',
    replace: 'window.sides.every(({ accepted }) => accepted)',
  },
  {
    name: 'swap-of-one-side',
    file: REVIEW,
    find: '        [invited, inviter],\n',
    replace: '',
  },
  {
    name: 'warning-not-acknowledged',
    file: REVIEW,
    find: 'acknowledged.includes(token)',
    replace: 'acknowledged.length > 0',
  },
  {
    name: 'swap-while-halted',
    file: REVIEW,
    find: ' ??\n        step.whyTableHalted(state, window)',
    replace: '',
  },
  {
    name: 'confirmed-by-one',
    file: REVIEW,
    find: 'if (partner.confirmed)',
    replace: 'if (partner.accepted)',
  },
  {
    name: 'acceptance-survives-absence',
    file: PRESENCE,
    find: 'side.accepted = false;',
    replace: '',
  },
  {
    name: 'review-survives-absence',
    file: PRESENCE,
    find: "if (window.status === 'review')",
    replace: "if (window.status === 'done')",
  },
  {
    name: 'gone-for-long-is-over',
    file: PRESENCE,
    find: 'leaver.leavesAtMs < dueAtMs(window)',
    replace: 'leaver.leavesAtMs > dueAtMs(window)',
  },
  {
    name: 'grace-one-too-long',
    file: PRESENCE,
    find: '+ state.rules.direct.graceMs',
    replace: '+ state.rules.direct.graceMs + 1',
  },
  {
    name: 'one-invitation-too-many',
    file: INVITE,
    find: 'inAll >= invitesPerMinuteMax',
    replace: 'inAll > invitesPerMinuteMax',
  },
  {
    name: 'blocked-player-invites',
    file: INVITE,
    find: 'if (blocks.has(invited, inviter) || blocks.has(inviter, invited))',
    replace: 'if (blocks.has(inviter, invited))',
  },
  {
    name: 'offers-outlive-a-block',
    file: INVITE,
    find: '    invalidateBetween(state, player, other);\n',
    replace: '',
  },
  {
    name: 'two-windows-at-once',
    file: INVITE,
    find: "if (occupying !== undefined && occupying.status !== 'invited')",
    replace: "if (occupying !== undefined && occupying.status === 'done')",
  },
  {
    name: 'baseline-moves',
    file: TABLE,
    find: 'window.baseline ??=',
    replace: 'window.baseline =',
  },
  {
    name: 'raise-after-acceptance-forgotten',
    file: TABLE,
    find: 'remember(state, window, side);',
    replace: ';',
  },
  {
    name: 'upper-median',
    file: 'src/engine/recent-prices.js',
    find: 'sorted[(sorted.length - 1) >> 1]',
    replace: 'sorted[sorted.length >> 1]',
  },
  {
    name: 'swap-without-fee',
    file: 'src/engine/lines.js',
    find: 'return isMoney(state, line) ? shareOf',
    replace: 'return isMoney(state, line) && line.quantity < 0 ? shareOf',
  },
  {
    name: 'invitations-forgotten-in-recovery',
    file: 'src/engine/window-restore.js',
    find: 'atMs: createdAtMs,',
    replace: 'atMs: 0,',
  },
  {
    name: 'absence-forgotten-in-recovery',
    file: 'src/engine/window-restore.js',
    find: '{ lines, accepted, confirmed, awayUntilMs }',
    replace: '{ lines, accepted, confirmed }',
  },
  {
    name: 'counter-keeps-first-hold',
    file: OFFERS,
    find: '    rehold(state, maker, give, []);\n    end(state, countered,',
    replace: '    end(state, countered,',
  },
  {
    name: 'offer-accepted-by-anybody',
    file: OFFERS,
    find: 'return offer?.taker === state.players.find(name) ? offer : null;',
    replace: 'return offer ?? null;',
  },
  {
    name: 'offer-gives-one-side',
    file: OFFERS,
    find: 'giver: taker, receiver: maker, lines: want,',
    replace: 'giver: taker, receiver: maker, lines: [],',
  },
  {
    name: 'offer-while-halted',
    file: OFFERS,
    find: 'whyLinesHalted(state, want) ?? ',
    replace: '',
  },
  {
    name: 'burnt-and-still-wanted',
    file: 'src/engine/wallet.js',
    find: 'invalidateWanting(state, found.asset);',
    replace: ';',
  },
  {
    name: 'one-open-offer-too-many',
    file: OFFERS,
    find: 'offers.madeBy(maker).size >= rules.openOffersMax',
    replace: 'offers.madeBy(maker).size > rules.openOffersMax',
  },
  {
    name: 'one-offer-too-many-to-the-same-player',
    file: OFFERS,
    find: 'offers.countBetween(maker, taker) >= rules.offersPerPlayerMax',
    replace: 'offers.countBetween(maker, taker) > rules.offersPerPlayerMax',
  },
  {
    name: 'a-stranger-takes-the-place-of-a-stranger',
    file: OFFERS,
    find: "standing === 'stranger'",
    replace: "standing === 'nobody'",
  },
  {
    name: 'a-friend-gives-way-to-a-friend',
    file: OFFERS,
    find: '!state.friends.has(taker, offer.maker)',
    replace: 'offer !== null',
  },
  {
    name: 'a-closed-player-gets-offers',
    file: OFFERS,
    find: 'taker < 0 || blocks.isClosed(taker) || isApart',
    replace: 'taker < 0 || isApart',
  },
  {
    name: 'blocked-and-still-a-friend',
    file: INVITE,
    find: 'unfriend(state, player, other);',
    replace: '',
  },
];
