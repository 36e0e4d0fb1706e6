// One live window on the client: its player's word, and what it rests on. `accept` hashes exactly
// the view that the application says it has shown; `confirm` takes only the manifest of the table
// that was accepted. A step that was overtaken fails: nothing is sent again behind his back. The
// state is kept by client-window-follower.ts, across lost connections too.

import {
  checkAcknowledged,
  checkManifest,
  checkTable,
  type ShownTable,
  shownTable,
} from './client-checks.ts';
import { type KeyOptions, RejectedError } from './client-options.ts';
import {
  type WindowClient,
  type WindowEnding,
  WindowFollower,
  type WindowNews,
} from './client-window-follower.ts';
import type { Payload, Result } from './commands/registry.ts';
import type {
  AskedLine,
  ManifestView,
  Receipt,
  Warning,
  WindowBrief,
  WindowSideView,
  WindowView,
} from './direct.ts';

type SimpleStep = `windows.${'unaccept' | 'unconfirm' | 'reopen' | 'cancel'}`;
type Step = SimpleStep | `windows.${'put' | 'accept' | 'confirm'}`;

export class TradeWindow {
  readonly #client: WindowClient;
  readonly #follower: WindowFollower;
  #shown: ShownTable | null = null;
  #accepted: ShownTable | null = null;

  private constructor(client: WindowClient, id: number) {
    this.#client = client;
    this.#follower = new WindowFollower(client, id);
  }

  static async invite(
    client: WindowClient,
    player: string,
    options: KeyOptions,
  ): Promise<TradeWindow> {
    const { window } = await client.call('windows.invite', { player }, options);
    return TradeWindow.watch(client, window);
  }

  static async join(client: WindowClient, id: number, options: KeyOptions): Promise<TradeWindow> {
    await client.call('windows.join', { window: id }, options);
    return TradeWindow.watch(client, id);
  }

  static async watch(client: WindowClient, id: number): Promise<TradeWindow> {
    const window = new TradeWindow(client, id);
    await window.#follower.begin();
    return window;
  }

  get id(): number {
    return this.#follower.id;
  }

  /** How it ended. Never rejects. */
  get ended(): Promise<WindowEnding> {
    return this.#follower.ended;
  }

  /** The window as it is, as far as it is known. */
  get view(): WindowView {
    return this.#follower.state.window;
  }

  /** What is under review or was executed, to be shown; null otherwise. */
  get manifest(): ManifestView | null {
    return this.#follower.state.manifest;
  }

  get receipt(): Receipt | null {
    return this.#follower.state.receipt;
  }

  /** The side of this player. */
  get mine(): WindowSideView {
    const [inviter, invited] = this.view.sides;
    return inviter.player === this.#client.player ? inviter : invited;
  }

  /** The side of the other player. */
  get theirs(): WindowSideView {
    const [inviter, invited] = this.view.sides;
    return inviter.player === this.#client.player ? invited : inviter;
  }

  /** The warnings of the manifest that are addressed to this player. */
  get warnings(): Warning[] {
    const { player } = this.#client;
    return this.manifest?.warnings.filter(warning => warning.player === player) ?? [];
  }

  /** How long the player must still look before he can accept, or confirm. */
  get armedInMs(): number {
    return Math.max(0, this.view.armedAtMs - this.#client.serverNowMs());
  }

  /** Calls `listener` after each change, until what it returns is called. */
  onChange(listener: (news: WindowNews) => void): () => void {
    const { listeners } = this.#follower;
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /**
   * The application has put this view on the screen. Only what was shown last can be accepted, so
   * call it after each change, and with what is really there.
   */
  shown(view: WindowView): void {
    this.#shown = shownTable(view);
  }

  /**
   * Sets the own side to exactly this. Rejected with STALE_REVISION when the partner was faster:
   * `view` then is what he made of it, and nothing of the own side has changed.
   * @throws {RejectedError}
   */
  put(assets: AskedLine[], options: KeyOptions = {}): Promise<WindowBrief> {
    const { revision } = this.view;
    return this.#step('windows.put', { window: this.id, revision, assets }, options);
  }

  /**
   * Accepts the table that was shown last.
   * @throws {NotSentError} when it is not the one that is there, or not armed yet.
   * @throws {RejectedError}
   */
  async accept(options: KeyOptions = {}): Promise<WindowBrief> {
    const table = checkTable(this.view, this.#shown, this.#client.serverNowMs());
    this.#accepted = table;
    return this.#step('windows.accept', { window: this.id, ...table }, options);
  }

  /**
   * Confirms the manifest that the application has shown. `acknowledge` has the tokens of the
   * warnings that the player has acknowledged.
   * @throws {NotSentError} when it is not the one under review, not what was accepted, not armed
   *   yet, or when a warning is not acknowledged.
   * @throws {RejectedError}
   */
  async confirm(
    manifest: ManifestView,
    acknowledge: string[] = [],
    options: KeyOptions = {},
  ): Promise<Result<'windows.confirm'>> {
    checkManifest(manifest, this.view, this.#accepted, this.#client.serverNowMs());
    const { player } = this.#client;
    const mine = manifest.warnings.filter(warning => warning.player === player);
    checkAcknowledged(mine, acknowledge);
    const payload = { window: this.id, manifest: manifest.manifest, acknowledge };
    return this.#step('windows.confirm', payload, options);
  }

  unaccept(options: KeyOptions = {}): Promise<WindowBrief> {
    return this.#step('windows.unaccept', { window: this.id }, options);
  }

  unconfirm(options: KeyOptions = {}): Promise<WindowBrief> {
    return this.#step('windows.unconfirm', { window: this.id }, options);
  }

  reopen(options: KeyOptions = {}): Promise<WindowBrief> {
    return this.#step('windows.reopen', { window: this.id }, options);
  }

  cancel(options: KeyOptions = {}): Promise<WindowBrief> {
    return this.#step('windows.cancel', { window: this.id }, options);
  }

  /** Sends a step, and resolves when what it did is in `view`. */
  async #step<Name extends Step>(
    command: Name,
    payload: Payload<Name>,
    options: KeyOptions,
  ): Promise<Result<Name>> {
    let result: Result<Name>;
    try {
      result = await this.#client.call(command, payload, options);
    } catch (error) {
      if (error instanceof RejectedError) this.#follower.adopt(error.details?.window);
      throw error;
    }
    await this.#follower.reaches(result);
    return result;
  }
}
