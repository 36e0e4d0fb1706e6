// One socket of the judge: commands out, the frames of their answers and of events in, and how it
// was closed.

import { WebSocket } from 'ws';
import { decodeServerFrame, encodeRequest, type ServerEvent } from '../../protocol/codec.ts';
import type { CommandName, Payload } from '../../protocol/commands/registry.ts';
import type { Outcome } from '../../protocol/rejects.ts';

export interface Answered {
  readonly outcome: Outcome;
  readonly body: Readonly<Record<string, unknown>>;
  readonly frame: Buffer;
}

interface Address {
  readonly key?: string;
  readonly player?: string;
}

/** Ids from here on are for questions, below for commands of the history. */
const QUESTIONS = 0x8000_0000;
const OPEN_MS = 10_000;

export class JudgeSocket {
  /** The close code, once it is closed by whomever. */
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answered | null) => void>();
  readonly #hear: (event: ServerEvent) => void;
  #nextId = QUESTIONS;

  private constructor(socket: WebSocket, hear: (event: ServerEvent) => void) {
    this.#socket = socket;
    this.#hear = hear;
    socket.on('message', (frame: Buffer) => this.#receive(frame));
    socket.on('error', () => {});
    this.closed = new Promise(resolve => {
      socket.on('close', (code: number) => {
        for (const answer of this.#waiting.values()) answer(null);
        this.#waiting.clear();
        resolve(code);
      });
    });
  }

  /** Connects and opens a session. */
  static async open(
    port: number,
    token: string,
    hear: (event: ServerEvent) => void = () => {},
  ): Promise<JudgeSocket> {
    const socket = await JudgeSocket.connect(port, hear);
    const reply = await socket.ask('session.open', { token });
    if (reply.outcome !== 'ok') throw new Error(`session.open: ${JSON.stringify(reply.body)}`);
    return socket;
  }

  /** Connects; the session is for the caller to open. */
  static async connect(
    port: number,
    hear: (event: ServerEvent) => void = () => {},
  ): Promise<JudgeSocket> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/ws`, { handshakeTimeout: OPEN_MS });
    const socket = new JudgeSocket(ws, hear);
    await new Promise((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
    });
    return socket;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Commands without an answer. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Sends a command under `id`. Null: the socket was closed before the answer came. */
  tell<Name extends CommandName>(
    id: number,
    command: Name,
    payload: Payload<Name>,
    to: Address = {},
  ): Promise<Answered | null> {
    if (!this.isOpen) return Promise.resolve(null);
    const answer = new Promise<Answered | null>(resolve => this.#waiting.set(id, resolve));
    this.#socket.send(encodeRequest(id, command, payload, to));
    return answer;
  }

  /** Asks, and rejects when the socket is closed before the answer. */
  async ask<Name extends CommandName>(
    command: Name,
    payload: Payload<Name>,
    to: Address = {},
  ): Promise<Answered> {
    const answer = await this.tell(this.#nextId++, command, payload, to);
    if (answer === null) throw new Error(`${command}: the socket was closed before the answer.`);
    return answer;
  }

  destroy(): void {
    this.#socket.terminate();
  }

  #receive(frame: Buffer): void {
    const reply = decodeServerFrame(new Uint8Array(frame));
    if (reply === null) throw new Error('The server sent a frame that is none.');
    if (reply.type === 'event') this.#hear(reply);
    if (reply.type !== 'reply' || reply.id === null) return;
    const answer = this.#waiting.get(reply.id);
    if (answer === undefined) throw new Error(`Request ${reply.id} was answered twice.`);
    this.#waiting.delete(reply.id);
    answer({ outcome: reply.outcome, body: reply.body, frame: Buffer.from(frame) });
  }
}
