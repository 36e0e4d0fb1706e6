// The names of channels. A public channel names one market: an item, at a location other than the
// default one after an @: `book:iron-ore`, `trades:iron-ore@north`. `me` is the player's own, and
// `window:12` is for the two players of that window.

import { assetId, DEFAULT_LOCATION, locationId } from './fields.ts';

export const PUBLIC_FAMILIES = ['book', 'trades', 'ticker'] as const;
export type PublicFamily = (typeof PUBLIC_FAMILIES)[number];

export const ME = 'me';

export interface PublicChannel {
  readonly family: PublicFamily;
  readonly item: string;
  readonly location: string;
}

export interface WindowChannel {
  readonly family: 'window';
  readonly window: number;
}

const WINDOW_PATTERN = /^window:([1-9][0-9]{0,15})$/;

/** The name of the channel of a window. Inverse of {@link parseChannel}. */
export function windowChannelName(window: number): string {
  return `window:${window}`;
}

/** The name of a public channel. Inverse of {@link parseChannel}. */
export function channelName(family: PublicFamily, item: string, location: string): string {
  return location === DEFAULT_LOCATION ? `${family}:${item}` : `${family}:${item}@${location}`;
}

/** What a name means, or null when it names no channel in its only spelling. */
export function parseChannel(name: string): PublicChannel | WindowChannel | typeof ME | null {
  if (name === ME) return ME;
  const window = WINDOW_PATTERN.exec(name);
  if (window !== null) return { family: 'window', window: Number(window[1]) };
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
