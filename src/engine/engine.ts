// The engine: the one door into the state of a realm.
//
// `apply` is synchronous and deterministic: no I/O, clock, randomness or callback inside. Time, the
// verified player and the validated command come in with the entry; facts and an answer go out.
// Invariant: the same entries give the same facts and the same hash, and a state restored from the
// facts is the state that gave them. Order of an entry: what is due ends first (due.ts); then a
// remembered key answers as before; then the command is decided. No entry is more than a bounded
// piece of work, however much there is: what is due for long, or by the million, takes many ticks.

import { DEFAULT_LOCATION } from '../../protocol/fields.ts';
import { assert } from '../base/assert.ts';
import { type Decision, reject } from './decision.ts';
import { executeDirect } from './direct.ts';
import { endDue } from './due.ts';
import {
  type Applied,
  type Command,
  type Encoded,
  type Entry,
  type Internal,
  isInternal,
} from './entry.ts';
import type { Fact } from './fact.ts';
import { hashState } from './hash.ts';
import { purchase, sale } from './immediate.ts';
import { DEFAULT_CURRENCY, defineItem } from './items.ts';
import { type Known, knownOf } from './key-check.ts';
import { HOUSE, ISSUER } from './ledger.ts';
import { livedAfter } from './lived-time.ts';
import { cancelOrder, createOrder, updateOrder } from './orders.ts';
import { definePlace } from './places.ts';
import { rememberedBody } from './remembered-answer.ts';
import { restoreFact } from './restore.ts';
import { whyFull } from './room.ts';
import { assertRules, type Rules } from './rules.ts';
import { MAIN, State } from './state.ts';
import { type Suspension, suspend, whySuspended } from './suspension.ts';
import { burn, grant, transfer } from './wallet.ts';
import { restartWindows, setPresence } from './window-presence.ts';

/** The names of the two owners that are no players: no token can carry them. */
export const ISSUER_NAME = '$issuer';
export const HOUSE_NAME = '$house';

type Outcome = Pick<Applied, 'outcome' | 'body' | 'encoded'>;

const NOTHING_ASKED: Outcome = Object.freeze({ outcome: 'ok', body: {}, encoded: null });
const EXPIRED =
  'The key is too old: what became of it is forgotten, and it is never executed again.';
const RECALL: Outcome = Object.freeze({ outcome: 'recall', body: {}, encoded: null });

/** Where a recovered engine goes on. */
export interface Standing {
  readonly sequence: number;
  readonly atMs: number;
  readonly livedMs: number;
  readonly lastOrder: number;
  readonly lastTrade: number;
  readonly lastWindow: number;
  readonly lastOffer: number;
}

export class Engine {
  /** For reading: the feed, the audit and the tests look at it between entries. */
  readonly state: State;

  /** @param numbersMax how many there can be of players, locations, assets, accounts. */
  constructor(rules: Rules, numbersMax?: number) {
    assertRules(rules);
    this.state = new State(rules, numbersMax);
  }

  /**
   * Whether something is due at `atMs`, so that ticks must come first. A tick does as much of it as
   * an entry may, and there can be more than that.
   */
  isDue(atMs: number): boolean {
    return this.state.nextDueMs <= atMs;
  }

  /**
   * Decides one entry. Entries come in the order of their times; anything but a tick comes when no
   * more is due than one entry may end: see {@link isDue}.
   */
  apply(entry: Entry): Applied {
    const { state } = this;
    assert(entry.atMs >= state.nowMs, 'engine time never goes back');
    assert(state.output.length === 0, 'an entry begins with nothing');
    state.nowMs = entry.atMs;
    const { livedMs, changedAtMs, rules } = state;
    state.livedNowMs = livedAfter(livedMs, changedAtMs, entry.atMs, rules.livedStepMaxMs);
    if (state.players.count === 0) this.#begin();
    if (this.isDue(entry.atMs)) {
      endDue(state);
      assert(entry.command === 'tick' || !this.isDue(entry.atMs), 'what is due has ended before');
    }
    const { outcome, body, encoded } = this.#decide(entry);
    state.flush();
    const { output } = state;
    state.output = [];
    if (output.length > 0) {
      state.keys.prune(state.livedNowMs, output);
      state.sequence++;
      state.changedAtMs = state.nowMs;
      state.livedMs = state.livedNowMs;
      state.windows.prune(state.nowMs);
    }
    return { sequence: state.sequence, outcome, body, encoded, output };
  }

  /**
   * Brings one fact of the past back, with the lived time of its entry, which matters for decided
   * keys alone. Facts come in the order in which they came out.
   */
  restore(fact: Fact, livedMs: number): void {
    restoreFact(this.state, fact, livedMs);
  }

  /** Ends a restoration: where the engine stood when the last restored fact came out. */
  resume(standing: Standing): void {
    const { state } = this;
    assert(standing.sequence >= state.sequence, 'a sequence never falls');
    assert(standing.lastOrder >= state.lastOrder, 'order ids are never given out twice');
    assert(standing.lastTrade >= state.lastTrade, 'trade ids are never given out twice');
    assert(standing.lastWindow >= state.lastWindow, 'window ids are never given out twice');
    assert(standing.lastOffer >= state.lastOffer, 'offer ids are never given out twice');
    state.sequence = standing.sequence;
    state.changedAtMs = standing.atMs;
    state.nowMs = standing.atMs;
    state.livedMs = standing.livedMs;
    state.livedNowMs = standing.livedMs;
    state.lastOrder = standing.lastOrder;
    state.lastTrade = standing.lastTrade;
    state.lastWindow = standing.lastWindow;
    state.lastOffer = standing.lastOffer;
    state.windows.resume();
    state.lateKeys.resume(standing.sequence);
  }

