// Three ways to bring an engine back from its facts: every group in its order, as the journal would
// be replayed; the last fact of each thing, as the tables would be loaded; and both, as from tables
// that are behind the journal: what they say, and then the groups behind that.

import { Engine } from '../../src/engine/engine.ts';
import type { Fact, FactGroup, TradeFact } from '../../src/engine/fact.ts';
import type { Rules } from '../../src/engine/rules.ts';
import { FactTables, isLive } from './fact-tables.ts';

const INVITATION_MEMORY_MS = 60_000;
const RECENT_TRADES = 15;

/** Facts as they are after a journey through bytes: equal, and shared with nobody. */
function travelled<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

export function replay(rules: Rules, groups: readonly FactGroup[], tables: FactTables): Engine {
  const engine = new Engine(rules);
  follow(engine, groups, new FactTables(rules));
  return resumed(engine, tables);
}

export function load(rules: Rules, tables: FactTables): Engine {
  const engine = new Engine(rules);
  loadInto(engine, tables);
  return resumed(engine, tables);
}

/** @param lag how many of the last groups the tables lack. */
export function loadAndFollow(
  rules: Rules,
  groups: readonly FactGroup[],
  lag: number,
  tables: FactTables,
): Engine {
  const behind = new FactTables(rules);
  const shown = Math.max(0, groups.length - lag);
  for (const group of groups.slice(0, shown)) behind.apply(group);
  const engine = new Engine(rules);
  loadInto(engine, behind);
  follow(engine, groups.slice(shown), behind);
  return resumed(engine, tables);
}

function follow(engine: Engine, groups: readonly FactGroup[], from: FactTables): void {
  const { livedStepMaxMs } = engine.state.rules;
  let { livedMs, atMs: beforeMs } = from;
  for (const { facts, atMs } of travelled(groups)) {
    livedMs += Math.min(atMs - beforeMs, livedStepMaxMs);
    beforeMs = atMs;
    for (const fact of facts) engine.restore(fact, livedMs);
  }
}

function loadInto(engine: Engine, tables: FactTables): void {
  const put = (facts: readonly Fact[]) => {
    for (const fact of travelled(facts)) engine.restore(fact, tables.livedMs);
  };
  put([...tables.players.values()].sort((one, other) => one.player - other.player));
  put([...tables.locations.values()].sort((one, other) => one.location - other.location));
  const assets = [...tables.items.values(), ...tables.instances.values()];
  put(assets.sort((one, other) => one.asset - other.asset));
  put([...tables.accounts.values()].sort((one, other) => one.account - other.account));
  put(tables.openOrders().sort((one, other) => one.priority - other.priority));
  put(lastTrades(tables.trades));
  const recent = [...tables.windows.values()].filter(window => {
    return isLive(window) || window.createdAtMs + INVITATION_MEMORY_MS > tables.atMs;
  });
  put(recent.sort((one, other) => one.id - other.id));
  put([...tables.manifests.values()].filter(({ body }) => isUnderReview(tables, body.manifest)));
  put(tables.openOffers().sort((one, other) => one.id - other.id));
  put([...tables.blocks.values()].filter(({ blocked }) => blocked));
  put([...tables.privacies.values()].filter(({ closed }) => closed));
  put([...tables.friends.values()]);
  put([...tables.forgotten.values()]);
  for (const { fact, livedMs } of tables.keys) {
    const isForgotten = fact.key <= (tables.forgotten.get(fact.player)?.key ?? '');
    if (!isForgotten) engine.restore(travelled(fact), livedMs);
  }
}

function resumed(engine: Engine, tables: FactTables): Engine {
  const { sequence, atMs, livedMs, lastTrade } = tables;
  const last = (ids: Iterable<number>) => Math.max(0, ...ids);
  engine.resume({
    ...{ sequence, atMs, livedMs, lastTrade },
    lastOrder: last(tables.orders.keys()),
    lastWindow: last(tables.windows.keys()),
    lastOffer: last(tables.offers.keys()),
  });
  return engine;
}

/** As many of each market and location as its reference price is made of, oldest first. */
function lastTrades(trades: readonly TradeFact[]): TradeFact[] {
  const counts = new Map<string, number>();
  const last = trades.toReversed().filter(({ asset, location }) => {
    const market = `${asset} ${location}`;
    const count = (counts.get(market) ?? 0) + 1;
    counts.set(market, count);
    return count <= RECENT_TRADES;
  });
  return last.reverse();
}

function isUnderReview(tables: FactTables, manifest: string): boolean {
  return tables.liveWindows().some(window => window.manifest === manifest);
}
