// The people of the trade story, and what is done at every table: sitting down, looking, waiting,
// accepting. Alice and bob use the client's windows; eve's client is her own, so she sends raw
// commands, whatever she likes.

import { type NotSentCode, NotSentError } from '../../protocol/client-options.ts';
import type { WindowNews } from '../../protocol/client-window-follower.ts';
import type { Payload, Result } from '../../protocol/commands/registry.ts';
import type { ManifestView, WindowView } from '../../protocol/direct.ts';
import type { TradeWindow } from '../../protocol/trade-window.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import type { Stage, Trader } from './stage.ts';
import { count, StoryError, type Teller } from './teller.ts';

/** The client's idea of the server's time is set back a little whenever it learns more of it. */
const CLOCK_MARGIN_MS = 20;

export interface Cast {
  readonly stage: Stage;
  readonly teller: Teller;
  readonly game: Trader;
  readonly alice: Trader;
  bob: Trader;
  eve: Trader;
}

/** A player at a window, and the last that he heard of it. */
export interface Seat {
  readonly trader: Trader;
  readonly window: TradeWindow;
  readonly heard: WindowNews[];
}

export function sit(trader: Trader, window: TradeWindow): Seat {
  const heard: WindowNews[] = [];
  window.onChange(news => heard.push(news));
  return { trader, window, heard };
}

/** Alice and eve at one window. Eve knows of it what her commands are answered. */
export interface Encounter {
  readonly alice: Seat;
  readonly window: number;
}

/** Eve invites, alice comes. */
export async function eveInvites(cast: Cast): Promise<Encounter> {
  const { window } = await cast.eve.client.call('windows.invite', { player: 'alice' });
  const alice = sit(cast.alice, await cast.alice.client.joinWindow(window));
  cast.teller.check('the window', alice.window.view.status, 'open');
  return { alice, window };
}

/** Alice invites, eve comes. */
export async function aliceInvites(cast: Cast): Promise<Encounter> {
  const alice = sit(cast.alice, await cast.alice.client.invite('eve'));
  const window = alice.window.id;
  await cast.eve.client.call('windows.join', { window });
  await cast.stage.until('eve at the table', () => alice.window.view.status === 'open');
  return { alice, window };
}

type Assets = Payload<'windows.put'>['assets'];

/** Eve puts something, and alice gets to see it. */
export async function evePuts(cast: Cast, { alice, window }: Encounter, assets: Assets) {
  const { revision } = alice.window.view;
  const put = await cast.eve.client.call('windows.put', { window, revision, assets });
  const isSeen = () => alice.window.view.revision === put.revision;
  await cast.stage.until('the change in the view of alice', isSeen);
}

/** What a raw client sends to accept a table: any table. */
export function acceptance(
  { window, sides }: WindowView,
  revision: number,
): Payload<'windows.accept'> {
  return { window, revision, hash: tableHash(window, revision, sides) };
}

/** Both accept what is on the table, which opens the review. */
export async function bothAccept(cast: Cast, { alice }: Encounter): Promise<ManifestView> {
  const { window } = alice;
  window.shown(window.view);
  await window.accept();
  await cast.eve.client.call('windows.accept', acceptance(window.view, window.view.revision));
  await cast.stage.until('the manifest', () => window.manifest !== null);
  cast.teller.check('the window', window.view.status, 'review');
  return window.manifest as ManifestView;
}

/** The tokens of the warnings to a player. */
export function tokensOf({ warnings }: ManifestView, player: string): string[] {
  const own = warnings.filter(warning => warning.player === player);
  return own.flatMap(({ token }) => (token === null ? [] : [token]));
}

/** Waits until it is armed, which must be `seconds` after what happened last; and says why. */
export async function wait(
  { teller }: Pick<Cast, 'teller'>,
  { window, heard }: Seat,
  seconds: number,
  why: string,
): Promise<void> {
  const atMs = heard.at(-1)?.atMs ?? 0;
  teller.check('how long it is barred', window.view.armedAtMs - atMs, seconds * 1_000);
  teller.line('clock', `${seconds} s pass: ${why}`, '');
  while (window.armedInMs > 0) await sleep(window.armedInMs + CLOCK_MARGIN_MS);
}

export function sleep(ms: number): Promise<void> {
  return new Promise(wake => setTimeout(wake, ms));
}

/** What was changed last, in words: `eve: coins 10,000 -> 1,000, decreased`. */
export function lastChange({ heard }: Seat): string {
  const changes = heard.at(-1)?.changes ?? [];
  const told = changes.map(({ player, change, asset, from, to, by }) => {
    if (by !== undefined) return `${player}: ${asset} ${change} for ${by.asset}`;
    return `${player}: ${asset} ${count(from)} -> ${count(to)}, ${change}`;
  });
  return told.join('; ');
}

/** Tries a step that the client itself must refuse; returns why it did. */
export async function held(
  { teller }: Pick<Cast, 'teller'>,
  step: Promise<unknown>,
  code: NotSentCode,
): Promise<NotSentError> {
  const error = await step.catch((thrown: unknown) => thrown);
  if (!(error instanceof NotSentError)) throw new StoryError(`It was sent, in spite of ${code}.`);
  teller.check('why the client sends nothing', error.code, code);
  return error;
}

/** Tells a manifest as alice reads it: every line in words, and each warning. */
export function tellManifest({ teller }: Cast, manifest: ManifestView): void {
  for (const { player, assets } of manifest.sides) {
    for (const { asset, digits, words, value, confidence, fee } of assets) {
      const worth = value === null ? 'worth unknown' : `worth ${count(value)} (${confidence})`;
      const cost = fee === 0 ? worth : `${worth}, fee ${count(fee)}`;
      teller.line('', `${player} gives ${digits} ${asset}`, `${words}; ${cost}`);
    }
  }
  for (const { code, level, player, details } of manifest.warnings) {
    const says = Object.entries(details).map(([name, value]) => {
      return `${name} ${typeof value === 'number' ? count(value) : value}`;
    });
    teller.line('', `${level} for ${player}: ${code}`, says.join(', '));
  }
}

/** Both players have the same receipt. */
export function checkReceipt({ teller }: Cast, seat: Seat, result: Result<'windows.confirm'>) {
  teller.check('the window', result.status, 'done');
  teller.check('the receipt', result.receipt, seat.window.receipt);
}
