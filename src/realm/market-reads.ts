// market.*: answered from what is announced, so that an answer and the feed never disagree.

import type { Payload } from '../../protocol/commands/registry.ts';
import { BOOK_DEPTH_MAX, TRADES_SNAPSHOT_MAX } from '../../protocol/limits.ts';
import { findAsset, itemNotFound, whyNotTradable } from '../engine/assets.ts';
import { whyNoPlace } from '../engine/places.ts';
import type { State } from '../engine/state.ts';
import type { Answer } from '../gateway/port.ts';
import type { Announcer } from './announcer.ts';
import { emptyMarket } from './views.ts';

type MarketCommand = 'market.book' | 'market.trades' | 'market.ticker';

export interface MarketParts {
  readonly announcer: Announcer;
  readonly state: State;
  readonly nowMs: number;
}

export function readMarket<Name extends MarketCommand>(
  parts: MarketParts,
  command: Name,
  payload: Payload<Name>,
): Answer {
  const { announcer, state, nowMs } = parts;
  const ask: Payload<'market.book'> & Payload<'market.trades'> = payload;
  const found = findAsset(state, ask.item);
  const refusal =
    found === null
      ? itemNotFound(ask.item)
      : (refusalOf(found, ask.item) ?? whyNoPlace(state, ask.location));
  if (refusal !== null) return { outcome: 'rejected', body: refusal.body };
  const family =
    command === 'market.book' ? 'book' : command === 'market.trades' ? 'trades' : 'ticker';
  const view = announcer.find(ask.item, ask.location);
  if (view === null) return ok({ epoch: announcer.epoch, sequence: 0, ...emptyMarket(family) });
  const standing = view.standing(family);
  switch (family) {
    case 'book':
      return ok({ ...standing, ...view.book.window(ask.depth ?? BOOK_DEPTH_MAX) });
    case 'trades':
      return ok({ ...standing, trades: view.lastTrades(ask.limit ?? TRADES_SNAPSHOT_MAX) });
    case 'ticker':
      return ok({ ...standing, ...view.tickerState(nowMs) });
  }
}

/** Money has no market; unique items have trades and a ticker under the item's own name. */
function refusalOf(found: Parameters<typeof whyNotTradable>[0], name: string) {
  return found.market.item.itemKind === 'unique' ? null : whyNotTradable(found, name);
}

function ok(body: Readonly<Record<string, unknown>>): Answer {
  return { outcome: 'ok', body };
}
