// The story of trades face to face: an honest one, then every classic scam and what stops it, then
// a directed offer. At the end everybody owns what he agreed to, and the audit finds nothing.

import type { ManifestView, WindowNotice } from '../../protocol/direct.ts';
import { auditRealm } from '../audit.ts';
import { createLog } from '../base/log.ts';
import { playScams } from './scams.ts';
import { checkPurse, purse, refused } from './scene.ts';
import { Stage } from './stage.ts';
import {
  acceptance,
  type Cast,
  checkReceipt,
  held,
  type Seat,
  sit,
  tellManifest,
  tokensOf,
  wait,
} from './table.ts';
import { count, type Teller } from './teller.ts';

/** 1 % of money that changes hands; the grace is 15 s unless it is set. */
const SETTINGS = { REALM: 'demo', DIRECT_FEE_BPS: '100', WINDOW_GRACE_MS: '3000' } as const;
const MINTED = 32_000;
const FEES = 15 + 30 + 4;

/** Plays it. @throws {StoryError} when the server does anything else than the story says. */
export async function playTrades(teller: Teller): Promise<void> {
  teller.title('Trades face to face over real sockets. Eve is a scammer with a client of her own.');
  teller.chapter('Morning');
  teller.line('server', 'starts on an empty folder', 'makes a database, which takes some seconds');
  const stage = await Stage.open(SETTINGS);
  try {
    const game = await stage.enter('game', 'service');
    const alice = await stage.enter('alice');
    const bob = await stage.enter('bob');
    const eve = await stage.enter('eve');
    const cast: Cast = { stage, teller, game, alice, bob, eve };
    await mint(cast);
    await tradeHonestly(cast);
    await playScams(cast);
    await offer(cast);
    await closeDay(cast);
  } finally {
    await stage.close();
  }
}

async function mint({ teller, game, alice, bob }: Cast): Promise<void> {
  await game.client.call('items.define', { item: 'iron-ore', kind: 'commodity' });
  for (const item of ['excalibur', 'ruby', 'garnet']) {
    await game.client.call('items.define', { item, kind: 'unique' });
  }
  const grants = [
    { player: 'alice', asset: 'coins', quantity: 20_000 },
    { player: 'bob', asset: 'excalibur#1', quantity: 1 },
    { player: 'bob', asset: 'iron-ore', quantity: 30 },
    { player: 'eve', asset: 'coins', quantity: 12_000 },
    { player: 'eve', asset: 'ruby#1', quantity: 1 },
    { player: 'eve', asset: 'garnet#1', quantity: 1 },
  ];
  for (const grant of grants) {
    const { balance } = await game.client.call('wallet.grant', grant);
    teller.check(`what ${grant.player} was granted`, balance.available, grant.quantity);
  }
  teller.line('game', 'mints for alice', '20,000 coins');
  teller.line('game', 'mints for bob', 'excalibur#1, 30 iron-ore');
  teller.line('game', 'mints for eve', '12,000 coins, ruby#1, and its look-alike garnet#1');
  const { listing } = await bob.client.call('listings.create', {
    ...{ item: 'iron-ore', quantity: 5, price: 12 },
  });
  for (let i = 0; i < 5; i++) {
    await alice.client.call('purchases.create', { listing, quantity: 1 });
  }
  teller.line('alice', 'buys 5 iron-ore of bob, one by one at 12', 'so the market knows a price');
}

