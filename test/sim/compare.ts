// Compares what the engine said with what the model says: answers, and the whole state by names.
// Each function returns the first difference in words, or null.

import { compareDirect } from './compare-direct.ts';
import type { FactTables } from './fact-tables.ts';
import { matches } from './matches.ts';
import type { Model, Predicted } from './model.ts';
import { ISSUER, MAIN, type ModelOrder, remainingOf } from './model-world.ts';

/** `message` is for people: it is compared with nothing. */
export function compareAnswers(
  actual: { readonly outcome: string; readonly body: unknown },
  predicted: Predicted,
): string | null {
  const same = actual.outcome === predicted.outcome && matches(actual.body, predicted.body);
  if (same) return null;
  const said = JSON.stringify([actual.outcome, actual.body]);
  const ours = JSON.stringify([predicted.outcome, predicted.body]);
  return `the answer is ${said}, the model says ${ours}`;
}

export function compareStates(tables: FactTables, model: Model): string | null {
  return (
    compareAccounts(tables, model) ??
    compareOrders(tables, model) ??
    compareItems(tables, model) ??
    compareDirect(tables, model)
  );
}

function compareAccounts(tables: FactTables, model: Model): string | null {
  const expected = model.world.accounts();
  for (const account of tables.accounts.values()) {
    if (account.available === 0 && account.held === 0) continue;
    const owner = tables.playerName(account.owner);
    const asset = tables.assetName(account.asset);
    const location = owner === ISSUER ? MAIN : tables.locationName(account.location);
    const name = `${owner} ${asset} ${location}`;
    const theirs = expected.get(name);
    const available = theirs?.available ?? 0n;
    const held = theirs?.held ?? 0n;
    if (BigInt(account.available) !== available || BigInt(account.held) !== held) {
      const says = `${account.available} held ${account.held}`;
      return `${name} is ${says}, the model says ${available} held ${held}`;
    }
    expected.delete(name);
  }
  const [missing] = expected.keys();
  return missing === undefined ? null : `${missing} is nothing, the model says it is not`;
}

function compareOrders(tables: FactTables, model: Model): string | null {
  const { orders } = model.world;
  if (tables.orders.size !== orders.length) {
    return `there are ${tables.orders.size} orders, the model says ${orders.length}`;
  }
  if (tables.lastTrade !== model.world.trades) {
    return `there are ${tables.lastTrade} trades, the model says ${model.world.trades}`;
  }
  for (const order of orders) {
    const fact = tables.orders.get(order.id);
    if (fact === undefined) return `order ${order.id} is unknown`;
    const actual = [
      ...[fact.side, tables.playerName(fact.player), tables.assetName(fact.asset)],
      ...[tables.locationName(fact.location), fact.price, fact.quantity, fact.remaining],
      ...[fact.feeBps, fact.postOnly, fact.timeInForce, fact.expiresAtMs, fact.status],
    ].join(' ');
    const said = describe(order);
    if (actual !== said) return `order ${order.id} is ${actual}, the model says ${said}`;
  }
  const byPlace = tables.openOrders().sort((one, other) => one.priority - other.priority);
  const books = new Set(byPlace.map(({ asset, location }) => `${asset} ${location}`));
  for (const book of books) {
    const queue = byPlace.filter(({ asset, location }) => `${asset} ${location}` === book);
    const [first] = queue;
    if (first === undefined || tables.instances.has(first.asset)) continue;
    const ids = queue.map(order => order.id);
    const theirs = ids.map(id => orders[id - 1] as ModelOrder).sort((a, b) => a.place - b.place);
    const said = theirs.map(order => order.id).join();
    if (ids.join() !== said) return `the places are ${ids.join()}, the model says ${said}`;
  }
  return null;
}

function describe(order: ModelOrder): string {
  return [
    ...[order.side, order.player, order.asset, order.location, order.price, order.quantity],
    ...[remainingOf(order), order.feeBps, order.postOnly, order.timeInForce],
    ...[order.expiresAtMs, order.status],
  ].join(' ');
}

function compareItems(tables: FactTables, model: Model): string | null {
  const { items, instances } = model.world;
  if (items.size !== tables.items.size) return `there are ${tables.items.size} items`;
  for (const fact of tables.items.values()) {
    const { kind: _kind, asset: _asset, itemKind, currency, ...rules } = fact;
    const actual = { ...rules, kind: itemKind, currency: tables.assetName(currency) };
    const said = items.get(fact.name);
    if (!matches(actual, said)) {
      return `item ${JSON.stringify(actual)}, the model says ${JSON.stringify(said)}`;
    }
  }
  if (instances.size !== tables.instances.size)
    return `there are ${tables.instances.size} instances`;
  for (const { name, attributes } of tables.instances.values()) {
    if (!matches(attributes, instances.get(name))) return `instance ${name} has other attributes`;
  }
  return null;
}
