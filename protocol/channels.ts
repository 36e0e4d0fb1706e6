// The names of channels. A public channel names one market: an item, at a location other than the
// default one after an @: `book:iron-ore`, `trades:iron-ore@north`. `me` is the player's own.

import { assetId, DEFAULT_LOCATION, locationId } from './fields.ts';

export const PUBLIC_FAMILIES = ['book', 'trades', 'ticker'] as const;
export type PublicFamily = (typeof PUBLIC_FAMILIES)[number];

export const ME = 'me';

export interface PublicChannel {
  readonly family: PublicFamily;
  readonly item: string;
  readonly location: string;
}

/** The name of a public channel. Inverse of {@link parseChannel}. */
export function channelName(family: PublicFamily, item: string, location: string): string {
  return location === DEFAULT_LOCATION ? `${family}:${item}` : `${family}:${item}@${location}`;
}

/** A public channel, `me`, or null when `name` names no channel in its only spelling. */
export function parseChannel(name: string): PublicChannel | typeof ME | null {
  if (name === ME) return ME;
  const colon = name.indexOf(':');
  const family = PUBLIC_FAMILIES.find(known => known === name.slice(0, Math.max(colon, 0)));
  if (family === undefined) return null;
  const market = name.slice(colon + 1);
  const at = market.indexOf('@');
  const item = at < 0 ? market : market.slice(0, at);
  const location = at < 0 ? DEFAULT_LOCATION : market.slice(at + 1);
  if (at >= 0 && location === DEFAULT_LOCATION) return null;
  if (item.includes('#')) return null;
  if (!assetId.safeParse(item).success || !locationId.safeParse(location).success) return null;
  return { family, item, location };
}
