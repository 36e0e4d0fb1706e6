// The classic scams of trade windows, each played by eve with raw commands against alice, and what
// the server answers. None of them relies on alice's client being good; hers only says it earlier.

import type { ManifestView } from '../../protocol/direct.ts';
import { checkPurse, refused } from './scene.ts';
import { lastReply } from './stage.ts';
import {
  acceptance,
  aliceInvites,
  bothAccept,
  type Cast,
  checkReceipt,
  type Encounter,
  eveInvites,
  evePuts,
  held,
  lastChange,
  sleep,
  tokensOf,
  wait,
} from './table.ts';

const RUBY = [{ asset: 'ruby#1', quantity: 1 }];
const GARNET = [{ asset: 'garnet#1', quantity: 1 }];
const coins = (quantity: number) => [{ asset: 'coins', quantity }];
const LOOK = 'alice shall look at what is new';
const READ = 'the manifest is to be read';
const EVES_KEY = '01932c07-209c-7a3e-8f10-0e5c0f1d2a3b';
/** As in the settings of the story. */
const GRACE_MS = 3_000;

/** What both own when a scam has failed. */
const ALICES = {
  coins: [18_440, 0],
  'excalibur#1': [1, 0],
  'iron-ore': [25, 0],
} as const;
const EVES = { coins: [12_000, 0], 'ruby#1': [1, 0], 'garnet#1': [1, 0] } as const;

export async function playScams(cast: Cast): Promise<void> {
  await removeZero(cast);
  const met = await swapForLookAlike(cast);
  await doubleClick(cast, met);
  await disconnect(cast);
  await offerWhatIsListed(cast);
}

async function removeZero(cast: Cast): Promise<void> {
  const { teller, alice, eve } = cast;
  teller.chapter('Scam 1: a zero is removed at the last second');
  const met = await eveInvites(cast);
  const { window } = met.alice;
  await evePuts(cast, met, coins(10_000));
  await window.put([{ asset: 'excalibur#1', quantity: 1 }]);
  teller.line('eve', 'puts 10,000 coins against excalibur#1', `revision ${window.view.revision}`);
  await wait(cast, met.alice, 1, LOOK);
  const seen = window.view;
  window.shown(seen);
  await window.accept();
  teller.line('alice', 'sees 10,000 and accepts', 'eve has waited for this');
  await evePuts(cast, met, coins(1_000));
  const change = lastChange(met.alice);
  teller.check('what alice is told', change, 'eve: coins 10,000 -> 1,000, decreased');
  const accepted = window.view.sides.map(side => side.accepted);
  teller.check('the acceptances', accepted, [false, false]);
  teller.line('eve', 'puts 1,000 instead', 'both acceptances are void');
  teller.line('', 'alice is told', change);
  const barredMs = window.view.armedAtMs - (met.alice.heard.at(-1)?.atMs ?? 0);
  teller.check('how long it is barred', barredMs, 7_000);
  const early = await refused(eve, 'windows.accept', acceptance(window.view, 3));
  teller.check('the rejection', early.code, 'NOT_ARMED');
  teller.line('eve', 'accepts at once', `${early.code}: for 7 s, 4 for less and 3 as one accepted`);
  const late = await refused(alice, 'windows.accept', acceptance(seen, seen.revision));
  teller.check('the rejection', late.code, 'STALE_REVISION');
  teller.check('the window that comes with it', late.details?.window, window.view);
  teller.line('alice', 'has clicked on what she saw', `${late.code}, with the table as it is`);
  const { message } = await held(cast, window.accept(), 'STALE_REVISION');
  teller.line(
    '',
    'her client would not even have sent it:',
    message.replace('STALE_REVISION: ', ''),
  );
  await leave(cast, met);
}

/** Alice has seen enough: everything is back. */
async function leave(cast: Cast, { alice }: Encounter): Promise<void> {
  await alice.window.cancel();
  cast.teller.check('the end', await alice.window.ended, {
    status: 'cancelled',
    reason: 'cancelled',
  });
  await checkPurse(cast, cast.alice, ALICES);
  await checkPurse(cast, cast.eve, EVES);
  cast.teller.line('alice', 'leaves', 'everybody has everything back');
}

