// A second, naive reading of src/engine/RULES.md: for each entry it says what the answer must
// be, and afterwards what everybody owns, which orders are open and in which place of their
// queue. It shares types with the engine and nothing else. How it is made up: model-world.ts
// (state); model-wallet.ts, model-orders.ts, model-fills.ts, model-deals.ts (the market),
// model-windows.ts, model-manifest.ts, model-offers.ts, model-lines.ts, model-presence.ts
// (direct trades); model-due.ts (what nobody asks for), model-keys.ts (keys); this file (which rule
// for which command).

import type { Payload } from '../../protocol/commands/registry.ts';
import type { RejectCode } from '../../protocol/rejects.ts';
import type { Command, Entry } from '../../src/engine/entry.ts';
import type { Rules } from '../../src/engine/rules.ts';
import { purchase, sale } from './model-deals.ts';
import { begin, burnt, endDue, isMuchDue } from './model-due.ts';
import { ModelKeys } from './model-keys.ts';
import {
  acceptOffer,
  cancelOffer,
  counterOffer,
  createOffer,
  declineOffer,
} from './model-offers.ts';
import { cancel, create, update } from './model-orders.ts';
import { block, presence, setPrivacy, unblock } from './model-presence.ts';
import { type Body, burn, define, definePlace, grant, transfer } from './model-wallet.ts';
import * as windows from './model-windows.ts';
import { type Details, Refusal, World } from './model-world.ts';

export type Predicted =
  | { readonly outcome: 'ok'; readonly body: Body }
  | {
      readonly outcome: 'rejected' | 'invalid';
      readonly body: { readonly code: RejectCode; readonly details?: Details };
    };

type Direct = Extract<Command, { command: `windows.${string}` | `offers.${string}` }>;

export class Model {
  readonly world: World;
  /** Whether the last answer was one given before. */
  repeated = false;
  readonly keys = new ModelKeys();
  /** The last entry that left facts, and how long the realm had lived by then. */
  #settledAtMs = 0;
  #settledLivedMs = 0;

  constructor(rules: Rules) {
    this.world = new World(rules);
  }

  apply(entry: Entry): Predicted {
    this.world.nowMs = entry.atMs;
    this.repeated = false;
    endDue(this.world);
    if (entry.key === null || entry.command === 'keys.get') return this.#decide(entry);
    const known = this.keys.known(entry, entry.key, entry.atMs);
    if (known === 'KEY_EXPIRED' || known === 'KEY_AHEAD') {
      return { outcome: 'invalid', body: { code: known, details: { serverTimeMs: entry.atMs } } };
    }
    if (known !== 'fresh') {
      this.repeated = known.digest === entry.digest;
      if (this.repeated) return known.answer;
      return { outcome: 'invalid', body: { code: 'KEY_REUSED' } };
    }
    const answer = this.#decide(entry);
    this.world.players.add(entry.player);
    this.keys.decide(entry, entry.key, this.livedMs, answer);
    return answer;
  }

  /** The last entry left facts. */
  settled(): void {
    this.#settledLivedMs = this.livedMs;
    this.#settledAtMs = this.world.nowMs;
  }

  /** Whether ticks must come before anything else at this time. */
  isMuchDue(atMs: number): boolean {
    return isMuchDue(this.world, atMs);
  }

  /** Another engine goes on, perhaps under other rules; it is yet to be told that it begins. */
  restored(rules: Rules): void {
    this.world.rules = rules;
    this.world.beginning = null;
    // Who had just gone is nobody's knowledge any more: all are away in a moment.
    for (const { sides } of this.world.windows) for (const side of sides) side.leavesAtMs = 0;
  }

  #decide(entry: Entry): Predicted {
    try {
      return { outcome: 'ok', body: this.#execute(entry) };
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      const { code, details } = refusal;
      return { outcome: 'rejected', body: details === undefined ? { code } : { code, details } };
    }
  }

