// The story of one market day. 15,000 coins and 500 iron-ore are minted in the morning; at night
// each of them is still there, in somebody's purse or in the house's, also after a restart.

import type { Payload } from '../../protocol/commands/registry.ts';
import { auditRealm } from '../audit.ts';
import { createLog } from '../base/log.ts';
import { checkPurse, fills, gather, purse, refused, type Scene, tellBook } from './scene.ts';
import { lastReply, Stage } from './stage.ts';
import { count, type Teller } from './teller.ts';

/** 2 %, from the seller. */
const SETTINGS = { REALM: 'demo', TRADE_FEE_BPS: '200' } as const;
const MINTED = 15_000;

const BOBS_KEY = '01932c07-209c-7a3e-8f10-5b6c7d8e9f00';
const BOBS_PURCHASE: Payload<'purchases.create'> = Object.freeze({
  item: 'iron-ore',
  quantity: 400,
  maxUnitPrice: 15,
  partial: true,
});

/** Plays the day. @throws {StoryError} when the server does anything else than the story says. */
export async function playMarketDay(teller: Teller): Promise<void> {
  teller.title(
    'A market day over real sockets. The house takes 2 % of each trade from the seller.',
  );
  teller.chapter('Morning: the game server opens the market');
  teller.line('server', 'starts on an empty folder', 'makes a database, which takes some seconds');
  const stage = await Stage.open(SETTINGS);
  try {
    teller.line('server', 'listens', 'nobody else writes to the realm from here on');
    const scene = await gather(stage, teller);
    await mint(scene);
    await list(scene);
    await buy(scene);
    await resend(scene);
    await sellAndCancel(scene);
    await sellUnique(scene);
    await closeDay(scene);
    await restart(scene);
    await audit(scene);
  } finally {
    await stage.close();
  }
}

async function mint({ teller, game }: Scene): Promise<void> {
  const { client } = game;
  const ore = await client.call('items.define', { item: 'iron-ore', kind: 'commodity' });
  teller.check('what iron-ore is paid with', ore.currency, 'coins');
  teller.line('game', 'defines iron-ore, a commodity', 'paid with coins');
  const sword = await client.call('items.define', { item: 'excalibur', kind: 'unique' });
  teller.check('what excalibur is', sword.kind, 'unique');
  teller.line('game', 'defines excalibur, a unique item', 'each instance has one owner');
  const grants = [
    { player: 'alice', asset: 'iron-ore', quantity: 500 },
    { player: 'bob', asset: 'coins', quantity: 10_000 },
    { player: 'carol', asset: 'coins', quantity: 5_000 },
    { player: 'carol', asset: 'excalibur#1', quantity: 1, attributes: { sharpness: 9 } },
  ];
  for (const grant of grants) {
    const { balance } = await client.call('wallet.grant', grant);
    teller.check(`what ${grant.player} was granted`, balance.available, grant.quantity);
    const what = `${count(grant.quantity)} ${grant.asset}`;
    teller.line(
      'game',
      `mints ${what} for ${grant.player}`,
      `${count(balance.available)} available`,
    );
  }
}

async function list(scene: Scene): Promise<void> {
  const { teller, alice, bob } = scene;
  teller.chapter('Orders rest in the book, and hold what they promise');
  for (const [quantity, price, held] of [
    [200, 12, 200],
    [100, 15, 300],
  ] as const) {
    const ask = { item: 'iron-ore', quantity, price };
    const { listing, status } = await alice.client.call('listings.create', ask);
    teller.check('the listing', status, 'open');
    await checkPurse(scene, alice, { 'iron-ore': [500 - held, held] });
    const outcome = `listing ${listing}; ${500 - held} available, ${held} held`;
    teller.line('alice', `lists ${quantity} iron-ore at ${price}`, outcome);
  }
  const bid = await bob.client.call('bids.create', { item: 'iron-ore', quantity: 50, price: 10 });
  teller.check('the bid', [bid.status, bid.filled], ['open', 0]);
  await checkPurse(scene, bob, { coins: [9_500, 500] });
  teller.line('bob', 'bids 10 for 50 iron-ore', `bid ${bid.bid}; 9,500 available, 500 held`);
  await tellBook(scene, 'bids 50 @ 10 | asks 200 @ 12, 100 @ 15');
}

