// One player of the window judge, on a socket of his own: keyed commands out, written down with
// what they were answered, and the window that he looks at as its channel shows it. The chain of
// that channel is checked with every frame.

import { windowChannelName } from '../../protocol/channels.ts';
import type { ServerEvent } from '../../protocol/codec.ts';
import type {
  CommandName,
  EngineCommand,
  Payload,
  Result,
} from '../../protocol/commands/registry.ts';
import type { WindowView } from '../../protocol/direct.ts';
import type { WindowEvent, WindowSnapshot } from '../../protocol/events.ts';
import { broken, keyOf, type Spoken } from './judge-history.ts';
import { JudgeSocket } from './judge-socket.ts';
import { processToken } from './server-process.ts';
import { testKey } from './test-key.ts';

const SHOWN_MS = 5_000;

/** The socket was closed before the answer came, or the server is stopping. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export class Trader {
  readonly name: string;
  /** What happened to the window that he looks at, as he heard it. */
  heard: WindowEvent[] = [];
  readonly #history: Spoken[];
  #socket: JudgeSocket | null = null;
  #channel = '';
  #shown: WindowSnapshot | null = null;
  #epoch = 0;
  #sequence = 0;
  #fault: Error | null = null;

  /** Commands of all traders go into one `history`. */
  constructor(name: string, history: Spoken[]) {
    this.name = name;
    this.#history = history;
  }

  async connect(port: number): Promise<void> {
    const token = await processToken(this.name, 'standard');
    this.#shown = null;
    this.#channel = '';
    this.#socket = await JudgeSocket.open(port, token, event => this.#hear(event));
  }

  /** Cuts the connection. */
  leave(): void {
    this.#socket?.destroy();
  }

  get closed(): Promise<number> {
    return this.#open().closed;
  }

  /** The window as its channel showed it last. */
  get shown(): WindowSnapshot {
    if (this.#fault !== null) throw this.#fault;
    if (this.#shown === null) throw new Error(`${this.name} looks at no window.`);
    return this.#shown;
  }

  /** Sends a command under a key of its own. @throws {Interrupted} */
  async say(command: EngineCommand, payload: Payload<EngineCommand>): Promise<Spoken> {
    const id = this.#history.length + 1;
    const frame = Buffer.alloc(0);
    const spoken: Spoken = {
      id,
      player: this.name,
      command,
      payload,
      outcome: 'pending',
      frame,
      body: {},
    };
    this.#history.push(spoken);
    const answer = await this.#open().tell(id, command, payload, { key: keyOf(spoken) });
    if (answer === null) throw new Interrupted();
    Object.assign(spoken, answer);
    if (answer.outcome === 'unavailable') throw new Interrupted();
    return spoken;
  }

  /** Sends a command that must succeed; what it answers. */
  async do<Name extends EngineCommand>(
    command: Name,
    payload: Payload<Name>,
  ): Promise<Result<Name>> {
    const spoken = await this.say(command, payload);
    if (spoken.outcome !== 'ok') throw broken('it was not ok', spoken, this.#shown);
    return spoken.body as Result<Name>;
  }

  /** Sends an earlier command again. What was decided must have its answer, to the byte. */
  async again(spoken: Spoken): Promise<void> {
    const { id, command, payload, outcome, frame } = spoken;
    const answer = await this.#open().tell(id, command, payload, { key: keyOf(spoken) });
    if (answer === null) throw new Interrupted();
    if (answer.outcome !== 'ok' && answer.outcome !== 'rejected') {
      throw broken('it is not decided', spoken, answer.body);
    }
    const wasDecided = outcome === 'ok' || outcome === 'rejected';
    if (wasDecided && !frame.equals(answer.frame)) {
      throw broken('its answer changed', spoken, answer.body);
    }
    Object.assign(spoken, answer);
  }

  /** Asks something that must be answered. @throws {Interrupted} */
  async ask<Name extends CommandName>(
    command: Name,
    payload: Payload<Name>,
  ): Promise<Result<Name>> {
    const socket = this.#open();
    const { outcome, body } = await socket.ask(command, payload).catch(error => {
      throw socket.isOpen ? error : new Interrupted();
    });
    if (outcome === 'unavailable') throw new Interrupted();
    if (outcome !== 'ok') throw new Error(`${command}: ${JSON.stringify(body)}`);
    return body as Result<Name>;
  }

  /** Everything that is decided by now is in what he reads from now on. */
  async catchUp(): Promise<void> {
    await this.ask('keys.get', { key: testKey('catch-up') });
  }

  /** Subscribes to a window; what its snapshot shows. */
  async look(window: number): Promise<WindowSnapshot> {
    await this.turnAway();
    this.#channel = windowChannelName(window);
    this.#shown = null;
    this.heard = [];
    await this.ask('session.subscribe', { channels: [this.#channel] });
    await this.#until(() => this.#shown !== null);
    return this.shown;
  }

  /** Looks at no window any more. */
  async turnAway(): Promise<void> {
    if (this.#channel === '') return;
    const channels = [this.#channel];
    this.#channel = '';
    this.#shown = null;
    await this.ask('session.unsubscribe', { channels });
  }

  /** Waits until the window is shown as `is` wants it. */
  async sees(is: (view: WindowView, snapshot: WindowSnapshot) => boolean): Promise<WindowView> {
    await this.#until(() => is(this.shown.window, this.shown));
    return this.shown.window;
  }

  async #until(holds: () => boolean): Promise<void> {
    const endsAtMs = performance.now() + SHOWN_MS;
    while (!holds()) {
      if (!this.#open().isOpen) throw new Interrupted();
      if (performance.now() > endsAtMs) {
        throw new Error(`${this.name} is not shown what should be: ${JSON.stringify(this.#shown)}`);
      }
      await new Promise(resolve => setTimeout(resolve, 2));
    }
  }

  #hear(event: ServerEvent): void {
    const { channel, epoch, sequence, previousSequence, kind, data } = event;
    if (channel !== this.#channel) return;
    if (kind !== 'snapshot' && (epoch !== this.#epoch || previousSequence !== this.#sequence)) {
      this.#fault ??= new Error(`The chain of ${channel} broke at ${JSON.stringify(event)}.`);
    }
    this.#epoch = epoch;
    this.#sequence = sequence;
    if (kind === 'heartbeat') return;
    if (kind === 'event') this.heard.push(data as WindowEvent);
    const { window, manifest, receipt } = data as WindowSnapshot;
    this.#shown = { window, manifest, receipt };
  }

  #open(): JudgeSocket {
    if (this.#socket === null) throw new Error(`${this.name} has never been connected.`);
    return this.#socket;
  }
}
