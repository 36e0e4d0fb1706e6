// The judge's bookkeeping: what the answers to decided commands add up to, against what the players
// own.

import type { Payload } from '../../protocol/commands/registry.ts';
import type { BalanceView, Fill } from '../../protocol/fields.ts';
import { broken, PLAYERS, playerName, type Spoken, START_COINS } from './judge-history.ts';
import type { JudgeSocket } from './judge-socket.ts';

type Add = (player: string, asset: string, amount: number) => void;

/** Throws for the first account that is not as the answers say. Every command is decided by now. */
export async function checkAccounts(
  history: readonly Spoken[],
  socket: JudgeSocket,
): Promise<void> {
  const found = await ownedBy(socket);
  for (const [account, total] of expectedOf(history)) {
    const there = found.get(account) ?? 0;
    if (there !== total) throw new Error(`${account}: ${there} instead of ${total}`);
  }
  const minted = PLAYERS * START_COINS - burntOf(history);
  const coins = [...found].filter(([account]) => account.endsWith(' coins'));
  const total = coins.reduce((sum, [, amount]) => sum + amount, 0);
  if (total !== minted) throw new Error(`${total} coins exist instead of ${minted}`);
}

async function ownedBy(socket: JudgeSocket): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let n = 0; n < PLAYERS; n++) {
    const player = playerName(n);
    const reply = await socket.ask('wallet.get', { player });
    if (reply.outcome !== 'ok') throw new Error(`wallet.get: ${JSON.stringify(reply.body)}`);
    for (const balance of reply.body.balances as BalanceView[]) {
      found.set(`${player} ${balance.asset}`, balance.available + balance.held);
    }
  }
  return found;
}

function burntOf(history: readonly Spoken[]): number {
  let burnt = 0;
  for (const { command, outcome, payload } of history) {
    if (command !== 'wallet.burn' || outcome !== 'ok') continue;
    burnt += (payload as Payload<'wallet.burn'>).quantity;
  }
  return burnt;
}

/** Per player and asset: what the answers add up to, held or not. Fees are off. */
function expectedOf(history: readonly Spoken[]): Map<string, number> {
  const totals = new Map<string, number>();
  const add: Add = (player, asset, amount) => {
    const account = `${player} ${asset}`;
    totals.set(account, (totals.get(account) ?? 0) + amount);
  };
  const orders = ordersOf(history);
  const trades = new Set<number>();
  for (const spoken of history) {
    if (spoken.outcome !== 'ok') continue;
    move(spoken, add);
    for (const fill of (spoken.body.trades ?? []) as Fill[]) {
      if (trades.has(fill.trade)) throw broken('its trade was acknowledged twice', spoken, fill);
      trades.add(fill.trade);
      const order = orders.get(fill.order);
      if (order === undefined) throw broken('it filled an order that nobody made', spoken, fill);
      const isSeller = spoken.command === 'listings.create';
      const [buyer, seller] = isSeller
        ? [order.owner, spoken.player]
        : [spoken.player, order.owner];
      add(buyer, order.item, fill.quantity);
      add(seller, order.item, -fill.quantity);
      add(buyer, 'coins', -fill.price * fill.quantity);
      add(seller, 'coins', fill.price * fill.quantity);
    }
  }
  return totals;
}

function ordersOf(history: readonly Spoken[]): Map<number, { owner: string; item: string }> {
  const orders = new Map<number, { owner: string; item: string }>();
  for (const spoken of history) {
    const { command, payload, player, body, outcome } = spoken;
    if (outcome !== 'ok') continue;
    if (command !== 'listings.create' && command !== 'bids.create') continue;
    const id = (body.listing ?? body.bid) as number;
    if (orders.has(id)) throw broken('its number was given out twice', spoken, id);
    orders.set(id, { owner: player, item: (payload as Payload<'listings.create'>).item });
  }
  return orders;
}

function move(
  { command, payload }: Spoken,
  add: (player: string, asset: string, amount: number) => void,
): void {
  switch (command) {
    case 'wallet.grant':
    case 'wallet.burn': {
      const { player, asset, quantity } = payload as Payload<'wallet.grant'>;
      add(player, asset, command === 'wallet.grant' ? quantity : -quantity);
      break;
    }
    case 'wallet.transfer': {
      const { from, to, asset, quantity } = payload as Payload<'wallet.transfer'>;
      add(from, asset, -quantity);
      add(to, asset, quantity);
      break;
    }
  }
}
