// The realm as a node of a cluster sees it: commands go to the leader, replies and announcements
// come back, reads are answered from the tables. Invariants: every command that was taken gets
// exactly one reply, `unknown` at its deadline at the latest; whatever this node may have missed of
// the feed is made up for by snapshots, never passed over in silence.

import type { MeEvent, MeSnapshot } from '../../protocol/events.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Answered, FeedBatch } from '../cluster/messages.ts';
import type { CommandSender, NodeChannel } from '../cluster/port.ts';
import type {
  Answer,
  Asker,
  EngineRequest,
  NodeSink,
  Readiness,
  ReadRequest,
  RealmPort,
  ReplyTarget,
} from '../gateway/port.ts';
import { NodeAnnouncer } from './node-announcer.ts';
import { PendingCommands } from './pending-commands.ts';
import { PendingQuestions } from './pending-questions.ts';
import type { ReaderPort } from './realm.ts';
import type { TablesWatch } from './tables-watch.ts';

export interface RemoteOptions {
  readonly name: string;
  readonly node: string;
  readonly sender: CommandSender;
  readonly channel: NodeChannel;
  readonly reader: ReaderPort;
  readonly tables: TablesWatch;
  readonly sink: NodeSink;
  /** The time until a leader told its own. */
  readonly clock: Clock;
  readonly log: Log;
  /** Commands of this node that may wait for their replies. */
  readonly pendingMax: number;
  /** After this long without a reply, a command's outcome is unknown. */
  readonly replyTimeoutMs: number;
}

/** A leader says something twice a second. */
const SILENCE_MAX_MS = 3_000;
const SWEEP_MS = 50;
const READ_WAIT_MS = 5_000;
/** How much later than the first word of a new leader the last reply of a former one may come. */
const LATE_REPLY_MS = 250;

const NO_LEADER: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'No node leads the realm at the moment. Nothing was executed.',
  retryAfterMs: 1_000,
});

const OVERLOADED: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'Too much is on its way to the leader. Nothing was executed.',
  retryAfterMs: 1_000,
});

const TABLES_LATE: Answer = Object.freeze({
  outcome: 'unavailable',
  body: Object.freeze({
    code: 'SERVICE_UNAVAILABLE',
    message: 'The tables are too far behind the journal.',
    retryAfterMs: 1_000,
  }),
});

export class RemoteRealm implements RealmPort {
  readonly realm: string;
  readonly #options: RemoteOptions;
  readonly #commands: PendingCommands;
  readonly #questions: PendingQuestions;
  readonly #announcer: NodeAnnouncer;
  readonly #timer: NodeJS.Timeout;
  #epoch = 0;
  /** Of the feed of this epoch: the last message that came. */
  #count = 0;
  /** What anybody here was shown: readers must see it. */
  #released = 0;
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #leader = '';
  /** As the leader said last. */
  #lagMs = 0;
  #clockSure = true;
  /** Engine time less the monotonic clock here, by the message that travelled fastest. */
  #timeOffsetMs: number | null = null;
  #isSilent = true;

