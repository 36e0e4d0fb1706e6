// An outside judge of trade windows: pairs of players trade face to face over sockets of their own,
// and after a crash or a stop the judge asks the server whether all that any of them was told is
// so. It holds the server to: both players are shown the same window; a window is done for both,
// with everything swapped, or for none; what is held is exactly what lies on live tables; and an
// answer is for ever.

import { isDeepStrictEqual } from 'node:util';
import type { EngineCommand, Payload } from '../../protocol/commands/registry.ts';
import type { LineView, WindowView } from '../../protocol/direct.ts';
import { TRADE_ROWS_MAX } from '../../protocol/limits.ts';
import { sleep } from './fault-realm.ts';
import { broken, type Spoken } from './judge-history.ts';
import { JudgeSocket } from './judge-socket.ts';
import { Interrupted, Trader } from './judge-trader.ts';
import { tradeOnce } from './judge-window-course.ts';
import { seeded } from './seeded.ts';
import { type Environment, NO_WAITING, processToken } from './server-process.ts';

export type Pair = readonly [inviter: Trader, invited: Trader];

/** What everybody owns in the beginning, of each of these. */
export const START = 1_000_000_000;
const ASSETS = ['coins', 'ore', 'silk'];

const PAGE = TRADE_ROWS_MAX;

/** Nobody waits, and nobody is held back: what is tested here is neither arming nor limits. */
export const HURRIED: Environment = {
  ...NO_WAITING,
  WINDOW_INVITES_PER_MINUTE_MAX: '1000000',
  WINDOW_INVITES_PER_PLAYER_MAX: '1000000',
  WINDOW_GRACE_MS: '4000',
  RATE_STANDARD: 'unlimited',
  LOG_LEVEL: 'error',
};

export class WindowJudge {
  readonly history: Spoken[] = [];
  readonly pairs: readonly Pair[];
  readonly #random: () => number;
  #isTrading = false;
  #courses: Promise<void>[] = [];
  readonly #faults: unknown[] = [];
  /** Windows that came to their end in front of both players. */
  finished = 0;

  constructor(options: { readonly seed: number; readonly pairs: number }) {
    this.#random = seeded(options.seed);
    this.pairs = Array.from({ length: options.pairs }, (_, n) => {
      return [new Trader(`ann-${n}`, this.history), new Trader(`bob-${n}`, this.history)] as const;
    });
  }

  /** Defines the goods and gives everybody his start. */
  async prepare(port: number): Promise<void> {
    const socket = await JudgeSocket.open(port, await processToken('game'));
    const orders: [EngineCommand, Payload<EngineCommand>][] = [
      ['items.define', { item: 'ore', kind: 'commodity' }],
      ['items.define', { item: 'silk', kind: 'commodity' }],
    ];
    for (const { name: player } of this.pairs.flat()) {
      for (const asset of ASSETS) {
        orders.push(['wallet.grant', { player, asset, quantity: START }]);
      }
    }
    for (const [command, payload] of orders) {
      const { outcome, body } = await socket.ask(command, payload);
      if (outcome !== 'ok') throw new Error(`${command}: ${JSON.stringify(body)}`);
    }
    socket.destroy();
  }

  async connect(port: number, pairs: readonly Pair[] = this.pairs): Promise<void> {
    await Promise.all(pairs.flat().map(trader => trader.connect(port)));
    // Whoever has just come is in a window before the answer to this.
    await Promise.all(pairs.flat().map(trader => trader.catchUp()));
  }

  /**
   * Each pair trades, one window at least, its live one first, until {@link finish}. Who trades for
   * seconds needs a pause between two windows: else so many frames are taken for a flood.
   */
  begin(pairs: readonly Pair[] = this.pairs, pauseMs = 0): void {
    this.#isTrading = true;
    this.#courses = pairs.map(pair => this.#keepTrading(pair, pauseMs));
  }

