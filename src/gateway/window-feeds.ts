// The `window:<id>` channels: which sockets listen to which window. Private like `me`: a frame is
// never dropped, and a socket that does not take it is closed so that its player comes back. Each
// frame shows the whole window, so coming back is subscribing again. Whether a socket may listen is
// for the realm to say, which knows the two players.

import { windowChannelName } from '../../protocol/channels.ts';
import { encodeEvent } from '../../protocol/codec.ts';
import { eventSequence } from '../../protocol/frame-head.ts';
import type { RealmPort } from './port.ts';
import type { Session } from './session.ts';

/** The channel of a window that somebody listens to. */
interface WindowFeed {
  readonly sessions: Session[];
  /** Of the last frame that went out. */
  sequence: number;
  sentAtMs: number;
}

export class WindowFeeds {
  readonly #feeds = new Map<number, WindowFeed>();

  has(window: number): boolean {
    return this.#feeds.has(window);
  }

  /** Adds a window to a session, and sends the snapshot. */
  subscribe(session: Session, window: number, snapshot: Uint8Array): void {
    let feed = this.#feeds.get(window);
    if (feed === undefined) {
      feed = { sessions: [], sequence: 0, sentAtMs: performance.now() };
      this.#feeds.set(window, feed);
    }
    if (session.windows?.includes(window) !== true) {
      feed.sessions.push(session);
      session.windows ??= [];
      session.windows.push(window);
    }
    this.#send(feed, session, snapshot);
  }

  /** A fresh snapshot for a session that has the window. */
  resync(session: Session, window: number, snapshot: Uint8Array): void {
    const feed = this.#feeds.get(window);
    if (feed !== undefined) this.#send(feed, session, snapshot);
  }

  /** Returns false when the session did not have the window. */
  unsubscribe(session: Session, window: number): boolean {
    const index = session.windows?.indexOf(window) ?? -1;
    if (index < 0) return false;
    session.windows?.splice(index, 1);
    if (session.windows?.length === 0) session.windows = null;
    this.#remove(window, session);
    return true;
  }

  /** The socket is closed. */
  leave(session: Session): void {
    for (const window of session.windows ?? []) this.#remove(window, session);
    session.windows = null;
  }

  /** Sends a frame to all who listen, as long as they are one of the two players. */
  publish(players: readonly [string, string], window: number, frame: Uint8Array): void {
    const feed = this.#feeds.get(window);
    if (feed === undefined) return;
    feed.sequence = eventSequence(frame);
    feed.sentAtMs = performance.now();
    for (const session of feed.sessions) {
      const name = session.player?.name;
      if (name === players[0] || name === players[1]) session.sendPrivate(frame);
    }
  }

  /** Nothing more will come: it counts no more among the channels of those who listen. */
  end(window: number): void {
    for (const session of [...(this.#feeds.get(window)?.sessions ?? [])]) {
      this.unsubscribe(session, window);
    }
  }

  /** Every window is shown anew; one that is over by now is no channel any more. */
  restart(realm: RealmPort): void {
    for (const [window, { sessions }] of this.#feeds) {
      for (const session of [...sessions]) {
        const isWaiting = () => session.windows?.includes(window) ?? false;
        const goOn = (frame: Uint8Array | null) => {
          if (!isWaiting()) return;
          if (frame === null) this.unsubscribe(session, window);
          else this.resync(session, window, frame);
        };
        const asker = { on: session, isWaiting };
        realm.windowSnapshot(session.player?.name ?? '', window, goOn, asker);
      }
    }
  }

  /** Tells those who listen to silent windows that they have missed nothing. */
  sweep(epoch: number, nowMs: number, intervalMs: number): void {
    for (const [window, feed] of this.#feeds) {
      if (feed.sentAtMs > nowMs - intervalMs) continue;
      feed.sentAtMs = nowMs;
      const { sequence } = feed;
      const name = windowChannelName(window);
      const frame = encodeEvent(name, epoch, sequence, sequence, 'heartbeat', null);
      for (const session of feed.sessions) session.sendPrivate(frame);
    }
  }

  #send(feed: WindowFeed, session: Session, snapshot: Uint8Array): void {
    feed.sequence = eventSequence(snapshot);
    session.sendSnapshot(snapshot);
  }

  #remove(window: number, session: Session): void {
    const sessions = this.#feeds.get(window)?.sessions ?? [];
    const index = sessions.indexOf(session);
    if (index >= 0) sessions.splice(index, 1);
    if (sessions.length === 0) this.#feeds.delete(window);
  }
}
