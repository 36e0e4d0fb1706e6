// Two ways to bring an engine back from its facts: every group in its order, as the journal would
// be replayed; and the last fact of each thing, as the tables would be loaded.

import { Engine } from '../../src/engine/engine.ts';
import type { Fact, FactGroup } from '../../src/engine/fact.ts';
import type { Rules } from '../../src/engine/rules.ts';
import type { FactTables } from './fact-tables.ts';

/** Facts as they are after a journey through bytes: equal, and shared with nobody. */
function travelled<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

export function replay(rules: Rules, groups: readonly FactGroup[], tables: FactTables): Engine {
  const engine = new Engine(rules);
  for (const { facts, atMs } of travelled(groups)) {
    for (const fact of facts) engine.restore(fact, atMs);
  }
  return resumed(engine, tables);
}

export function load(rules: Rules, tables: FactTables): Engine {
  const engine = new Engine(rules);
  const put = (facts: readonly Fact[]) => {
    for (const fact of travelled(facts)) engine.restore(fact, tables.atMs);
  };
  put([...tables.players.values()].sort((one, other) => one.player - other.player));
  put([...tables.locations.values()].sort((one, other) => one.location - other.location));
  const assets = [...tables.items.values(), ...tables.instances.values()];
  put(assets.sort((one, other) => one.asset - other.asset));
  put([...tables.accounts.values()].sort((one, other) => one.account - other.account));
  put(tables.openOrders().sort((one, other) => one.priority - other.priority));
  for (const { fact, atMs } of tables.keys) engine.restore(travelled(fact), atMs);
  return resumed(engine, tables);
}

function resumed(engine: Engine, tables: FactTables): Engine {
  const { sequence, atMs, lastTrade } = tables;
  engine.resume({ sequence, atMs, lastOrder: Math.max(0, ...tables.orders.keys()), lastTrade });
  return engine;
}