async function swapForLookAlike(cast: Cast): Promise<Encounter> {
  const { teller, alice } = cast;
  teller.chapter('Scam 2: a swap for a look-alike');
  const met = await eveInvites(cast);
  const { window } = met.alice;
  await evePuts(cast, met, RUBY);
  await window.put(coins(5_000));
  teller.line('eve', 'puts ruby#1 against 5,000 coins', `revision ${window.view.revision}`);
  await wait(cast, met.alice, 1, LOOK);
  const seen = window.view;
  window.shown(seen);
  await window.accept();
  teller.line('alice', 'sees the ruby and accepts', 'eve has waited for this');
  await evePuts(cast, met, GARNET);
  const change = lastChange(met.alice);
  teller.check('what alice is told', change, 'eve: ruby#1 swapped for garnet#1');
  teller.line('eve', 'puts garnet#1 instead', change);
  const { revision } = window.view;
  const wrong = await refused(alice, 'windows.accept', acceptance(seen, revision));
  teller.check('the rejection', wrong.code, 'HASH_MISMATCH');
  teller.line('alice', 'accepts revision 3, still seeing the ruby', wrong.code);
  window.shown({ ...seen, revision });
  await held(cast, window.accept(), 'HASH_MISMATCH');
  teller.line('', 'her client compares what is shown, too', 'and sends nothing');
  return met;
}

async function doubleClick(cast: Cast, met: Encounter): Promise<void> {
  const { teller, alice } = cast;
  teller.chapter('Scam 3: the victim double-clicks through both screens');
  const { window } = met.alice;
  await wait(cast, met.alice, 7, '4 for the swap, 3 because she had accepted');
  const table = acceptance(window.view, window.view.revision);
  const manifest = await bothAccept(cast, met);
  teller.line('alice', 'clicks accept without looking; so does eve', 'the table is in review');
  const again = await refused(alice, 'windows.accept', table);
  teller.check('the rejection', again, { ...again, code: 'WINDOW_STATUS' });
  teller.check('its details', again.details, { status: 'review' });
  teller.line('alice', 'clicks a second time', `${again.code}: an acceptance confirms nothing`);
  const blind = { window: met.window, manifest: manifest.manifest };
  const early = await refused(alice, 'windows.confirm', blind);
  teller.check('the rejection', early.code, 'NOT_ARMED');
  teller.line('alice', 'even if that click had been a confirmation:', early.code);
  await wait(cast, met.alice, 2, READ);
  const [thin, changed, ...others] = manifest.warnings.filter(({ player }) => player === 'alice');
  const codes = [thin?.code, changed?.code, others.length];
  teller.check('what alice is warned of', codes, ['THIN_PRICE', 'CHANGED_AFTER_ACCEPT', 0]);
  const half = { ...blind, acknowledge: [thin?.token ?? ''] };
  const unread = await refused(alice, 'windows.confirm', half);
  const { code } = unread.details as { readonly code: string };
  teller.check('the rejection', [unread.code, code], ['NOT_ACKNOWLEDGED', 'CHANGED_AFTER_ACCEPT']);
  teller.line('alice', 'confirms blindly after 2 s', `${unread.code}: ${code}`);
  const [swap] = manifest.changes;
  teller.check('what the manifest shows', [swap?.asset, swap?.by?.asset], ['ruby#1', 'garnet#1']);
  teller.line('', 'and the manifest says what happened:', 'ruby#1 swapped for garnet#1');
  await leave(cast, met);
}

async function disconnect(cast: Cast): Promise<void> {
  const { teller, stage, alice } = cast;
  teller.chapter('Scam 4: the cable is pulled at the confirmation');
  const met = await aliceInvites(cast);
  const { window } = met.alice;
  await evePuts(cast, met, RUBY);
  await window.put(coins(3_000));
  await wait(cast, met.alice, 1, LOOK);
  const manifest = await bothAccept(cast, met);
  await wait(cast, met.alice, 2, READ);
  await window.confirm(manifest, tokensOf(manifest, 'alice'));
  teller.line('alice', 'confirms ruby#1 for 3,000 coins', 'eve has waited for this');
  cast.eve.client.close();
  await stage.until('that eve has left', () => !window.theirs.present);
  teller.check('the window', [window.view.status, window.mine.confirmed], ['open', false]);
  teller.line('eve', 'cuts her connection', 'back to the table: both confirmations are void');
  const alone = { window: met.window, manifest: manifest.manifest };
  const acknowledge = tokensOf(manifest, 'eve');
  cast.eve = await stage.enter('eve');
  await stage.until('that eve is back', () => window.theirs.present);
  const { code } = await refused(cast.eve, 'windows.confirm', { ...alone, acknowledge });
  teller.check('the rejection', code, 'WINDOW_STATUS');
  teller.line('eve', 'comes back and confirms the old manifest', code);
  cast.eve.client.close();
  await stage.until('that eve has left', () => !window.theirs.present);
  teller.line('eve', 'cuts her connection again, for good', 'alice need not wait for ever');
  teller.line('clock', '3 s pass: she may have lost her network', '');
  await sleep(GRACE_MS);
  const end = await window.ended;
  teller.check('the end', end, { status: 'cancelled', reason: 'disconnected' });
  cast.eve = await stage.enter('eve');
  await checkPurse(cast, alice, ALICES);
  await checkPurse(cast, cast.eve, EVES);
  teller.line('server', 'cancels the window: disconnected', 'everybody has everything back');
}

