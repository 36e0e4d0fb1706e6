// Compares windows, offers, block lists and names as the facts have them with what the model says.

import type { OfferFact, WindowFact } from '../../src/engine/fact.ts';
import { type FactTables, isLive } from './fact-tables.ts';
import { matches } from './matches.ts';
import type { Model } from './model.ts';
import type { ModelOffer, ModelWindow, World } from './model-world.ts';

/** Facts of what is over and was found right: nothing about them can change any more. */
const settled = new WeakSet<WindowFact | OfferFact>();

export function compareDirect(tables: FactTables, model: Model): string | null {
  const { world } = model;
  return (
    compareWindows(tables, world) ??
    compareOffers(tables, world) ??
    compareSets('players', named(tables.players), world.players) ??
    compareSets('locations', named(tables.locations), world.locations) ??
    compareSets('blocks', blocksOf(tables), world.blocks) ??
    compareSets('closed', closedOf(tables), world.closed) ??
    compareSets('friends', friendsOf(tables), world.friends)
  );
}

function compareWindows(tables: FactTables, { windows }: World): string | null {
  const count = tables.windows.size;
  if (count !== windows.length) return `there are ${count} windows, not ${windows.length}`;
  for (const window of windows) {
    const fact = tables.windows.get(window.id);
    if (fact === undefined) return `window ${window.id} is unknown`;
    if (settled.has(fact)) continue;
    const actual = factWindow(tables, fact);
    const said = modelWindow(window);
    if (!matches(actual, said)) return differ(`window ${window.id}`, actual, said);
    if (!isLive(fact)) settled.add(fact);
  }
  return null;
}

/** Who was away when a window ended is nobody's business any more. */
function factWindow(tables: FactTables, fact: WindowFact): object {
  const { status, reason, revision, steps, sides, armedAtMs, deadlineMs } = fact;
  const { createdAtMs, baseline } = fact;
  const manifest = fact.manifest === '' ? null : tables.manifests.get(fact.manifest)?.body;
  return {
    ...{ status, reason, revision, steps, armedAtMs, deadlineMs, createdAtMs, manifest },
    sides: sides.map(({ player, lines, accepted, confirmed, awayUntilMs }) => ({
      player: tables.playerName(player),
      assets: lines.map(line => tables.lineView(line)),
      ...{ accepted, confirmed },
      awayUntilMs: isLive(fact) ? awayUntilMs : 0,
    })),
    baseline: baseline?.map(lines => lines.map(line => tables.lineView(line))) ?? null,
  };
}

function modelWindow(window: ModelWindow): object {
  const { status, reason, revision, steps, sides, armedAtMs, deadlineMs, createdAtMs } = window;
  const isOver = status === 'done' || status === 'cancelled';
  return {
    ...{ status, reason, revision, steps, armedAtMs, deadlineMs, createdAtMs },
    manifest: window.manifest,
    sides: sides.map(({ leavesAtMs: _, ...side }) => {
      return isOver ? { ...side, awayUntilMs: 0 } : side;
    }),
    baseline: window.baseline,
  };
}

function compareOffers(tables: FactTables, { offers }: World): string | null {
  const count = tables.offers.size;
  if (count !== offers.length) return `there are ${count} offers, not ${offers.length}`;
  for (const offer of offers) {
    const fact = tables.offers.get(offer.id);
    if (fact === undefined) return `offer ${offer.id} is unknown`;
    if (settled.has(fact)) continue;
    const actual: ModelOffer = {
      ...{ id: fact.id, message: fact.message, status: fact.status, counterOf: fact.counterOf },
      ...{ createdAtMs: fact.createdAtMs, expiresAtMs: fact.expiresAtMs },
      maker: tables.playerName(fact.maker),
      taker: tables.playerName(fact.taker),
      give: fact.give.map(line => tables.lineView(line)),
      want: fact.want.map(line => tables.lineView(line)),
    };
    if (!matches(actual, offer)) return differ(`offer ${offer.id}`, actual, offer);
    if (fact.status !== 'open') settled.add(fact);
  }
  return null;
}

function blocksOf(tables: FactTables): Set<string> {
  const standing = [...tables.blocks.values()].filter(({ blocked }) => blocked);
  return new Set(
    standing.map(({ player, other }) => `${tables.playerName(player)} ${tables.playerName(other)}`),
  );
}

function friendsOf(tables: FactTables): Set<string> {
  return new Set(
    [...tables.friends.values()].map(
      ({ player, other }) => `${tables.playerName(player)} ${tables.playerName(other)}`,
    ),
  );
}

function closedOf(tables: FactTables): Set<string> {
  const standing = [...tables.privacies.values()].filter(({ closed }) => closed);
  return new Set(standing.map(({ player }) => tables.playerName(player)));
}

function named(facts: ReadonlyMap<number, { readonly name: string }>): Set<string> {
  return new Set([...facts.values()].map(({ name }) => name));
}

function compareSets(
  what: string,
  actual: ReadonlySet<string>,
  said: ReadonlySet<string>,
): string | null {
  if (actual.size === said.size && [...actual].every(one => said.has(one))) return null;
  return differ(what, [...actual].sort(), [...said].sort());
}

function differ(what: string, actual: object, said: object): string {
  return `${what} is ${JSON.stringify(actual)}, the model says ${JSON.stringify(said)}`;
}
