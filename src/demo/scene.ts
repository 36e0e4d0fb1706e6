// The people of a market day, what they see of the market, and the questions that are asked of the
// server again and again.

import type { CommandName, Payload, Result } from '../../protocol/commands/registry.ts';
import type { TradePrint } from '../../protocol/events.ts';
import { LocalBook } from '../../protocol/local-book.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { Stage, Trader } from './stage.ts';
import { ladder, StoryError, type Teller } from './teller.ts';

/** `[available, held]` by asset. */
export type Purse = Readonly<Record<string, readonly [number, number]>>;

export interface Scene {
  readonly stage: Stage;
  readonly teller: Teller;
  readonly game: Trader;
  readonly alice: Trader;
  readonly bob: Trader;
  readonly carol: Trader;
  /** The order book of iron-ore as carol's client puts it together from the feed. */
  readonly book: LocalBook;
  /** Every print of iron-ore that carol's client received. */
  readonly prints: TradePrint[];
  /** Bob's purse as his private feed tells it. */
  readonly bobsFeed: Map<string, readonly [number, number]>;
}

/** Connects everybody, and lets carol follow the market and bob himself. */
export async function gather(stage: Stage, teller: Teller): Promise<Scene> {
  const game = await stage.enter('game', 'service');
  const alice = await stage.enter('alice');
  const bob = await stage.enter('bob');
  const carol = await stage.enter('carol');
  const book = new LocalBook();
  const prints: TradePrint[] = [];
  const bobsFeed = new Map<string, readonly [number, number]>();
  await carol.client.subscribe('book:iron-ore', event => book.apply(event));
  await carol.client.subscribe('trades:iron-ore', ({ data }) => {
    // A snapshot, after a reconnection, repeats what was known.
    const last = prints.at(-1)?.[0] ?? 0;
    prints.push(...data.trades.filter(([trade]) => trade > last));
  });
  await bob.client.subscribe('me', ({ data }) => {
    for (const { asset, available, held } of data.balances) bobsFeed.set(asset, [available, held]);
  });
  return { stage, teller, game, alice, bob, carol, book, prints, bobsFeed };
}

/** What somebody owns, from the tables, zeros left out. */
export async function purse(trader: Trader): Promise<Purse> {
  const { balances } = await trader.client.call('wallet.get', {});
  const owned = balances.filter(({ available, held }) => available + held > 0);
  return Object.fromEntries(owned.map(({ asset, available, held }) => [asset, [available, held]]));
}

/** Compares a purse with what it should be, in any order. */
export async function checkPurse(
  { teller }: Pick<Scene, 'teller'>,
  trader: Trader,
  expected: Purse,
): Promise<void> {
  const actual = await purse(trader);
  teller.check(`what ${trader.name} owns`, sorted(actual), sorted(expected));
}

function sorted(of: Purse): Purse {
  return Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Waits until the book in carol's client is this one, and tells it. */
export async function tellBook(scene: Scene, expected: string): Promise<void> {
  const { stage, teller, book } = scene;
  await stage.until(`the book ${expected}`, () => ladder(book) === expected);
  teller.check('the book that carol sees', ladder(book), expected);
  teller.line('carol', 'sees the book in her feed:', expected);
}

/** Sends a command that must be refused; returns why it was. */
export async function refused<Name extends CommandName>(
  trader: Trader,
  command: Name,
  payload: Payload<Name>,
  key?: string | null,
): Promise<RejectBody> {
  const options = key === undefined ? {} : { key };
  const answer = await trader.client.request(command, payload, options);
  if (answer.outcome !== 'ok') return answer.body;
  throw new StoryError(`${command} of ${trader.name} should have been refused.`);
}

/** The fills of an order as `120 @ 12 + 100 @ 15`. */
export function fills(result: Pick<Result<'purchases.create'>, 'trades'>): string {
  return result.trades.map(({ quantity, price }) => `${quantity} @ ${price}`).join(' + ');
}
