// A window on a scripted server: its state as the server has it, the frames that are made of it,
// and what bob does. Alice is on the client. Each test starts at an empty, open table.

import { beforeEach, expect } from 'vitest';
import type { TradeClient } from '../../protocol/client.ts';
import { NotSentError } from '../../protocol/client-options.ts';
import type { Request } from '../../protocol/codec.ts';
import type {
  LineView,
  Manifest,
  ManifestView,
  Warning,
  WindowEventKind,
  WindowView,
} from '../../protocol/direct.ts';
import type { TradeWindow } from '../../protocol/trade-window.ts';
import { manifestHash, tableHash } from '../../protocol/window-hash.ts';
import { connected, server, until } from './scripted-client.ts';
import type { Peer } from './scripted-server.ts';

export const coins = (quantity: number): LineView => ({
  asset: 'coins',
  location: 'main',
  quantity,
});
export const sword: LineView = { asset: 'sword#1', location: 'main', quantity: 1 };

/** The window as the server has it, and the frames it makes of it. */
export let view: WindowView;
export let manifest: ManifestView | null;
let sequence: number;

/** Call once at the top of a test file, after {@link useScriptedServer}. */
export function useScriptedWindow(): void {
  beforeEach(layTable);
}

function layTable(): void {
  const side = { assets: [], accepted: false, confirmed: false, present: true };
  view = {
    window: 7,
    status: 'open',
    reason: null,
    revision: 0,
    sides: [
      { ...side, player: 'alice' },
      { ...side, player: 'bob' },
    ],
    armedAtMs: 0,
    expiresAtMs: Date.now() + 60_000,
    manifest: null,
  };
  manifest = null;
  sequence = 10;
  server.script = answer;
}

/** The window has become this behind the back of the client: nobody tells it. */
export function becomes(change: Partial<WindowView>): void {
  view = { ...view, ...change };
  if (view.manifest === null) manifest = null;
}

/** Invitations and joining succeed; whoever listens gets the window. */
function answer(request: Request, peer: Peer): boolean {
  if (request.command === 'windows.invite' || request.command === 'windows.join') {
    ok(request, peer);
    return true;
  }
  if (!/^session\.(subscribe|resync)$/.test(request.command)) return false;
  peer.reply(request.id, 'ok', request.payload);
  peer.event('window:7', 'snapshot', 0, sequence, { window: view, manifest, receipt: null });
  return true;
}

export function ok({ id }: Request, peer: Peer, more: object = {}): void {
  const { window, status, revision, armedAtMs, expiresAtMs } = view;
  const brief = { window, status, revision, armedAtMs, expiresAtMs, manifest: view.manifest };
  peer.reply(id, 'ok', { ...brief, ...more });
}

/** Changes the window, and tells the client. */
export function happens(
  event: WindowEventKind,
  by: string | null,
  change: Partial<WindowView>,
): void {
  becomes(change);
  tell(event, by);
}

export function tell(event: WindowEventKind, player: string | null): void {
  const receipt = { window: 7, manifest: view.manifest ?? '', atMs: 5 };
  server.peer.event('window:7', 'event', sequence, ++sequence, {
    ...{ atMs: 5, event, player, changes: [], window: view, manifest },
    receipt: view.status === 'done' ? receipt : null,
  });
}

/** The sides with what each gives. */
export function sides(alices: LineView[], bobs: LineView[]): WindowView['sides'] {
  const [alice, bob] = view.sides;
  return [
    { ...alice, assets: alices },
    { ...bob, assets: bobs },
  ];
}

/** Bob's side becomes this, as a change that is armed at once. */
export function bobPuts(assets: LineView[], armedAtMs = 0): void {
  const revision = view.revision + 1;
  happens('put', 'bob', { revision, sides: sides(view.sides[0].assets, assets), armedAtMs });
}

/** The second acceptance: the table goes into review as it stands, or as `lines` pretend. */
export function review(
  warnings: Warning[] = [],
  lines = view.sides.map(({ assets }) => assets),
): void {
  const valued = (of: LineView[]) =>
    of.map(line => ({
      ...{ ...line, unitPrice: null, confidence: 'none' as const, value: null, fee: 0 },
      ...{ digits: line.quantity.toLocaleString('en-US'), words: 'so many' },
    }));
  const side = (player: string, of: LineView[] = []) => ({
    ...{ player, assets: valued(of), value: 0, confidence: 'none' as const },
  });
  const body: Omit<Manifest, 'manifest'> & Pick<ManifestView, 'sides'> = {
    ...{ window: 7, revision: view.revision, atMs: 5, changes: [], warnings },
    sides: [side('alice', lines[0]), side('bob', lines[1])],
  };
  manifest = { ...body, manifest: manifestHash(body) };
  happens('reviewed', 'bob', { status: 'review', manifest: manifest.manifest, armedAtMs: 0 });
}

export const hashOf = ({ window, revision, sides: both }: WindowView) =>
  tableHash(window, revision, both);

export async function invited(): Promise<{ client: TradeClient; window: TradeWindow }> {
  const client = await connected();
  return { client, window: await client.invite('bob') };
}

export const arrives = (window: TradeWindow) => until(() => window.view.revision === view.revision);

export async function refusal(step: Promise<unknown>): Promise<NotSentError> {
  const error = await step.then(
    () => 'it was sent',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(NotSentError);
  return error as NotSentError;
}

/** Takes one command: 'ok' as the window then is, or a rejection. */
export function taking(command: string, take: (request: Request, peer: Peer) => void): void {
  server.script = (request, peer) => {
    if (request.command !== command) return answer(request, peer);
    take(request, peer);
    return true;
  };
}

/** Alice has accepted bob's sword for her coins, and the table is in review. */
export async function inReview(warnings: Warning[] = []): Promise<TradeWindow> {
  const { window } = await invited();
  happens('put', 'bob', { revision: 1, sides: sides([coins(500)], [sword]) });
  await arrives(window);
  window.shown(window.view);
  taking('windows.accept', ok);
  await window.accept();
  review(warnings);
  await until(() => window.manifest !== null);
  return window;
}