  /** Halts this and nothing else: what the tables lacked when the state was restored from them. */
  suspend(suspension: Suspension): void {
    suspend(this.state, suspension);
  }

  /** A digest of the whole state; equal states have equal digests. O(n). */
  hash(): string {
    return hashState(this.state);
  }

  #decide(entry: Entry): Outcome {
    if (isInternal(entry)) {
      this.#happen(entry);
      return NOTHING_ASKED;
    }
    if (entry.command === 'keys.get') return tell(knownOf(this.state, entry, entry.payload.key));
    const { key } = entry;
    let isLate = false;
    if (key !== null) {
      const known = knownOf(this.state, entry, key);
      if (known !== 'fresh' && known !== 'late') return this.#repeat(entry, known);
      isLate = known === 'late';
    }
    const decision = this.#execute(entry, entry.player);
    const encoded = key === null ? null : this.#remember(entry, key, decision, isLate);
    return { outcome: decision.ok ? 'ok' : 'rejected', body: decision.body, encoded };
  }

  /** The answer to a command that is not executed because of its key. */
  #repeat(entry: Entry, known: Exclude<Known, 'fresh' | 'late'>): Outcome {
    if (known === 'recall') return RECALL;
    if (known === 'expired' || known === 'ahead') {
      const details = { serverTimeMs: this.state.nowMs };
      const { body } =
        known === 'expired'
          ? reject('KEY_EXPIRED', EXPIRED, details)
          : reject('KEY_AHEAD', 'Make the key with the time of the server.', details);
      return { outcome: 'invalid', body, encoded: null };
    }
    if (known.digest === entry.digest) {
      return { outcome: known.ok ? 'ok' : 'rejected', body: known.body, encoded: null };
    }
    const reuse = reject('KEY_REUSED', 'The key was used for another command.');
    return { outcome: 'invalid', body: reuse.body, encoded: null };
  }

  #happen(entry: Internal & Pick<Entry, 'player'>): void {
    const { state } = this;
    if (entry.command === 'presence') setPresence(state, entry.player, entry.payload.present);
    if (entry.command === 'restart') restartWindows(state);
    if (entry.command === 'suspend') suspend(state, entry.payload);
  }

  #execute(entry: Exclude<Command, { command: 'keys.get' }>, player: string): Decision {
    const { state } = this;
    const full = whyFull(state, entry.command);
    if (full !== null) return full;
    if (state.suspended.isBeyondItems) {
      const halted = whySuspended(state, player, entry);
      if (halted !== null) return halted;
    }
    switch (entry.command) {
      case 'purchases.create':
        return purchase(state, player, entry.payload);
      case 'sales.create':
        return sale(state, player, entry.payload);
      case 'listings.create':
        return createOrder(state, 'sell', player, entry.payload);
      case 'bids.create':
        return createOrder(state, 'buy', player, entry.payload);
      case 'listings.update':
        return updateOrder(state, 'sell', player, entry.payload.listing, entry.payload);
      case 'bids.update':
        return updateOrder(state, 'buy', player, entry.payload.bid, entry.payload);
      case 'listings.cancel':
        return cancelOrder(state, 'sell', player, entry.payload.listing);
      case 'bids.cancel':
        return cancelOrder(state, 'buy', player, entry.payload.bid);
      case 'wallet.grant':
        return grant(state, entry.payload);
      case 'wallet.burn':
        return burn(state, entry.payload);
      case 'wallet.transfer':
        return transfer(state, entry.payload);
      case 'items.define':
        return defineItem(state, entry.payload);
      case 'places.define':
        return definePlace(state, entry.payload);
      default:
        return executeDirect(state, player, entry);
    }
  }

  #remember(entry: Entry, key: string, decision: Decision, isLate: boolean): Encoded | null {
    const { state } = this;
    // Whoever cannot be numbered any more has done nothing, and will be told the same again.
    if (state.players.room === 0 && state.players.find(entry.player) < 0) return null;
    const { ok } = decision;
    const body = rememberedBody(decision);
    const player = state.player(entry.player);
    const { digest, sender = 'player' } = entry;
    const service = sender !== 'player';
    const fact = { kind: 'decided', player, key, digest, ok, service, body } as const;
    state.output.push(fact);
    if (isLate) {
      state.lateKeys.add(fact, state.sequence + 1);
      return null;
    }
    const encoded = state.keys.add(fact, state.livedNowMs);
    state.keys.bound(player, sender === 'service', state.nowMs, state.output);
    return body === (decision.body as unknown) ? encoded : null;
  }

  /** What every realm begins with: its two special owners, the default location, a currency. */
  #begin(): void {
    const { state } = this;
    assert(state.player(ISSUER_NAME) === ISSUER, 'the issuer comes first');
    assert(state.player(HOUSE_NAME) === HOUSE, 'the house comes second');
    assert(state.addLocation(DEFAULT_LOCATION) === MAIN, 'the default location comes first');
    defineItem(state, { item: DEFAULT_CURRENCY, kind: 'currency' });
  }
}

/** The answer to `keys.get`. */
function tell(known: Known): Outcome {
  if (known === 'recall') return RECALL;
  if (known === 'expired') return { outcome: 'ok', body: { status: 'expired' }, encoded: null };
  if (typeof known === 'string') return { outcome: 'ok', body: { status: 'free' }, encoded: null };
  const outcome = known.ok ? 'ok' : 'rejected';
  return { outcome: 'ok', body: { status: 'decided', outcome, body: known.body }, encoded: null };
}
