// A second, naive reading of src/engine/RULES.md: for each entry it says what the answer must be,
// and afterwards what everybody owns, which orders are open and in which place of their queue. It
// shares types with the engine and nothing else. How it is made up: model-world.ts (state),
// model-wallet.ts, model-orders.ts, model-fills.ts and model-deals.ts (rules), this file (time,
// keys).

import type { RejectCode } from '../../protocol/rejects.ts';
import type { Entry } from '../../src/engine/entry.ts';
import type { Rules } from '../../src/engine/rules.ts';
import { purchase, sale } from './model-deals.ts';
import { cancel, create, update } from './model-orders.ts';
import { type Body, burn, define, grant, transfer } from './model-wallet.ts';
import { type Details, Refusal, World } from './model-world.ts';

export type Predicted =
  | { readonly outcome: 'ok'; readonly body: Body }
  | {
      readonly outcome: 'rejected' | 'invalid';
      readonly body: { readonly code: RejectCode; readonly details?: Details };
    };

interface ModelKey {
  readonly key: string;
  readonly digest: number;
  readonly atMs: number;
  readonly answer: Predicted;
}

export class Model {
  readonly world: World;
  /** Whether the last answer was one given before. */
  repeated = false;
  readonly #keys = new Map<string, ModelKey[]>();

  constructor(rules: Rules) {
    this.world = new World(rules);
  }

  apply(entry: Entry): Predicted {
    this.world.nowMs = entry.atMs;
    this.repeated = false;
    for (const order of this.world.openOrders()) {
      if (order.expiresAtMs !== 0 && order.expiresAtMs <= entry.atMs) order.status = 'expired';
    }
    this.#forget(entry.atMs);
    if (entry.key === null || entry.command === 'keys.get') return this.#decide(entry);
    const keys = this.#keysOf(entry.player);
    const known = keys.find(one => one.key === entry.key);
    if (known !== undefined) {
      this.repeated = known.digest === entry.digest;
      if (this.repeated) return known.answer;
      return { outcome: 'invalid', body: { code: 'KEY_REUSED' } };
    }
    const answer = this.#decide(entry);
    keys.push({ key: entry.key, digest: entry.digest, atMs: entry.atMs, answer });
    if (keys.length > this.world.rules.keysPerPlayerMax) keys.shift();
    return answer;
  }

  changeRules(rules: Rules): void {
    this.world.rules = rules;
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
        return {};
      case 'keys.get':
        return this.#ask(player, entry.payload.key);
      case 'items.define':
        return define(world, entry.payload);
      case 'wallet.grant':
        return grant(world, entry.payload);
      case 'wallet.burn':
        return burn(world, entry.payload);
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
    }
  }

  #ask(player: string, key: string): Body {
    const known = this.#keysOf(player).find(one => one.key === key);
    if (known === undefined) return { status: 'free' };
    return { status: 'decided', outcome: known.answer.outcome, body: known.answer.body };
  }

  #keysOf(player: string): ModelKey[] {
    let keys = this.#keys.get(player);
    if (keys === undefined) {
      keys = [];
      this.#keys.set(player, keys);
    }
    return keys;
  }

  #forget(nowMs: number): void {
    const { keyRetentionMs } = this.world.rules;
    for (const [player, keys] of this.#keys) {
      const kept = keys.filter(one => one.atMs + keyRetentionMs > nowMs);
      this.#keys.set(player, kept);
    }
  }
}
