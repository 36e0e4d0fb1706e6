// The state hash: equal states hash equal, however they came about (lived, replayed or loaded).
// Everything is visited in the order of its numbers, queues from oldest to newest. Not
// cryptographic: it finds mistakes, not forgers.

import { hashDirect } from './hash-direct.ts';
import type { State } from './state.ts';

/** Two 32-bit lanes of multiply and rotate over numbers and text. */
export class StateHash {
  #a = 0x9e3779b9;
  #b = 0x85ebca6b;

  number(value: number): void {
    this.#word(value | 0);
    this.#word(Math.floor(value / 0x1_0000_0000) | 0);
  }

  text(value: string): void {
    this.#word(value.length);
    for (let index = 0; index < value.length; index++) this.#word(value.charCodeAt(index));
  }

  digest(): string {
    const hex = (lane: number) => (lane >>> 0).toString(16).padStart(8, '0');
    return hex(this.#a) + hex(this.#b);
  }

  #word(word: number): void {
    const a = Math.imul(this.#a ^ word, 0xcc9e2d51);
    const b = Math.imul(this.#b + word, 0x1b873593);
    this.#a = ((a << 15) | (a >>> 17)) ^ b;
    this.#b = (((b << 13) | (b >>> 19)) + a) | 0;
  }
}

export function hashState(state: State): string {
  const hash = new StateHash();
  const { sequence, changedAtMs, livedMs, lastOrder, lastTrade } = state;
  for (const standing of [sequence, changedAtMs, livedMs, lastOrder, lastTrade]) {
    hash.number(standing);
  }
  for (const names of [state.players, state.locations, state.assetNames]) {
    hash.number(names.count);
    for (let number = 0; number < names.count; number++) hash.text(names.name(number));
  }
  hashAssets(hash, state);
  hashAccounts(hash, state);
  hashOrders(hash, state);
  hashDirect(hash, state);
  for (let player = 0; player < state.players.count; player++) {
    const watermark = state.keys.watermark(player);
    if (watermark === null) continue;
    hash.number(player);
    hash.text(watermark);
  }
  for (const record of state.keys.records()) {
    hash.number(record.player);
    hash.text(record.key);
    hash.number(record.digest);
    hash.number(record.livedSeconds);
    hash.number(record.ok ? 1 : 0);
    hash.number(record.service ? 1 : 0);
    hash.text(JSON.stringify(record.body));
  }
  return hash.digest();
}

function hashAssets(hash: StateHash, state: State): void {
  for (const { market, instance } of state.assets.values()) {
    if (instance === null) {
      const { item } = market;
      hash.text(item.itemKind);
      hash.number(item.currency);
      hash.number(item.tickSize);
      hash.number(item.lotSize);
      hash.number(item.minPrice);
      hash.number(item.maxPrice);
      hash.number(item.halted ? 1 : 0);
      hash.text(JSON.stringify(item.attributes));
    } else {
      hash.number(instance.item);
      hash.text(JSON.stringify(instance.attributes));
    }
  }
}

function hashAccounts(hash: StateHash, state: State): void {
  const { ledger } = state;
  hash.number(ledger.count);
  for (let account = 0; account < ledger.end; account++) {
    if (!ledger.isOpen(account)) continue;
    const { owner, asset, location, available, held } = ledger.balance(account);
    hash.number(account);
    hash.number(owner);
    hash.number(asset);
    hash.number(location);
    hash.number(available);
    hash.number(held);
  }
}

function hashOrders(hash: StateHash, state: State): void {
  for (const order of state.orders.values()) {
    hash.number(order.id);
    hash.text(order.side);
    hash.number(order.player);
    hash.number(order.asset);
    hash.number(order.location);
    hash.number(order.price);
    hash.number(order.quantity);
    hash.number(order.remaining);
    hash.number(order.held);
    hash.number(order.feeBps);
    hash.number(order.priority);
    hash.text(order.timeInForce);
    hash.number(order.postOnly ? 1 : 0);
    hash.number(order.expiresAtMs);
    hash.number(order.createdAtMs);
    // The queue itself, not only what it should be by priority.
    hash.number(order.older?.id ?? 0);
  }
}
