// What a scenario line says happened, in one canonical wording, so that comparing is comparing
// text.

import type { WindowBrief, WindowView } from '../../protocol/direct.ts';
import type { Fill } from '../../protocol/fields.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { Applied } from '../../src/engine/entry.ts';
import type { FactGroup, TradeFact } from '../../src/engine/fact.ts';
import type { FactTables } from '../sim/fact-tables.ts';
import { isOffer, offerOutcome } from './scenario-offers.ts';
import { viewText } from './scenario-window-watch.ts';
import { SCENARIO_START_MS } from './scenario-words.ts';

interface OkBody {
  readonly listing?: number;
  readonly bid?: number;
  readonly status?: string;
  readonly outcome?: string;
  readonly body?: { readonly code?: string };
  readonly released?: number;
  readonly remaining?: number;
  readonly proceeds?: number;
  readonly cost?: number;
  readonly total?: number;
  readonly fee?: number;
  readonly listingFee?: number;
  readonly trades?: readonly Fill[];
}

/** `#2 fills 3 @ 100 of #1 for 300, cancels 2`, `releases 5`, `BAD_LOT lotSize 2`, `ok`. */
export function outcomeOf(applied: Applied): string {
  if (applied.outcome !== 'ok') {
    const { code, details = {} } = applied.body as RejectBody;
    return [code, ...Object.entries(details).flatMap(detailOf)].join(' ');
  }
  if ('revision' in applied.body) return windowOf(applied.body as WindowBrief);
  if (isOffer(applied.body)) return offerOutcome(applied.body);
  const body = applied.body as OkBody;
  if (body.released !== undefined) return `releases ${body.released}`;
  if (body.trades !== undefined) return placedOf(body, body.trades);
  if (body.status === 'free' || body.status === 'expired') return body.status;
  if (body.status === 'decided') return `decided ${body.body?.code ?? body.outcome}`;
  return 'ok';
}

/** What nobody can write down beforehand, hashes and tokens, is left out. */
function detailOf([name, value]: [string, unknown]): unknown[] {
  if (name === 'manifest' || name === 'token' || name === 'serverTimeMs') return [];
  if (name === 'armedAtMs') return [name, Number(value) - SCENARIO_START_MS];
  return typeof value === 'object' ? [viewText(value as WindowView)] : [name, value];
}

/** `#1 open rev 2 armed 4000`, `#1 cancelled`, `#1 done` */
function windowOf({ window, status, revision, armedAtMs }: WindowBrief): string {
  if (status === 'done' || status === 'cancelled') return `#${window} ${status}`;
  return `#${window} ${status} rev ${revision} armed ${armedAtMs - SCENARIO_START_MS}`;
}

function placedOf(body: OkBody, trades: readonly Fill[]): string {
  const id = body.listing ?? body.bid;
  const parts: string[] = [];
  if (trades.length > 0) {
    const fills = trades.map(({ quantity, price, order }) => `${quantity} @ ${price} of #${order}`);
    const fee = body.fee === 0 ? '' : ` fee ${body.fee}`;
    parts.push(`fills ${fills.join(' + ')} for ${body.proceeds ?? body.cost ?? body.total}${fee}`);
  }
  if (body.status === 'open') parts.push(`rests ${body.remaining}`);
  if (body.status === 'cancelled') parts.push(`cancels ${body.remaining}`);
  if ((body.listingFee ?? 0) > 0) parts.push(`listing fee ${body.listingFee}`);
  return (id === undefined ? '' : `#${id} `) + parts.join(', ');
}

/** `700 held 50` */
export function balanceLine(
  tables: FactTables,
  of: { readonly owner: string; readonly asset: string; readonly location: string },
): string {
  for (const account of tables.accounts.values()) {
    if (tables.playerName(account.owner) !== of.owner) continue;
    if (tables.assetName(account.asset) !== of.asset) continue;
    if (tables.locationName(account.location) !== of.location) continue;
    return `${account.available} held ${account.held}`;
  }
  return '0 held 0';
}

/** `2 @ 99 (1), 1 @ 98 (1) | 3 @ 101 (2)`: bids and asks, best first; `-` for an empty side. */
export function bookLine(
  tables: FactTables,
  of: { readonly item: string; readonly location: string },
): string {
  return `${ladder(tables, of, 'buy')} | ${ladder(tables, of, 'sell')}`;
}

function ladder(
  tables: FactTables,
  of: { readonly item: string; readonly location: string },
  side: 'buy' | 'sell',
): string {
  const levels = new Map<number, { quantity: number; orders: number }>();
  for (const order of tables.openOrders()) {
    if (order.side !== side || tables.assetName(order.asset) !== of.item) continue;
    if (tables.locationName(order.location) !== of.location) continue;
    const level = levels.get(order.price) ?? { quantity: 0, orders: 0 };
    level.quantity += order.remaining;
    level.orders += 1;
    levels.set(order.price, level);
  }
  if (levels.size === 0) return '-';
  const sign = side === 'buy' ? -1 : 1;
  return [...levels]
    .sort(([one], [other]) => sign * (one - other))
    .map(([price, { quantity, orders }]) => `${quantity} @ ${price} (${orders})`)
    .join(', ');
}

/** `open 2 of 5 @ 100 gtc`, `expired 1 of 1 @ 90 gtd until 50` */
export function orderLine(tables: FactTables, id: number, startMs: number): string {
  const order = tables.orders.get(id);
  if (order === undefined) return 'unknown';
  const { status, remaining, quantity, price, timeInForce, expiresAtMs } = order;
  const until = expiresAtMs === 0 ? '' : ` until ${expiresAtMs - startMs}`;
  return `${status} ${remaining} of ${quantity} @ ${price} ${timeInForce}${until}`;
}

/** `ann buys 3 ore @ 100 of bob, maker #1, taker #2 buys, fees 0 and 0` */
export function tradeLine(tables: FactTables, groups: readonly FactGroup[], id: number): string {
  const facts = groups.flatMap(group => group.facts);
  const trade = facts.find((fact): fact is TradeFact => fact.kind === 'trade' && fact.id === id);
  if (trade === undefined) return 'never happened';
  const { quantity, price, maker, taker, takerSide, buyerFee, sellerFee } = trade;
  const buyer = tables.playerName(trade.buyer);
  const seller = tables.playerName(trade.seller);
  return (
    `${buyer} buys ${quantity} ${tables.assetName(trade.asset)} @ ${price} of ${seller}, ` +
    `maker #${maker}, taker #${taker} ${takerSide}s, fees ${buyerFee} and ${sellerFee}`
  );
}