  constructor(options: RemoteOptions) {
    this.realm = options.name;
    this.#options = options;
    const { channel, sender, node, replyTimeoutMs } = options;
    this.#commands = new PendingCommands(replyTimeoutMs);
    this.#questions = new PendingQuestions(channel);
    this.#announcer = new NodeAnnouncer(channel, node);
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
    sender.onFailed((numbers, fate) => this.#commands.fail(numbers, fate));
    sender.onEntered((numbers, entry) => this.#commands.entered(numbers, entry));
    channel.onReplies(({ epoch, position, frames, places }) => {
      // What a former leader wrote may have been lost when the database was restored.
      if (epoch >= this.#epoch) this.#release(position);
      this.#commands.deliver(frames, places);
    });
    channel.onFeed(feed => this.#feed(feed));
    channel.onAnswer((answered: Answered) => {
      if (answered.epoch >= this.#epoch) this.#questions.settle(answered);
    });
    channel.onInterrupted(() => this.#begin());
    channel.onOrders(({ epoch, wantsState, shares, isComplete, kept }) => {
      if (epoch !== this.#epoch) return;
      if (wantsState) this.#tellAll();
      const { sink } = options;
      if (isComplete) sink.shareAll(shares);
      else for (const [player, nodes] of shares) sink.share(player, nodes);
      for (const [player, sockets] of kept) sink.closeOldest(player, sockets);
    });
  }

  get epoch(): number {
    return this.#epoch;
  }

  nowMs(): number {
    const offsetMs = this.#timeOffsetMs;
    if (offsetMs === null) return this.#options.clock.nowMs();
    return Math.floor(performance.now() + offsetMs);
  }

  /** The node that leads, as far as is known here; empty when none is heard. */
  get leader(): string {
    return this.#isSilent ? '' : this.#leader;
  }

  submit(request: EngineRequest, target: ReplyTarget): RejectBody | null {
    const { sender, channel, pendingMax } = this.#options;
    // Without the subscription it would be executed, and nobody here would hear of it.
    if (this.#isSilent || !channel.isConnected) return NO_LEADER;
    if (this.#commands.size >= pendingMax) return OVERLOADED;
    const { id, command, payload, key, player, sender: socket } = request;
    const n = sender.send({ player, command, payload, key, sender: socket });
    if (n < 0) return OVERLOADED;
    this.#commands.add(n, id, target);
    return null;
  }

  async read(request: ReadRequest): Promise<Answer> {
    switch (request.command) {
      case 'market.book':
      case 'market.trades':
      case 'market.ticker': {
        const { command, payload } = request;
        const answer = await this.#questions.ask({ kind: 'market', command, payload });
        return answer === undefined
          ? { outcome: 'unavailable', body: NO_LEADER }
          : (answer as Answer);
      }
    }
    if (!(await this.#caughtUp())) return TABLES_LATE;
    return this.#options.reader.answer(request);
  }

  snapshot(channel: string, deliver: (frame: Uint8Array) => void, asker: Asker): void {
    const heard = (answer: unknown) => deliver(answer as Uint8Array);
    this.#questions.askUntilAnswered({ kind: 'snapshot', channel }, heard, asker);
  }

  windowSnapshot(
    player: string,
    window: number,
    deliver: (frame: Uint8Array | null) => void,
    asker: Asker,
  ): void {
    const heard = (answer: unknown) => deliver(answer as Uint8Array | null);
    this.#questions.askUntilAnswered({ kind: 'window', player, window }, heard, asker);
  }

  async privateSnapshot(player: string): Promise<{ sequence: number; data: MeSnapshot }> {
    this.#announcer.listening(player, true);
    // Only what comes after the leader's answer is surely announced here; what came before it must
    // be in the tables.
    const position = await this.#questions.ask({ kind: 'listen', player });
    if (typeof position !== 'number') throw new Error('The leader of the realm did not answer.');
    this.#release(position);
    if (!(await this.#caughtUp())) throw new Error('The tables are behind the journal.');
    return this.#options.reader.privateSnapshot(player);
  }

  presence(player: string, sockets: number): void {
    this.#announcer.present(player, sockets);
  }

  unlisten(player: string): void {
    this.#announcer.listening(player, false);
  }

  readiness(): Readiness {
    const { channel, tables } = this.#options;
    const databaseReachable = tables.isReachable;
    const leading = !this.#isSilent;
    const clockSure = this.#clockSure;
    const ready = leading && databaseReachable && channel.isConnected && clockSure;
    const { quarantined } = tables;
    const projectionLagMs = this.#lagMs;
    return { leading, databaseReachable, projectionLagMs, quarantined, clockSure, ready };
  }

  /** Commands that await their replies. */
  get waiting(): number {
    return this.#commands.size;
  }

  /** Resolves when every command that was taken has its reply. */
  drain(): Promise<void> {
    return this.#commands.drained();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#announcer.close();
    this.#questions.close();
    this.#commands.close();
    this.#options.tables.close();
  }

  #caughtUp(): Promise<boolean> {
    return this.#options.tables.waitFor(this.#released, READ_WAIT_MS);
  }

  #release(position: number): void {
    if (position > this.#released) this.#released = position;
  }

  #feed(feed: FeedBatch): void {
    // A leader that does not know yet that it is deposed has nothing to say any more; and what was
    // said before, its leader does not say again.
    if (feed.epoch < this.#epoch || this.#isRepeated(feed)) return;
    this.#heardAtMs = performance.now();
    this.#leader = feed.leader;
    this.#lagMs = feed.lagMs;
    this.#clockSure = feed.clockSure;
    const expected = feed.isHeartbeat ? this.#count : this.#count + 1;
    const isNew = feed.epoch !== this.#epoch;
    const hasHole = isNew || this.#isSilent || feed.count !== expected;
    this.#epoch = feed.epoch;
    this.#count = feed.count;
    this.#isSilent = false;
    if (isNew) this.#meet(feed);
    this.#release(feed.position);
    this.#learnTime(feed);
    if (hasHole) this.#begin();
    const { sink } = this.#options;
    for (const [channel, frame] of feed.published) sink.publish(channel, frame);
    for (const [players, window, frame] of feed.windows) sink.publishWindow(players, window, frame);
    for (const window of feed.ended) sink.endWindow(window);
    for (const [player, sequence, event] of feed.private) {
      sink.publishPrivate(player, sequence, event as MeEvent);
    }
  }

  /** A leader counts up as long as it leads. */
  #isRepeated({ epoch, count, isHeartbeat }: FeedBatch): boolean {
    return epoch === this.#epoch && (isHeartbeat ? count < this.#count : count <= this.#count);
  }

  #learnTime({ nowMs }: FeedBatch): void {
    const offsetMs = nowMs - this.#heardAtMs;
    this.#timeOffsetMs = Math.max(offsetMs, this.#timeOffsetMs ?? offsetMs);
  }

  /** Another leader: it must know us, and what its forerunners left unanswered stays so. */
  #meet({ begin, position }: FeedBatch): void {
    this.#timeOffsetMs = null;
    // What was shown before is in what it begins with, or was lost when a database was restored.
    this.#released = position;
    this.#options.tables.forget();
    this.#announcer.tellAll();
    this.#commands.giveUp(begin, performance.now() + LATE_REPLY_MS);
  }

  /** The leader has not known us for a while: it announced nothing private to us meanwhile. */
  #tellAll(): void {
    this.#announcer.tellAll();
    this.#begin();
  }

  /** Something may have been missed: every channel begins anew with a snapshot. */
  #begin(): void {
    if (this.#epoch === 0) return;
    this.#options.log.info({ epoch: this.#epoch }, 'the feed begins anew');
    this.#questions.askAgain();
    this.#options.sink.restart();
  }

  #sweep(): void {
    const nowMs = performance.now();
    this.#commands.sweep(nowMs);
    this.#questions.sweep(nowMs);
    if (!this.#isSilent && nowMs - this.#heardAtMs > SILENCE_MAX_MS) {
      this.#isSilent = true;
      this.#options.log.warn({ leader: this.#leader }, 'the leader of the realm is silent');
    }
  }
}
