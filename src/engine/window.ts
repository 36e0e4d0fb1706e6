// A live window: plain state of the face-to-face trade of two players, and the index of all live
// ones. Invariants: a player is in at most one window that he invited to or joined; each side holds
// exactly its lines while the window is live; a window that ended is in no index. The rules are in
// window-invite.ts, window-table.ts, window-review.ts and window-presence.ts.

import type { Manifest, WindowEnd, WindowEventKind, WindowStatus } from '../../protocol/direct.ts';
import { assert } from '../base/assert.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import type { Line, WindowFact, WindowSideFact } from './fact.ts';

export class WindowSide {
  readonly player: number;
  lines: readonly Line[] = [];
  accepted = false;
  confirmed = false;
  /** When the window ends unless he comes back; 0 while he is there. */
  awayUntilMs = 0;

  constructor(player: number) {
    this.player = player;
  }
}

/** Nobody's doing: the time was up, or the server had been away. */
export const NOBODY = -1;

export class Window {
  readonly id: number;
  status: WindowStatus = 'invited';
  reason: WindowEnd | null = null;
  revision = 0;
  readonly sides: readonly [WindowSide, WindowSide];
  armedAtMs = 0;
  deadlineMs = 0;
  readonly createdAtMs: number;
  manifest: Manifest | null = null;
  baseline: readonly [readonly Line[], readonly Line[]] | null = null;
  /** When it is due: the earliest of its deadline and of both absences. See {@link Windows}. */
  expiresAtMs = 0;
  expiryIndex = -1;

  constructor(id: number, inviter: number, invited: number, createdAtMs: number) {
    this.id = id;
    this.sides = [new WindowSide(inviter), new WindowSide(invited)];
    this.createdAtMs = createdAtMs;
  }

  /** The player's own side, or null. */
  sideOf(player: number): WindowSide | null {
    const [inviter, invited] = this.sides;
    if (inviter.player === player) return inviter;
    return invited.player === player ? invited : null;
  }

  /** The other player's side. */
  partnerOf(side: WindowSide): WindowSide {
    return this.sides[0] === side ? this.sides[1] : this.sides[0];
  }

  get isLive(): boolean {
    return this.status !== 'done' && this.status !== 'cancelled';
  }
}

/** An invitation of the last minute, whatever became of it. */
interface Invitation {
  readonly inviter: number;
  readonly invited: number;
  readonly atMs: number;
}

const INVITATION_MEMORY_MS = 60_000;

export class Windows {
  readonly #live = new Map<number, Window>();
  /** The window that a player takes part in: as the one who invited, or who joined. */
  readonly #ofPlayer = new Map<number, Window>();
  readonly expiries = new ExpiryQueue<Window>();
  #invitations: Invitation[] = [];

  get size(): number {
    return this.#live.size;
  }

  /** Live ones, by id. */
  values(): Window[] {
    return [...this.#live.values()].sort((a, b) => a.id - b.id);
  }

  get(id: number): Window | undefined {
    return this.#live.get(id);
  }

  /** The window that occupies a player. An invitation to him that he has not answered does not. */
  occupying(player: number): Window | undefined {
    return this.#ofPlayer.get(player);
  }

  /** Takes a new or restored window in, or brings the indexes up to what has changed in it. */
  put(window: Window): void {
    assert(window.isLive, 'only a live window is kept');
    this.#live.set(window.id, window);
    const [inviter, invited] = window.sides;
    this.#ofPlayer.set(inviter.player, window);
    if (window.status !== 'invited') this.#ofPlayer.set(invited.player, window);
    if (window.expiryIndex >= 0) this.expiries.remove(window);
    window.expiresAtMs = window.deadlineMs;
    for (const { awayUntilMs } of window.sides) {
      if (awayUntilMs > 0) window.expiresAtMs = Math.min(window.expiresAtMs, awayUntilMs);
    }
    this.expiries.add(window);
  }

  /** Takes a window out that has ended. */
  remove(window: Window): void {
    assert(!window.isLive, 'a live window stays');
    this.#live.delete(window.id);
    for (const { player } of window.sides) {
      if (this.#ofPlayer.get(player) === window) this.#ofPlayer.delete(player);
    }
    if (window.expiryIndex >= 0) this.expiries.remove(window);
  }

  /** Remembers for a minute that somebody was invited. */
  invited(inviter: number, invited: number, atMs: number): void {
    this.#invitations.push({ inviter, invited, atMs });
  }

  /** Invitations of the last minute before `nowMs`, oldest first. */
  invitations(nowMs: number): readonly Invitation[] {
    const sinceMs = nowMs - INVITATION_MEMORY_MS;
    if ((this.#invitations[0]?.atMs ?? nowMs) <= sinceMs) {
      this.#invitations = this.#invitations.filter(({ atMs }) => atMs > sinceMs);
    }
    return this.#invitations;
  }
}

export function windowFact(window: Window, event: WindowEventKind, by: number): WindowFact {
  const side = (of: WindowSide): WindowSideFact => ({
    player: of.player,
    lines: of.lines,
    accepted: of.accepted,
    confirmed: of.confirmed,
    awayUntilMs: of.awayUntilMs,
  });
  return {
    kind: 'window',
    id: window.id,
    status: window.status,
    reason: window.reason,
    revision: window.revision,
    sides: [side(window.sides[0]), side(window.sides[1])],
    armedAtMs: window.armedAtMs,
    deadlineMs: window.deadlineMs,
    createdAtMs: window.createdAtMs,
    manifest: window.manifest?.manifest ?? '',
    baseline: window.baseline,
    event,
    by,
  };
}
