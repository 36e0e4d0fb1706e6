// Follows one window on its channel: keeps the newest state, tells who listens, and finds out how
// the window ended, also when that happened while there was no connection. It changes nothing.

import { type KeyOptions, RejectedError } from './client-options.ts';
import type { CommandName, Payload, Result } from './commands/registry.ts';
import {
  type LineChange,
  type ManifestView,
  type Receipt,
  WINDOW_STATUSES,
  type WindowEnd,
  type WindowEventKind,
  type WindowLogEntry,
  type WindowView,
  windowView,
} from './direct.ts';
import type { WindowSnapshot } from './events.ts';
import { deliver, type FeedEvent, type FeedListener } from './feed.ts';

type WindowChannel = `window:${number}`;

/** What a window needs of the client. */
export interface WindowClient {
  readonly player: string | null;
  serverNowMs(): number;
  call<Name extends CommandName>(
    command: Name,
    payload: Payload<Name>,
    options?: KeyOptions,
  ): Promise<Result<Name>>;
  subscribe(
    channel: WindowChannel,
    listener: FeedListener<WindowChannel>,
    over: (error: Error) => void,
  ): Promise<() => void>;
}

/** `event` null: the window as it is, after it was joined, or after something was missed. */
export interface WindowNews {
  readonly event: WindowEventKind | null;
  /** By the clock of the server; null with `event`. */
  readonly atMs: number | null;
  /** Whose doing it was; null for nobody's. */
  readonly player: string | null;
  readonly changes: readonly LineChange[];
  readonly view: WindowView;
}

/** 'lost': the client was closed, or the server would not say any more. */
export type WindowEnding =
  | { readonly status: 'done'; readonly receipt: Receipt }
  | { readonly status: 'cancelled'; readonly reason: WindowEnd }
  | { readonly status: 'lost'; readonly error: Error };

const MISSED = { event: null, atMs: null, player: null, changes: [] } as const;

export class WindowFollower {
  readonly id: number;
  readonly ended: Promise<WindowEnding>;
  readonly listeners = new Set<(news: WindowNews) => void>();
  readonly #client: WindowClient;
  #state: WindowSnapshot | null = null;
  #ending: WindowEnding | null = null;
  #resolveEnded: (ending: WindowEnding) => void = () => undefined;
  /** Asked again after each change, and at the end, until they say true. */
  #waiting: (() => boolean)[] = [];
  #leave: () => void = () => undefined;

  constructor(client: WindowClient, id: number) {
    this.#client = client;
    this.id = id;
    this.ended = new Promise(resolve => {
      this.#resolveEnded = resolve;
    });
  }

  /** The newest state. */
  get state(): WindowSnapshot {
    if (this.#state === null) throw new TypeError('A window has a state once it has begun.');
    return this.#state;
  }

  /** Resolves when there is a state. @throws {Error} when there will be none. */
  async begin(): Promise<void> {
    try {
      this.#leave = await this.#client.subscribe(
        `window:${this.id}`,
        frame => this.#receive(frame),
        error => void this.#over(error),
      );
      if (this.#ending !== null) this.#leave();
    } catch (error) {
      await this.#over(error as Error);
    }
    await this.#until(() => this.#state !== null);
    if (this.#state === null && this.#ending?.status === 'lost') throw this.#ending.error;
  }

  /** Resolves when the state is at least as new as what a command has answered. */
  reaches(answered: Pick<WindowView, 'revision' | 'status'>): Promise<void> {
    return this.#until(() => !isOlder(this.state.window, answered));
  }

  /** Takes the window that came with a rejection, when it is news. */
  adopt(details: unknown): void {
    const parsed = windowView.safeParse(details);
    if (!parsed.success || parsed.data.window !== this.id) return;
    if (!isOlder(this.state.window, parsed.data)) return;
    this.#become({ window: parsed.data, manifest: null, receipt: null }, MISSED);
  }

  #receive({ kind, data }: FeedEvent<WindowChannel>): void {
    const { window, manifest, receipt } = data;
    if (kind === 'snapshot') {
      this.#become({ window, manifest, receipt }, MISSED);
    } else if (this.#state === null || !isOlder(window, this.#state.window)) {
      // An older one was overtaken by the window that came with a rejection.
      this.#become({ window, manifest, receipt }, data);
    }
  }

  #become(state: WindowSnapshot, news: Omit<WindowNews, 'view'>): void {
    this.#state = state;
    const { window, receipt } = state;
    const { event, atMs, player, changes } = news;
    for (const listener of [...this.listeners]) {
      deliver(listener, { event, atMs, player, changes, view: window });
    }
    if (window.status === 'done' && receipt !== null) this.#end({ status: 'done', receipt });
    if (window.status === 'cancelled' && window.reason !== null) {
      this.#end({ status: 'cancelled', reason: window.reason });
    }
    this.#look();
  }

  #end(ending: WindowEnding): void {
    if (this.#ending !== null) return;
    this.#ending = ending;
    this.#resolveEnded(ending);
    this.#leave();
    this.#look();
  }

  /** Resolves once it holds, or when there is nothing more to come. */
  #until(holds: () => boolean): Promise<void> {
    const isOver = () => this.#ending !== null || holds();
    if (isOver()) return Promise.resolve();
    return new Promise(resolve => {
      this.#waiting.push(() => {
        if (!isOver()) return false;
        resolve();
        return true;
      });
    });
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(isOver => !isOver());
  }

  /** There is no channel any more: how a window has ended meanwhile is in the history. */
  async #over(error: Error): Promise<void> {
    if (this.#ending !== null) return;
    if (!(error instanceof RejectedError) || error.code !== 'WINDOW_NOT_FOUND') {
      this.#end({ status: 'lost', error });
      return;
    }
    try {
      const { window, manifest, last } = await this.#past();
      const receipt =
        last?.event === 'done' && manifest !== null
          ? { window: this.id, manifest: manifest.manifest, atMs: last.atMs }
          : null;
      this.#become({ window, manifest, receipt }, last ?? MISSED);
      this.#end({ status: 'lost', error });
    } catch (failure) {
      this.#end({ status: 'lost', error: failure as Error });
    }
  }

  /** The window with what happened last in it, and the manifest that was executed, if it was. */
  async #past(): Promise<Past> {
    const ask = { window: this.id };
    let page = await this.#client.call('windows.get', ask);
    const { window, log } = page;
    const last = log[0];
    const named = () => page.manifests.find(one => one.manifest === window.manifest) ?? null;
    while (named() === null && window.manifest !== null && page.next !== null) {
      page = await this.#client.call('windows.get', { ...ask, before: page.next });
    }
    return { window, manifest: named(), last };
  }
}

interface Past {
  readonly window: WindowView;
  readonly manifest: ManifestView | null;
  readonly last: WindowLogEntry | undefined;
}

/** Revisions rise; within one, a window goes from `invited` to its end. */
function isOlder(
  one: Pick<WindowView, 'revision' | 'status'>,
  other: Pick<WindowView, 'revision' | 'status'>,
): boolean {
  if (one.revision !== other.revision) return one.revision < other.revision;
  return WINDOW_STATUSES.indexOf(one.status) < WINDOW_STATUSES.indexOf(other.status);
}
