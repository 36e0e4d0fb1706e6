// A live window: plain state of the face-to-face trade of two players, and the index of all live
// ones. Invariants: a player is in at most one window that he invited to or joined; each side holds
// exactly its lines while the window is live; a window that ended is in no index. The rules are in
// window-invite.ts, window-table.ts, window-review.ts and window-presence.ts.

import type { Manifest, WindowEnd, WindowEventKind, WindowStatus } from '../../protocol/direct.ts';
import { assert } from '../base/assert.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import type { Line, WindowFact, WindowSideFact } from './fact.ts';
import { Numbered } from './numbered.ts';

export class WindowSide {
  readonly player: number;
  lines: readonly Line[] = [];
  accepted = false;
  confirmed = false;
  /** When the window ends unless they come back; 0 while they are there. */
  awayUntilMs = 0;
  /**
   * When they are away unless they come back before; 0 when they have a socket, or are away. No
   * fact: it ends with the process, after which all are away in any case.
   */
  leavesAtMs = 0;

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
  /** How often a command of its players has changed it: see {@link DirectRules.windowStepsMax}. */
  steps = 0;
  readonly sides: readonly [WindowSide, WindowSide];
  armedAtMs = 0;
  deadlineMs = 0;
  readonly createdAtMs: number;
  /** Of a window in review, or done. During a restoration it may come behind the window. */
  manifest: Manifest | null = null;
  /** Hash of the manifest that a restored window still waits for; empty otherwise. */
  awaited = '';
  baseline: readonly [readonly Line[], readonly Line[]] | null = null;
  /** The hash of the table at a revision, once somebody asked for it; derived. */
  hashed = { revision: -1, hash: '' };
  /** When something happens to it by itself: {@link nextAtMs}. See {@link Windows}. */
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
export interface Invitation {
  readonly window: number;
  readonly inviter: number;
  readonly invited: number;
  readonly atMs: number;
}

/** How long an invitation counts against the bounds of the one who made it. */
export const INVITATION_MEMORY_MS = 60_000;

/** How many an entry forgets that are older: more than it can add, so that they never pile up. */
const FORGOTTEN_PER_ENTRY = 16;

/** An invitation that is remembered, and the one after it. */
interface Remembered extends Invitation {
  next: Remembered | null;
}

export class Windows {
  readonly #live = new Numbered<Window>();
  /** The window that a player takes part in: as the one who invited, or who joined. */
  readonly #ofPlayer = new Numbered<Window>();
  readonly expiries = new ExpiryQueue<Window>();
  /** By window, oldest first; and the same by the one who invited, which the rules bound. */
  #oldest: Remembered | null = null;
  #newest: Remembered | null = null;
  readonly #invitationsOf = new Numbered<Invitation[]>();
  /** Restored manifests by their hashes; empty but during a restoration. */
  readonly #unclaimed = new Map<string, Manifest>();

  get size(): number {
    return this.#live.size;
  }

  /** Players whom some window occupies. */
  get occupied(): number {
    return this.#ofPlayer.size;
  }

  /** Live ones, by id, from `first` on. */
  values(first = 0): Generator<Window> {
    return this.#live.values(first);
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
    this.wake(window);
  }

