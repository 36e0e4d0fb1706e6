// Who and what there is when commands are made from their schemas: names at the bounds of what a
// name may be, and a realm in which such commands get somewhere.

import type { z } from 'zod';
import type { CommandName } from '../../protocol/commands/registry.ts';
import { assetId, itemId, locationId, playerId, recordId, timeMs } from '../../protocol/fields.ts';
import type { Preferences } from './arbitrary-payloads.ts';

export const PLAYERS: readonly string[] = ['ann', 'bob', 'A'.repeat(64), '0._:@|-'];
const ITEMS = ['ore', 'coins', 'sword', 'x'.repeat(64)];
const PLACES = ['main', 'north', '0._-'];
const INSTANCES = ['sword#1', `sword#${'s'.repeat(32)}`];
const IDS = [1, 2, 3, 4, 5, 6, 7, 8];
const ENDLESS = 2 ** 50;

/** What commands name often: the rest of what their schemas accept comes beside it. */
export function preferencesAt(nowMs: number, ids: readonly number[] = IDS): Preferences {
  return new Map<z.ZodType, readonly unknown[]>([
    [itemId, ITEMS],
    [assetId, [...ITEMS, ...INSTANCES]],
    [locationId, PLACES],
    [playerId, PLAYERS],
    [recordId, ids],
    [timeMs, [nowMs + 600_000, nowMs + 86_400_000]],
  ]);
}

/** The commands of the game that make the realm. */
export const BEGINNING: readonly (readonly [CommandName, unknown])[] = [
  ...PLACES.map(place => ['places.define', { place }] as const),
  ['items.define', { item: 'ore', kind: 'commodity' }],
  ['items.define', { item: 'sword', kind: 'unique' }],
  ['items.define', { item: 'x'.repeat(64), kind: 'commodity' }],
  ...PLAYERS.flatMap(player =>
    ['coins', 'ore'].map(asset => ['wallet.grant', { player, asset, quantity: ENDLESS }] as const),
  ),
  ['wallet.grant', { player: 'ann', asset: 'sword#1', quantity: 1 }],
];