async function tradeHonestly(cast: Cast): Promise<void> {
  const { teller, stage, alice, bob } = cast;
  teller.chapter('An honest trade');
  const notices: WindowNotice[] = [];
  await bob.client.subscribe('me', ({ data }) => notices.push(...data.windows));
  const hers = sit(alice, await alice.client.invite('bob'));
  await stage.until('the invitation in the feed of bob', () => notices.length > 0);
  const { window, player, status } = notices[0] as WindowNotice;
  teller.check('the notice', { window, player, status }, { window: 1, player: 'alice', status });
  teller.line('alice', 'invites bob', `window ${window}, ${status}`);
  const his = sit(bob, await bob.client.joinWindow(window));
  teller.line('bob', 'hears of it in his private feed, and comes', 'the table is open');
  await layTable(cast, hers, his);
  await accept(cast, hers, his);
  await confirm(cast, hers, his);
  await checkPurse(cast, alice, { coins: [18_440, 0], 'excalibur#1': [1, 0], 'iron-ore': [25, 0] });
  await checkPurse(cast, bob, { coins: [1_545, 0], 'iron-ore': [5, 0] });
  teller.line('alice', 'owns excalibur#1, 25 iron-ore', '18,440 coins');
  teller.line('bob', 'owns 5 iron-ore', '1,545 coins: 60 + 1,500 less the fee of 15');
}

async function layTable(cast: Cast, hers: Seat, his: Seat): Promise<void> {
  const { teller, stage, bob } = cast;
  const put = await his.window.put([
    { asset: 'excalibur#1', quantity: 1 },
    { asset: 'iron-ore', quantity: 20 },
  ]);
  await checkPurse(cast, bob, { coins: [60, 0], 'excalibur#1': [0, 1], 'iron-ore': [5, 20] });
  teller.line('bob', 'puts excalibur#1 and 20 iron-ore', `revision ${put.revision}; they are held`);
  await stage.until('what bob put', () => hers.window.view.revision === put.revision);
  const { revision } = await hers.window.put([{ asset: 'coins', quantity: 1_500 }]);
  teller.check('the revision', revision, 2);
  teller.line('alice', 'puts 1,500 coins', `revision ${revision}`);
  await stage.until('what alice put', () => his.window.view.revision === revision);
}

async function accept(cast: Cast, hers: Seat, his: Seat): Promise<void> {
  const { teller, stage, alice } = cast;
  const { window } = hers;
  await held(cast, window.accept(), 'NOT_SHOWN');
  teller.line('alice', 'would accept before it is on her screen', 'NOT_SHOWN: her client refuses');
  window.shown(window.view);
  await held(cast, window.accept(), 'NOT_ARMED');
  const { code, details } = await refused(alice, 'windows.accept', acceptance(window.view, 2));
  teller.check(
    'the rejection',
    { code, details },
    {
      code: 'NOT_ARMED',
      details: { armedAtMs: window.view.armedAtMs },
    },
  );
  teller.line('alice', 'accepts at once', `${code}: her client says it, and the server`);
  await wait(cast, his, 1, 'whoever gets something new shall look at it');
  await window.accept();
  await stage.until('her acceptance in his view', () => his.window.theirs.accepted);
  teller.line('alice', 'accepts revision 2 and the hash of it', 'bob sees that she did');
  his.window.shown(his.window.view);
  const { status } = await his.window.accept();
  teller.check('the window', status, 'review');
  await stage.until('the manifest', () => window.manifest !== null);
  teller.line('bob', 'accepts the same', 'the table is frozen; both get the manifest:');
  tellManifest(cast, window.manifest as ManifestView);
}

async function confirm(cast: Cast, hers: Seat, his: Seat): Promise<void> {
  const { teller, alice } = cast;
  const manifest = hers.window.manifest as ManifestView;
  const warned = hers.window.warnings.map(({ code }) => code);
  teller.check('what alice is warned of', warned, ['VALUE_RATIO', 'THIN_PRICE']);
  await wait(cast, hers, 2, 'a manifest is to be read');
  const first = await his.window.confirm(manifest, tokensOf(manifest, 'bob'));
  teller.check('the receipt after one confirmation', first.receipt, null);
  teller.line('bob', 'confirms the manifest', 'nothing has moved yet');
  await held(cast, hers.window.confirm(manifest), 'NOT_ACKNOWLEDGED');
  const raw = { window: hers.window.id, manifest: manifest.manifest };
  const { code, details } = await refused(alice, 'windows.confirm', raw);
  const named = details as { readonly code: string };
  teller.check('the rejection', [code, named.code], ['NOT_ACKNOWLEDGED', 'VALUE_RATIO']);
  teller.line('alice', 'confirms without having minded the warnings', `${code}: ${named.code}`);
  const result = await hers.window.confirm(manifest, tokensOf(manifest, 'alice'));
  checkReceipt(cast, hers, result);
  const ending = await his.window.ended;
  teller.check('the end for bob', ending, { status: 'done', receipt: result.receipt });
  teller.line('alice', 'acknowledges them, and confirms', 'swapped at once; one receipt for both');
}