async function buy(scene: Scene): Promise<void> {
  const { teller, alice, bob, carol, stage } = scene;
  teller.chapter('Trades happen at the price of the order that was there first');
  const ask = { item: 'iron-ore', quantity: 80, price: 13 };
  const bid = await carol.client.call('bids.create', ask);
  teller.check('the fills of the bid', fills(bid), '80 @ 12');
  teller.check('the bid', [bid.status, bid.cost], ['filled', 960]);
  await checkPurse(scene, carol, { coins: [4_040, 0], 'iron-ore': [80, 0], 'excalibur#1': [1, 0] });
  teller.line('carol', 'bids 13 for 80 iron-ore', `fills ${fills(bid)}, pays 960, not 1,040`);
  const bought = await bob.client.call('purchases.create', BOBS_PURCHASE, { key: BOBS_KEY });
  teller.check('the fills of the purchase', fills(bought), '120 @ 12 + 100 @ 15');
  teller.check('the purchase', [bought.quantity, bought.total], [220, 2_940]);
  await checkPurse(scene, bob, { coins: [6_560, 500], 'iron-ore': [220, 0] });
  teller.line(
    'bob',
    'buys up to 400 at 15 or less, partially',
    `gets 220: ${fills(bought)} = 2,940`,
  );
  await checkPurse(scene, alice, { coins: [3_823, 0], 'iron-ore': [200, 0] });
  teller.line('alice', 'has sold 300 for 3,900', '3,823 after fees of 19 + 28 + 30');
  await tellBook(scene, 'bids 50 @ 10 | asks none');
  const feed = () => scene.bobsFeed.get('coins')?.join();
  await stage.until('the purchase in the private feed of bob', () => feed() === '6560,500');
  teller.check('the coins in the feed of bob', feed(), '6560,500');
  teller.line('bob', 'hears of it in his private feed, too', '6,560 coins available, 500 held');
}

async function resend(scene: Scene): Promise<void> {
  const { teller, bob } = scene;
  teller.chapter('The same key gets the same answer, and nothing moves twice');
  await bob.client.call('keys.get', { key: BOBS_KEY });
  await bob.client.call('purchases.create', BOBS_PURCHASE, { key: BOBS_KEY });
  const again = lastReply(bob);
  const first = bob.frames.find(frame => frame !== again && endsWith(frame, again));
  teller.check('the first answer is there, byte for byte', first !== undefined, true);
  await checkPurse(scene, bob, { coins: [6_560, 500], 'iron-ore': [220, 0] });
  const bytes = `the same ${again.length} bytes; 6,560 coins as before`;
  teller.line('bob', `sends that purchase again, to be sure`, bytes);
  const other = { ...BOBS_PURCHASE, quantity: 500 };
  const { code } = await refused(bob, 'purchases.create', other, BOBS_KEY);
  teller.check('another command with the key', code, 'KEY_REUSED');
  teller.line('bob', 'sends another purchase with that key', code);
}

async function sellAndCancel(scene: Scene): Promise<void> {
  const { teller, alice, bob } = scene;
  teller.chapter('A sale into a bid; the rest of the bid is cancelled');
  const ask = { item: 'iron-ore', quantity: 20, minUnitPrice: 10 };
  const sold = await alice.client.call('sales.create', ask);
  teller.check('the sale', [fills(sold), sold.fee, sold.proceeds], ['20 @ 10', 4, 196]);
  teller.line('alice', 'sells 20 iron-ore at 10 or more', `fills ${fills(sold)}, gets 196`);
  const { bids } = await bob.client.call('bids.mine', {});
  teller.check(
    'the open bids of bob',
    bids.map(bid => bid.remaining),
    [30],
  );
  const bid = bids[0]?.id ?? 0;
  const { released } = await bob.client.call('bids.cancel', { bid });
  teller.check('what is released', released, 300);
  await checkPurse(scene, bob, { coins: [6_860, 0], 'iron-ore': [240, 0] });
  teller.line(
    'bob',
    `cancels what is left of bid ${bid}`,
    '300 coins are released: 6,860 available',
  );
}

async function sellUnique(scene: Scene): Promise<void> {
  const { teller, alice, bob, carol } = scene;
  teller.chapter('A unique item has one owner, and one buyer');
  const ask = { item: 'excalibur#1', quantity: 1, price: 8_000 };
  const { listing } = await carol.client.call('listings.create', ask);
  await checkPurse(scene, carol, { coins: [4_040, 0], 'iron-ore': [80, 0], 'excalibur#1': [0, 1] });
  teller.line('carol', 'lists excalibur#1 at 8,000', `listing ${listing}`);
  const poor = await refused(bob, 'purchases.create', { listing, quantity: 1 });
  teller.check('the rejection', poor.code, 'INSUFFICIENT_FUNDS');
  teller.check('its details', poor.details, { required: 8_000, available: 6_860 });
  await checkPurse(scene, bob, { coins: [6_860, 0], 'iron-ore': [240, 0] });
  teller.line('bob', 'tries to buy it', `${poor.code}: 8,000 > 6,860`);
  await carol.client.call('listings.update', { listing, price: 6_500 });
  teller.line('carol', 'lowers the price to 6,500', 'the listing keeps its number');
  const order = { listing, quantity: 1, maxUnitPrice: 6_500 };
  const { total } = await bob.client.call('purchases.create', order);
  teller.check('the price of the sword', total, 6_500);
  teller.line('bob', 'buys it', '6,500 paid; carol gets 6,370');
  const late = await refused(alice, 'purchases.create', order);
  teller.check('the second buyer', late.code, 'LISTING_UNAVAILABLE');
  teller.line('alice', 'comes second', late.code);
  await checkPurse(scene, bob, { coins: [360, 0], 'iron-ore': [240, 0], 'excalibur#1': [1, 0] });
}

