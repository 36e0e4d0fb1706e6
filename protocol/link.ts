// One connection after another to a server: opens a socket, notices when it falls silent or
// closes, and opens the next one after a delay (full jitter, so that a thousand clients of a
// restarted node do not all come back at once). Close codes decide whether there is a next one.

import { CLOSES, type CloseSpec } from './closes.ts';

/** The part of the WebSocket interface that is used: browsers, Node 22 and `ws` all have it. */
export interface ClientSocket {
  binaryType: string;
  send(frame: Uint8Array): void;
  close(code?: number, reason?: string): void;
  addEventListener(
    type: 'open' | 'message' | 'close' | 'error',
    listener: (event: SocketEvent) => void,
  ): void;
}

/** `data` of a message, `code` of a close. */
interface SocketEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly code?: number;
}

export interface LinkOptions {
  /** Opens a socket to the server. */
  readonly open: () => ClientSocket;
  /** Longest silence of the server before the connection counts as dead. */
  readonly silenceMs: number;
  /** Longest time from the start of an attempt to an accepted session. */
  readonly openTimeoutMs: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** 0 up to 1. */
  readonly random: () => number;
}

export interface LinkListener {
  /** Before each attempt. A rejection counts as a failed attempt. */
  prepare(): Promise<void>;
  opened(): void;
  received(frame: Uint8Array): void;
  /** Half of the allowed silence has passed: provoke an answer. */
  quiet(): void;
  /** The connection is gone; another attempt follows unless `ended` is called. */
  lost(): void;
  /** May there be another attempt after this close code, although it says 'no'? */
  mended(code: number): boolean;
  /** No attempt follows. */
  ended(code: number, meaning: string): void;
}

/** A connection that lasted this long was a good one: the next delay starts small again. */
const STABLE_MS = 5_000;

const NORMAL_CLOSE = 1000;
const ABNORMAL_CLOSE = 1006;

const closesByCode: ReadonlyMap<number, CloseSpec> = new Map(
  Object.values(CLOSES).map(spec => [spec.code, spec]),
);

export class Link {
  readonly #options: LinkOptions;
  readonly #listener: LinkListener;
  #socket: ClientSocket | null = null;
  #isOpen = false;
  #stopped = false;
  #failures = 0;
  #establishedAtMs = 0;
  #heardAtMs = 0;
  #delayMinMs = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(options: LinkOptions, listener: LinkListener) {
    this.#options = options;
    this.#listener = listener;
  }

  start(): void {
    void this.#attempt();
  }

  /** False when there is no open socket. */
  send(frame: Uint8Array): boolean {
    if (!this.#isOpen || this.#socket === null) return false;
    this.#socket.send(frame);
    return true;
  }

  /** The session was accepted: the connection is what it should be. */
  established(): void {
    clearTimeout(this.#patience);
    this.#establishedAtMs = performance.now();
  }

  /** Gives the connection up and tries again, `delayMinMs` from now at the earliest. */
  restart(delayMinMs = 0): void {
    this.#delayMinMs = delayMinMs;
    const socket = this.#socket;
    if (socket === null) return;
    this.#closed(ABNORMAL_CLOSE);
    socket.close();
  }

  /** Closes the socket, and opens no other. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#detach();
    socket?.close(NORMAL_CLOSE);
  }

  async #attempt(): Promise<void> {
    let socket: ClientSocket;
    try {
      await this.#listener.prepare();
      if (this.#stopped) return;
      socket = this.#options.open();
    } catch {
      if (!this.#stopped) this.#later('backoff');
      return;
    }
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#patience = setTimeout(() => this.restart(), this.#options.openTimeoutMs);
    const ours = () => this.#socket === socket;
    socket.addEventListener('open', () => ours() && this.#opened());
    socket.addEventListener('message', event => ours() && this.#heard(event.data));
    socket.addEventListener('close', event => ours() && this.#closed(event.code ?? ABNORMAL_CLOSE));
    // A failure is followed by 'close'; without a listener `ws` would throw it.
    socket.addEventListener('error', () => undefined);
  }

  #opened(): void {
    this.#isOpen = true;
    this.#heardAtMs = performance.now();
    this.#watch = setInterval(() => this.#listen(), this.#options.silenceMs / 4);
    this.#listener.opened();
  }

  #heard(data: unknown): void {
    this.#heardAtMs = performance.now();
    if (data instanceof ArrayBuffer) this.#listener.received(new Uint8Array(data));
  }

  #listen(): void {
    const silenceMs = performance.now() - this.#heardAtMs;
    if (silenceMs >= this.#options.silenceMs) this.restart();
    else if (silenceMs >= this.#options.silenceMs / 2) this.#listener.quiet();
  }

  #closed(code: number): void {
    this.#detach();
    this.#listener.lost();
    if (this.#stopped) return;
    const spec = closesByCode.get(code);
    if (spec?.reconnect === 'no' && !this.#listener.mended(code)) {
      this.#stopped = true;
      this.#listener.ended(code, spec.meaning);
      return;
    }
    this.#later(spec?.reconnect === 'now' ? 'now' : 'backoff');
  }

  #detach(): void {
    this.#socket = null;
    this.#isOpen = false;
    clearTimeout(this.#patience);
    clearInterval(this.#watch);
  }

  /** Waits before the next attempt; only the first one after a good connection may be at once. */
  #later(when: 'now' | 'backoff'): void {
    const { backoffBaseMs, backoffMaxMs, random } = this.#options;
    const lastedMs = this.#establishedAtMs === 0 ? 0 : performance.now() - this.#establishedAtMs;
    this.#establishedAtMs = 0;
    if (lastedMs >= STABLE_MS) this.#failures = 0;
    const boundMs = Math.min(backoffMaxMs, backoffBaseMs * 2 ** Math.min(this.#failures, 30));
    const jitteredMs = when === 'now' && this.#failures === 0 ? 0 : random() * boundMs;
    this.#failures += 1;
    const delayMs = Math.max(jitteredMs, this.#delayMinMs);
    this.#delayMinMs = 0;
    this.#retry = setTimeout(() => void this.#attempt(), delayMs);
  }
}