  #execute(entry: Entry): Body {
    const { world } = this;
    const { player } = entry;
    switch (entry.command) {
      case 'tick':
      // What the tables lack is no part of the simulation: test/engine/suspension.test.ts.
      case 'suspend':
        return {};
      case 'presence':
        return presence(world, player, entry.payload.present);
      case 'restart':
        begin(world);
        return {};
      case 'keys.get':
        return this.#ask(entry);
      case 'items.define':
        return define(world, entry.payload);
      case 'places.define':
        return definePlace(world, entry.payload);
      case 'wallet.grant':
        return grant(world, entry.payload);
      case 'wallet.burn':
        return this.#burn(entry.payload);
      case 'wallet.transfer':
        return transfer(world, entry.payload);
      case 'listings.create':
        return create(world, 'sell', player, entry.payload);
      case 'bids.create':
        return create(world, 'buy', player, entry.payload);
      case 'listings.update':
        return update(world, 'sell', player, entry.payload.listing, entry.payload);
      case 'bids.update':
        return update(world, 'buy', player, entry.payload.bid, entry.payload);
      case 'listings.cancel':
        return cancel(world, 'sell', player, entry.payload.listing);
      case 'bids.cancel':
        return cancel(world, 'buy', player, entry.payload.bid);
      case 'purchases.create':
        return purchase(world, player, entry.payload);
      case 'sales.create':
        return sale(world, player, entry.payload);
      default:
        return executeDirect(world, player, entry);
    }
  }

  #burn(payload: Payload<'wallet.burn'>): Body {
    const body = burn(this.world, payload);
    burnt(this.world, payload.asset);
    return body;
  }

  #ask(entry: Extract<Entry, { command: 'keys.get' }>): Body {
    const known = this.keys.known(entry, entry.payload.key, entry.atMs);
    if (known === 'KEY_EXPIRED') return { status: 'expired' };
    if (typeof known === 'string') return { status: 'free' };
    return { status: 'decided', outcome: known.answer.outcome, body: known.answer.body };
  }

  /** How long the realm has lived at the last entry. */
  get livedMs(): number {
    const { nowMs, rules } = this.world;
    return this.#settledLivedMs + Math.min(nowMs - this.#settledAtMs, rules.livedStepMaxMs);
  }
}

/** A command of a player that changes his live window, in whatever, is one step of it. */
function executeDirect(world: World, player: string, entry: Direct): Body {
  const id = 'window' in entry.payload ? entry.payload.window : 0;
  const window = world.windows.find(one => one.id === id);
  const before = JSON.stringify(window);
  const body = decideDirect(world, player, entry);
  const isLive = window !== undefined && world.liveWindows().includes(window);
  if (isLive && JSON.stringify(window) !== before) window.steps += 1;
  return body;
}

function decideDirect(world: World, player: string, entry: Direct): Body {
  switch (entry.command) {
    case 'windows.invite':
      return windows.invite(world, player, entry.payload.player);
    case 'windows.join':
      return windows.join(world, player, entry.payload.window);
    case 'windows.decline':
      return windows.decline(world, player, entry.payload.window);
    case 'windows.put':
      return windows.put(world, player, entry.payload);
    case 'windows.accept':
      return windows.acceptTable(world, player, entry.payload);
    case 'windows.unaccept':
      return windows.unaccept(world, player, entry.payload.window);
    case 'windows.confirm':
      return windows.confirm(world, player, entry.payload);
    case 'windows.unconfirm':
      return windows.unconfirm(world, player, entry.payload.window);
    case 'windows.reopen':
      return windows.reopen(world, player, entry.payload.window);
    case 'windows.cancel':
      return windows.cancelWindow(world, player, entry.payload.window);
    case 'windows.block':
      return block(world, player, entry.payload.player);
    case 'windows.unblock':
      return unblock(world, player, entry.payload.player);
    case 'windows.privacy':
      return setPrivacy(world, player, entry.payload.invitations);
    case 'offers.create':
      return createOffer(world, player, entry.payload);
    case 'offers.accept':
      return acceptOffer(world, player, entry.payload.offer);
    case 'offers.decline':
      return declineOffer(world, player, entry.payload.offer);
    case 'offers.cancel':
      return cancelOffer(world, player, entry.payload.offer);
    case 'offers.counter':
      return counterOffer(world, player, entry.payload);
  }
}