async function offerWhatIsListed(cast: Cast): Promise<void> {
  const { teller, eve } = cast;
  teller.chapter('Scam 5: one ruby is promised to two people');
  const ask = { item: 'ruby#1', quantity: 1, price: 4_000 };
  const { listing } = await eve.client.call('listings.create', ask);
  teller.line('eve', 'lists ruby#1 on the market for 4,000', `listing ${listing} holds it`);
  const met = await aliceInvites(cast);
  const { revision } = met.alice.window.view;
  const put = { window: met.window, revision, assets: RUBY };
  const none = await refused(eve, 'windows.put', put);
  teller.check('the rejection', none.code, 'INSUFFICIENT_INVENTORY');
  teller.check('its details', none.details, { required: 1, available: 0 });
  teller.line('eve', 'puts it on the table, too', `${none.code}: 1 > 0`);
  await eve.client.call('listings.cancel', { listing });
  await evePuts(cast, met, RUBY);
  const both = await refused(eve, 'listings.create', ask);
  teller.check('the rejection', both.code, 'INSUFFICIENT_INVENTORY');
  teller.line('eve', 'the other way round: table first, then market', both.code);
  const offer = { to: 'bob', give: RUBY, want: coins(4_000) };
  const promised = await refused(eve, 'offers.create', offer);
  teller.check('the rejection', promised.code, 'INSUFFICIENT_INVENTORY');
  teller.line('eve', 'offers it to bob while it is on the table', promised.code);
  await replay(cast, met);
}

async function replay(cast: Cast, met: Encounter): Promise<void> {
  const { teller, alice, eve } = cast;
  teller.chapter('Scam 6: a confirmation is replayed');
  await met.alice.window.put(coins(3_000));
  await wait(cast, met.alice, 1, LOOK);
  const manifest = await bothAccept(cast, met);
  await wait(cast, met.alice, 2, READ);
  await met.alice.window.confirm(manifest, tokensOf(manifest, 'alice'));
  const acknowledge = tokensOf(manifest, 'eve');
  const confirmation = { window: met.window, manifest: manifest.manifest, acknowledge };
  const done = await eve.client.call('windows.confirm', confirmation, { key: EVES_KEY });
  const first = lastReply(eve);
  await met.alice.window.ended;
  checkReceipt(cast, met.alice, done);
  teller.line('eve', 'sells the ruby after all, for 3,000', 'done: 2,970 for her, 30 are the fee');
  await eve.client.call('windows.confirm', confirmation, { key: EVES_KEY });
  teller.check('the answer to the same key', Buffer.from(lastReply(eve)).equals(first), true);
  teller.line(
    'eve',
    'sends her confirmation again, with its key',
    'the same receipt, byte for byte',
  );
  const old = await refused(eve, 'windows.confirm', confirmation);
  teller.check('the rejection', old.code, 'WINDOW_NOT_FOUND');
  teller.line('eve', 'sends it again without the key', old.code);
  await replayElsewhere(cast, manifest);
  const owned = { ...ALICES, coins: [15_440, 0], 'ruby#1': [1, 0] } as const;
  await checkPurse(cast, alice, owned);
  await checkPurse(cast, eve, { coins: [14_970, 0], 'garnet#1': [1, 0] });
  teller.line('alice', 'leaves', 'she has paid once');
}

/** The same price in another window, and the manifest of before. */
async function replayElsewhere(cast: Cast, { manifest }: ManifestView): Promise<void> {
  const { teller, eve } = cast;
  const met = await eveInvites(cast);
  await evePuts(cast, met, GARNET);
  await met.alice.window.put(coins(3_000));
  await wait(cast, met.alice, 1, LOOK);
  const current = await bothAccept(cast, met);
  const { code, details } = await refused(eve, 'windows.confirm', { window: met.window, manifest });
  teller.check('the rejection', code, 'STALE_MANIFEST');
  teller.check('its details', details, { manifest: current.manifest });
  teller.line('eve', 'sends it in a new window, for another stone', code);
  await met.alice.window.cancel();
}