  /** Each pair brings its window to an end. */
  async finish(): Promise<void> {
    this.#isTrading = false;
    await Promise.all(this.#courses);
    if (this.#faults.length > 0) throw this.#faults[0];
  }

  /** Resolves when the server has closed every socket, with the close codes. */
  async ended(pairs: readonly Pair[] = this.pairs): Promise<number[]> {
    const codes = await Promise.all(pairs.flat().map(({ closed }) => closed));
    await this.finish();
    return codes;
  }

  /** Sends all commands from number `from` on again: what is decided is so for ever. */
  async examine(pairs: readonly Pair[] = this.pairs, from = 0): Promise<void> {
    const traders = new Map(pairs.flat().map(trader => [trader.name, trader]));
    const said = this.history.slice(from);
    await Promise.all(said.map(spoken => traders.get(spoken.player)?.again(spoken)));
  }

  /** Throws for the first thing that is not as it should be; all windows of the pairs. */
  async verify(pairs: readonly Pair[] = this.pairs): Promise<WindowView[]> {
    const found = await Promise.all(pairs.map(pair => this.#verifyPair(pair)));
    const windows = new Map(found.flat().map(view => [view.window, view]));
    const names = new Set(pairs.flat().map(({ name }) => name));
    for (const spoken of this.history) {
      if (names.has(spoken.player)) checkTold(spoken, windows);
    }
    return found.flat();
  }

  async #verifyPair(pair: Pair): Promise<WindowView[]> {
    const [own, others] = await Promise.all(pair.map(trader => windowsOf(trader)));
    assertSame('windows.mine of both players', own, others);
    const views = own as WindowView[];
    for (const view of views) await checkOne(pair, view);
    await Promise.all(pair.map(trader => checkBalances(trader, views)));
    return views;
  }

  async #keepTrading(pair: Pair, pauseMs: number): Promise<void> {
    try {
      const [live] = (await windowsOf(pair[0], 1)).filter(isLive);
      let from: WindowView | null = live ?? null;
      do {
        await tradeOnce(pair, from, this.#random);
        this.finished++;
        from = null;
        await sleep(pauseMs);
      } while (this.#isTrading);
    } catch (error) {
      if (!(error instanceof Interrupted)) this.#faults.push(error);
    }
  }
}

export function isLive({ status }: WindowView): boolean {
  return status !== 'done' && status !== 'cancelled';
}

/** All windows of a player, newest first, or only the newest page of `limit`. */
export async function windowsOf(trader: Trader, limit?: number): Promise<WindowView[]> {
  const found: WindowView[] = [];
  let before: number | undefined;
  for (;;) {
    const ask = { limit: limit ?? PAGE, ...(before === undefined ? {} : { before }) };
    const { windows, next } = await trader.ask('windows.mine', ask);
    found.push(...windows);
    if (next === null || limit !== undefined) return found;
    before = next;
  }
}

/** The window by itself, as both are answered and, while it is live, as both are shown it. */
async function checkOne(pair: Pair, view: WindowView): Promise<void> {
  const { window } = view;
  const [own, others] = await Promise.all(pair.map(one => one.ask('windows.get', { window })));
  assertSame(`windows.get of both players, window ${window}`, own, others);
  assertSame(`windows.get and windows.mine, window ${window}`, own?.window, view);
  const last = own?.log[0];
  if (!isLive(view)) {
    assertSame(`the last event of window ${window}`, last?.event, view.status);
    const isKept = own?.manifests.some(({ manifest }) => manifest === view.manifest);
    if (view.status === 'done') assertSame(`its manifest is kept, window ${window}`, isKept, true);
    return;
  }
  const shown = await Promise.all(pair.map(trader => trader.look(window)));
  for (const snapshot of shown) assertSame(`the channel of ${window}`, snapshot.window, view);
  assertSame(`the channel of ${window} for both`, shown[0], shown[1]);
}

/** What a player owns is his start and what was swapped; what is held lies on his live table. */
async function checkBalances(trader: Trader, views: readonly WindowView[]): Promise<void> {
  const owned = new Map(ASSETS.map(asset => [asset, START]));
  const held = new Map(ASSETS.map(asset => [asset, 0]));
  const add = (to: Map<string, number>, { asset, quantity }: LineView, sign: number) =>
    to.set(asset, (to.get(asset) ?? 0) + sign * quantity);
  for (const view of views) {
    for (const { player, assets } of view.sides) {
      const isOwn = player === trader.name;
      for (const line of assets) {
        if (view.status === 'done') add(owned, line, isOwn ? -1 : 1);
        else if (isOwn && isLive(view)) add(held, line, 1);
      }
    }
  }
  const { balances } = await trader.ask('wallet.get', {});
  for (const asset of ASSETS) {
    const found = balances.find(balance => balance.asset === asset);
    const total = (found?.available ?? 0) + (found?.held ?? 0);
    assertSame(`what ${trader.name} owns of ${asset}`, total, owned.get(asset));
    assertSame(`what ${trader.name} holds of ${asset}`, found?.held ?? 0, held.get(asset));
  }
}

/** Whether what a command was told is so. */
function checkTold(spoken: Spoken, windows: ReadonlyMap<number, WindowView>): void {
  if (spoken.outcome !== 'ok' || !spoken.command.startsWith('windows.')) return;
  const { window, status, receipt } = spoken.body as { window: number } & Partial<WindowView> & {
      receipt?: { manifest: string } | null;
    };
  const view = windows.get(window);
  if (view === undefined) throw broken('its window is gone', spoken, null);
  const isOver = status === 'done' || status === 'cancelled';
  if (isOver && view.status !== status) throw broken('it ended otherwise', spoken, view);
  if (receipt != null && view.manifest !== receipt.manifest) {
    throw broken('another manifest was executed', spoken, view);
  }
}

function assertSame(what: string, found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new Error(`${what}: ${JSON.stringify(found)}\n instead of ${JSON.stringify(expected)}`);
}