  /** Brings the place of a live window among what is due up to what has changed in it. */
  wake(window: Window): void {
    const nextMs = nextAtMs(window);
    if (window.expiryIndex >= 0) {
      if (window.expiresAtMs === nextMs) return;
      this.expiries.remove(window);
    }
    window.expiresAtMs = nextMs;
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

  /** Remembers for a minute that somebody was invited; once for each window, by their ids. */
  remember({ window, inviter, invited, atMs }: Invitation): void {
    if (this.#newest !== null && this.#newest.window >= window) return;
    const invitation = { window, inviter, invited, atMs, next: null };
    if (this.#newest === null || this.#oldest === null) this.#oldest = invitation;
    else this.#newest.next = invitation;
    this.#newest = invitation;
    const own = this.#invitationsOf.get(inviter);
    if (own === undefined) this.#invitationsOf.set(inviter, [invitation]);
    else own.push(invitation);
  }

  /** How often `inviter` asked in the minute before `nowMs`: anybody, and `invited`. O(that). */
  countInvitations(
    inviter: number,
    invited: number,
    nowMs: number,
  ): { readonly inAll: number; readonly toSame: number } {
    let inAll = 0;
    let toSame = 0;
    for (const invitation of this.#invitationsOf.get(inviter) ?? []) {
      if (invitation.atMs <= nowMs - INVITATION_MEMORY_MS) continue;
      inAll++;
      if (invitation.invited === invited) toSame++;
    }
    return { inAll, toSame };
  }

  /** Invitations of the minute before `nowMs`, by window. O(n): for the hash. */
  invitations(nowMs: number): Invitation[] {
    const within: Invitation[] = [];
    for (let one = this.#oldest; one !== null; one = one.next) {
      if (one.atMs > nowMs - INVITATION_MEMORY_MS) within.push(one);
    }
    return within;
  }

  /** Forgets some of the invitations of more than a minute before `nowMs`. */
  prune(nowMs: number): void {
    for (let left = FORGOTTEN_PER_ENTRY; left > 0; left--) {
      const oldest = this.#oldest;
      if (oldest === null || oldest.atMs > nowMs - INVITATION_MEMORY_MS) return;
      this.#oldest = oldest.next;
      const own = this.#invitationsOf.get(oldest.inviter);
      assert(own?.[0] === oldest, 'an invitation is remembered for the one who made it');
      if (own.length === 1) this.#invitationsOf.delete(oldest.inviter);
      else own.shift();
    }
  }

  /** Keeps a restored manifest until the restored window comes that names it. */
  keepManifest(manifest: Manifest): void {
    this.#unclaimed.set(manifest.manifest, manifest);
  }

  /** Takes the restored manifest of this hash; null when it has not come yet. */
  claimManifest(hash: string): Manifest | null {
    const manifest = this.#unclaimed.get(hash) ?? null;
    this.#unclaimed.delete(hash);
    return manifest;
  }

  /** Ends a restoration: what was restored and never claimed is of the past. */
  resume(): void {
    this.#unclaimed.clear();
  }
}

interface Due {
  readonly deadlineMs: number;
  readonly sides: readonly { readonly awayUntilMs: number }[];
}

/** When a window ends unless something happens: by its deadline, or by an absence. */
export function dueAtMs({ deadlineMs, sides }: Due): number {
  let dueMs = deadlineMs;
  for (const { awayUntilMs } of sides) {
    if (awayUntilMs > 0) dueMs = Math.min(dueMs, awayUntilMs);
  }
  return dueMs;
}

/** When something happens to a live window by itself: it ends, or one of its players is away. */
export function nextAtMs(window: Window): number {
  let nextMs = dueAtMs(window);
  for (const { leavesAtMs } of window.sides) {
    if (leavesAtMs > 0) nextMs = Math.min(nextMs, leavesAtMs);
  }
  return nextMs;
}

/** What a window is, whatever happened to it last. */
export type WindowState = Omit<WindowFact, 'kind' | 'event' | 'by' | 'isLogged'>;

export function windowState(window: Window): WindowState {
  const side = (of: WindowSide): WindowSideFact => ({
    player: of.player,
    lines: of.lines,
    accepted: of.accepted,
    confirmed: of.confirmed,
    awayUntilMs: of.awayUntilMs,
  });
  return {
    id: window.id,
    status: window.status,
    reason: window.reason,
    revision: window.revision,
    steps: window.steps,
    sides: [side(window.sides[0]), side(window.sides[1])],
    armedAtMs: window.armedAtMs,
    deadlineMs: window.deadlineMs,
    createdAtMs: window.createdAtMs,
    manifest: window.manifest?.manifest ?? '',
    baseline: window.baseline,
  };
}

export function windowFact(
  window: Window,
  event: WindowEventKind,
  by: number,
  isLogged = true,
): WindowFact {
  const state = windowState(window);
  return {
    kind: 'window',
    id: state.id,
    status: state.status,
    reason: state.reason,
    revision: state.revision,
    steps: state.steps,
    sides: state.sides,
    armedAtMs: state.armedAtMs,
    deadlineMs: state.deadlineMs,
    createdAtMs: state.createdAtMs,
    manifest: state.manifest,
    baseline: state.baseline,
    event,
    by,
    isLogged,
  };
}