async function closeDay(scene: Scene): Promise<void> {
  const { teller, alice, bob, carol, prints } = scene;
  teller.chapter('Evening: nothing was made and nothing was lost');
  const ask = { item: 'iron-ore', quantity: 150, price: 14 };
  const { listing } = await alice.client.call('listings.create', ask);
  teller.line('alice', 'lists 150 iron-ore at 14 for tomorrow', `listing ${listing}`);
  await tellBook(scene, 'bids none | asks 150 @ 14');
  const shown = prints.map(([, , price, quantity]) => `${quantity} @ ${price}`);
  teller.check('the prints', shown, ['80 @ 12', '120 @ 12', '100 @ 15', '20 @ 10']);
  teller.line('carol', 'has seen every trade in her feed:', shown.join(', '));
  const purses = [await purse(alice), await purse(bob), await purse(carol)];
  const coins = purses.map(({ coins: [available, held] = [0, 0] }) => available + held);
  teller.check('the coins', coins, [4_019, 360, 10_410]);
  const fees = MINTED - coins.reduce((sum, own) => sum + own, 0);
  teller.check('the fees', fees, 19 + 28 + 30 + 4 + 130);
  teller.line('all', `own ${coins.map(count).join(' + ')} coins`, `with fees of ${fees}: 15,000`);
}

async function restart(scene: Scene): Promise<void> {
  const { teller, stage, alice, bob, carol, book } = scene;
  teller.chapter('Night: the server is stopped and started again on the same folder');
  const before = [await purse(alice), await purse(bob), await purse(carol)];
  const { epoch } = stage.server;
  const hash = stage.server.engine.hash();
  await stage.stop();
  teller.line('server', 'stops', 'the last batch is durable, sockets are closed');
  await stage.until('the end of all connections', () => bob.client.session === null);
  book.apply({ kind: 'snapshot', data: { bids: [], asks: [] } });
  await stage.start();
  teller.check('whether the epoch has risen', stage.server.epoch > epoch, true);
  teller.check('the hash of the state', stage.server.engine.hash(), hash);
  teller.line('server', 'starts', `the state has the same hash, ${hash}`);
  const after = [await purse(alice), await purse(bob), await purse(carol)];
  teller.check('what everybody owns', after, before);
  teller.line('all', 'are connected again by their clients', 'and own what they owned');
  await tellBook(scene, 'bids none | asks 150 @ 14');
  await bob.client.call('purchases.create', BOBS_PURCHASE, { key: BOBS_KEY });
  const again = lastReply(bob);
  const answers = bob.frames.filter(frame => endsWith(frame, again));
  teller.check('the answers to the key', answers.length, 3);
  teller.line('bob', `sends that purchase a third time`, `the same ${again.length} bytes`);
  const ask = { item: 'iron-ore', quantity: 10, maxUnitPrice: 14 };
  const bought = await carol.client.call('purchases.create', ask);
  teller.check('the fill', fills(bought), '10 @ 14');
  teller.line('carol', 'buys 10 iron-ore: the market goes on', `trade ${bought.trades[0]?.trade}`);
}

async function audit({ teller, stage }: Scene): Promise<void> {
  const { config } = stage;
  stage.dismiss();
  await stage.stop();
  const findings = await auditRealm(config, createLog(config.logLevel));
  const broken = findings.filter(({ ok }) => !ok).map(({ check, detail }) => `${check}: ${detail}`);
  teller.check('what the audit finds broken', broken, []);
  teller.line(
    'audit',
    'reads tables, transfers and journal',
    `${findings.length} checks, all green`,
  );
}

/** Whether a frame is the reply whose bytes, from the outcome on, are `tail`. */
function endsWith(frame: Uint8Array, tail: Uint8Array): boolean {
  return frame.length === tail.length + 2 && Buffer.from(frame).subarray(2).equals(tail);
}
