// Where the realm of the leader meets the cluster: takes the commands off the stream in order, and
// between them who came to a node and who went; brings each node the replies to its own, and
// answers what nodes ask. Invariant: all commands of
// an entry go into the pipeline in one turn, and only then the pipeline is told that the entry was
// reached; so a batch of the journal ends between two entries, and its offset is exact. Refusals
// leave with a durable batch too: a leader that was deposed without knowing must not say of a
// command that it was not executed, while the new leader executes it. An entry with nothing in it
// for us is passed durably as well, so that the stream never fills up with what nobody takes.

import type { RejectBody } from '../../protocol/rejects.ts';
import type { Log } from '../base/log.ts';
import type { Question, SentCommand, SentPresence } from '../cluster/messages.ts';
import type { CommandReader, LeaderChannel, ReceivedBatch } from '../cluster/port.ts';
import type { Refused } from '../cluster/refused.ts';
import type { ReplyTarget } from '../gateway/port.ts';
import { admit, askedChannel, askedOfMarket } from './admission.ts';
import type { FeedCollector } from './feed-collector.ts';
import type { NodeRegistry } from './node-registry.ts';
import type { Realm } from './realm.ts';

export interface SeatOptions {
  readonly realm: Realm;
  readonly reader: CommandReader;
  readonly channel: LeaderChannel;
  readonly registry: NodeRegistry;
  readonly collector: FeedCollector;
  readonly refused: Pick<Refused, 'note'>;
  readonly log: Log;
  /** Entries of the stream that were lost before they were read. */
  readonly lost: (batches: number) => void;
}

const LATE: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'It came to the realm too late. Nothing was executed.',
  retryAfterMs: 1_000,
});

const SWEEP_MS = 500;
/** Nodes whose replies are collected. Beyond it the one that came first begins anew. */
const TARGETS_MAX = 1_024;

/** A node as the pipeline sees it. */
class NodeTarget implements ReplyTarget {
  readonly #node: string;
  readonly #options: SeatOptions;

  constructor(node: string, options: SeatOptions) {
    this.#node = node;
    this.#options = options;
  }

  deliver(arena: Uint8Array, replies: readonly number[]): void {
    let bytes = 0;
    for (let i = 0; i < replies.length; i += 3) {
      bytes += (replies[i + 2] as number) - (replies[i + 1] as number);
    }
    const frames = new Uint8Array(bytes);
    const places: number[] = [];
    let at = 0;
    for (let i = 0; i < replies.length; i += 3) {
      const frame = arena.subarray(replies[i + 1], replies[i + 2]);
      frames.set(frame, at);
      places.push(replies[i] as number, at, at + frame.length);
      at += frame.length;
    }
    const { channel, realm } = this.#options;
    const { epoch, released: position } = realm;
    channel.reply(this.#node, { epoch, position, frames, places });
  }
}

export class LeaderSeat {
  readonly #options: SeatOptions;
  readonly #targets = new Map<string, NodeTarget>();
  #timer: NodeJS.Timeout | null = null;
  /** An entry was passed that may bring about no row of the journal by itself. */
  #isOwed = false;
  #reached = '';

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  /** Begins behind `offset`: what the journal has seen. */
  start(offset: string): void {
    const { reader, channel, registry, log, lost } = this.#options;
    channel.onQuestion(question => this.#answer(question));
    channel.onState(state => registry.take(state, performance.now()));
    this.#timer = setInterval(() => {
      if (this.#isOwed) this.#options.realm.settle();
      this.#isOwed = false;
      for (const node of registry.sweep(performance.now())) {
        this.#targets.delete(node);
        log.warn({ node }, 'a node is silent: it is taken for gone');
      }
    }, SWEEP_MS);
    reader.onLost(({ node, batches }) => {
      log.error({ node, batches }, 'commands left the stream before they were read');
      lost(Math.max(1, batches));
    });
    reader.start(offset, received => this.#take(received));
  }

  /** The batch up to `offset` is durable: the stream need not keep it. */
  durable(offset: string): void {
    if (offset === this.#reached) this.#isOwed = false;
    if (offset !== '') this.#options.reader.release(offset);
  }

  /** Takes nothing more off the stream; what was taken goes on. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#options.reader.stop();
  }

  #take({ batch, offset, isLate }: ReceivedBatch): Promise<void> | null {
    const { realm } = this.#options;
    if (batch === null) {
      this.#isOwed = true;
    } else {
      const target = this.#targetOf(batch.node);
      for (const command of batch.commands) {
        if ('present' in command) this.#takePresence(command, batch.node);
        else if (isLate) realm.refuse(command.n, LATE, target);
        else this.#submit(command, batch.node, target);
      }
    }
    this.#reached = offset;
    realm.reached(offset);
    return realm.hasRoom ? null : realm.room();
  }

  /** However late it comes, it is the latest that is known; and mostly it leaves no row. */
  #takePresence(told: SentPresence, node: string): void {
    this.#isOwed = true;
    this.#options.registry.takePresence(node, told, performance.now());
  }

  #submit(command: SentCommand, node: string, target: ReplyTarget): void {
    const { realm, refused } = this.#options;
    const admission = admit(command);
    if (!admission.ok) {
      const { refusal } = admission;
      refused.note('command', node, refusal.message);
      realm.refuse(command.n, refusal, target);
      return;
    }
    const refusal = realm.submit(admission.request, target);
    if (refusal !== null) realm.refuse(command.n, refusal, target);
  }

