// A window in the words of the protocol: numbers become names, nothing is decided. Made from the
// window's fact, so that what a reject shows, what is announced and what is read are one thing.

import type { WindowBrief, WindowSideView, WindowView } from '../../protocol/direct.ts';
import type { Line, WindowSideFact } from './fact.ts';
import { dueAtMs, type Window, type WindowState } from './window.ts';

/** Where the names of the numbers in a fact are found. */
export interface NamesOfFacts {
  readonly players: { name(player: number): string };
  readonly assetNames: { name(asset: number): string };
  readonly locations: { name(location: number): string };
}

export function viewOfWindow(names: NamesOfFacts, window: WindowState): WindowView {
  const line = ({ asset, location, quantity }: Line) => ({
    asset: names.assetNames.name(asset),
    location: names.locations.name(location),
    quantity,
  });
  const side = (of: WindowSideFact): WindowSideView => ({
    player: names.players.name(of.player),
    assets: of.lines.map(line),
    accepted: of.accepted,
    confirmed: of.confirmed,
    present: of.awayUntilMs === 0,
  });
  return {
    window: window.id,
    status: window.status,
    reason: window.reason,
    revision: window.revision,
    sides: [side(window.sides[0]), side(window.sides[1])],
    armedAtMs: window.armedAtMs,
    expiresAtMs: dueAtMs(window),
    manifest: window.manifest === '' ? null : window.manifest,
  };
}

export function briefOfWindow(window: Window): WindowBrief {
  const { id, status, revision, armedAtMs } = window;
  return {
    window: id,
    status,
    revision,
    armedAtMs,
    expiresAtMs: dueAtMs(window),
    manifest: window.manifest?.manifest ?? null,
  };
}