async function offer(cast: Cast): Promise<void> {
  const { teller, stage, alice, eve } = cast;
  teller.chapter('A directed offer, to somebody who is not there');
  cast.bob.client.close();
  const made = await alice.client.call('offers.create', {
    to: 'bob',
    give: [{ asset: 'coins', quantity: 300 }],
    want: [{ asset: 'iron-ore', quantity: 5 }],
    message: 'For your last ore?',
  });
  const { coins } = await purse(alice);
  teller.check('the coins of alice', coins, [15_140, 300]);
  teller.line('alice', 'offers bob 300 coins for 5 iron-ore', `offer ${made.offer}; 300 are held`);
  const { code } = await refused(eve, 'offers.accept', { offer: made.offer });
  teller.check('the rejection', code, 'OFFER_NOT_FOUND');
  teller.line('eve', 'would like to accept it', code);
  cast.bob = await stage.enter('bob');
  const { offers } = await cast.bob.client.call('offers.mine', { direction: 'received' });
  teller.check(
    'the offers to bob',
    offers.map(({ offer, from, status }) => ({ offer, from, status })),
    [{ offer: made.offer, from: 'alice', status: 'open' }],
  );
  const counter = await cast.bob.client.call('offers.counter', {
    offer: made.offer,
    give: [{ asset: 'iron-ore', quantity: 5 }],
    want: [{ asset: 'coins', quantity: 450 }],
  });
  teller.check('what was countered', counter.countered, made.offer);
  teller.check('the coins of alice', (await purse(alice)).coins, [15_440, 0]);
  teller.line('bob', 'comes, and counters: 450 coins', `offer ${counter.offer}; her 300 are back`);
  const { status } = await alice.client.call('offers.accept', { offer: counter.offer });
  teller.check('the counter-offer', status, 'accepted');
  await checkPurse(cast, cast.bob, { coins: [1_991, 0] });
  teller.line('alice', 'accepts that', 'bob gets 446, and she the ore, in one step');
}

async function closeDay(cast: Cast): Promise<void> {
  const { teller, stage, alice, eve } = cast;
  teller.chapter('Evening: nothing was made and nothing was lost');
  await checkPurse(cast, alice, {
    ...{ coins: [14_990, 0], 'iron-ore': [30, 0] },
    ...{ 'excalibur#1': [1, 0], 'ruby#1': [1, 0] },
  });
  await checkPurse(cast, eve, { coins: [14_970, 0], 'garnet#1': [1, 0] });
  const owned = [14_990, 1_991, 14_970];
  const sum = owned.reduce((all, one) => all + one, 0);
  teller.check('the coins', sum + FEES, MINTED);
  teller.line('all', `own ${owned.map(count).join(' + ')} coins`, `with fees of ${FEES}: 32,000`);
  const { config } = stage;
  stage.dismiss();
  await stage.stop();
  const findings = await auditRealm(config, createLog(config.logLevel));
  const broken = findings.filter(({ ok }) => !ok).map(({ check, detail }) => `${check}: ${detail}`);
  teller.check('what the audit finds broken', broken, []);
  const checks = `${findings.length} checks, all green`;
  teller.line('audit', 'reads tables, transfers and journal', checks);
}