  #targetOf(node: string): NodeTarget {
    let target = this.#targets.get(node);
    if (target === undefined) {
      target = new NodeTarget(node, this.#options);
      this.#targets.set(node, target);
      const [first] = this.#targets.keys();
      if (this.#targets.size > TARGETS_MAX) this.#targets.delete(first as string);
    }
    return target;
  }

  #answer({ node, n, ask }: Question): void {
    const { realm, collector, channel, registry } = this.#options;
    const answer = (content: unknown) => {
      // What was published before the answer must arrive before it.
      collector.flush();
      channel.answer(node, { epoch: realm.epoch, n, answer: content });
    };
    switch (ask.kind) {
      case 'snapshot':
        this.#showChannel(node, ask.channel, answer);
        break;
      case 'listen':
        if (registry.listen(node, ask.player)) answer(realm.released);
        break;
      case 'windows':
        this.#show(node, answer, () => realm.windowFrames(ask.player, ask.windows));
        break;
      case 'market':
        this.#readMarket(node, ask.command, ask.payload, answer);
        break;
    }
  }

  #showChannel(node: string, name: string, answer: (content: unknown) => void): void {
    const channel = askedChannel(name);
    if (channel === null) this.#refuse(node, name);
    else this.#show(node, answer, () => this.#options.realm.announcer.snapshot(name, channel));
  }

  /**
   * Answers with what is announced, once all that anybody was shown before is in it. Else not at
   * all: the node asks again, and may find another leader.
   */
  #show(node: string, answer: (content: unknown) => void, content: () => unknown): void {
    const { realm, refused } = this.#options;
    realm
      .caughtUp()
      .then(isCaughtUp => {
        if (isCaughtUp) answer(content());
      })
      .catch((error: unknown) => refused.note('failed', node, error));
  }

  #readMarket(
    node: string,
    command: string,
    payload: unknown,
    answer: (content: unknown) => void,
  ): void {
    const request = askedOfMarket(command, payload);
    if (request === null) {
      this.#refuse(node, command);
      return;
    }
    const { realm, refused } = this.#options;
    realm
      .read(request)
      .then(answer)
      .catch((error: unknown) => refused.note('failed', node, error));
  }

  #refuse(node: string, asked: string): void {
    this.#options.refused.note('command', node, `${asked} cannot be asked for.`);
  }
}
