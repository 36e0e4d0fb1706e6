// The realm as a node of a cluster sees it: commands go to the leader, replies and announcements
// come back, reads are answered from the tables. Invariants: every command that was taken gets
// exactly one reply, `unknown` at its deadline at the latest; whatever this node may have missed of
// the feed is made up for by snapshots, never passed over in silence: also what was not announced
// to it, because the leader had not heard it for a while.

import type { MeEvent } from '../../protocol/events.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { within } from '../base/within.ts';
import type { Answered, FeedBatch, Orders } from '../cluster/messages.ts';
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
import type { PrivateSnapshot } from '../reads/reader.ts';
import { Membership } from './membership.ts';
import { NodeAnnouncer } from './node-announcer.ts';
import { PendingCommands } from './pending-commands.ts';
import { PendingQuestions } from './pending-questions.ts';
import type { TablesWatch } from './tables-watch.ts';
import { READ_WAIT_MS, type ReaderPort, TrueReads } from './true-reads.ts';
import { endFrame } from './window-view.ts';

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
/** How soon the leader is asked again whether it has announced what the tables show. */
const HEAR_AGAIN_MS = 5;
/** How much later than the first word of a new leader the last reply of a former one may come. */
const LATE_REPLY_MS = 250;

const NO_LEADER: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'No node leads the realm at the moment. Nothing was executed.',
  retryAfterMs: 1_000,
});

const NOT_TAKEN: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'The leader takes no commands at the moment. Nothing was executed.',
  retryAfterMs: 1_000,
});

const OVERLOADED: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'Nothing can be sent to the leader at the moment. Nothing was executed.',
  retryAfterMs: 1_000,
});

export class RemoteRealm implements RealmPort {
  readonly realm: string;
  readonly #options: RemoteOptions;
  readonly #commands: PendingCommands;
  readonly #questions: PendingQuestions;
  readonly #reads: TrueReads;
  readonly #announcer: NodeAnnouncer;
  readonly #membership = new Membership();
  /** The leader may have forgotten this node, and it began anew for that. */
  #isUnheard = false;
  readonly #timer: NodeJS.Timeout;
  #epoch = 0;
  /** Of the feed of this epoch: the last message that came. */
  #count = 0;
  /** Everything up to here was announced to this node: its events have come. */
  #heard = 0;
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #leader = '';
  /** As the leader said last. */
  #lagMs = 0;
  #clockSure = true;
  #isTaking = true;
  #isLeaderReady = true;
  /** Engine time less the monotonic clock here, by the message that travelled fastest. */
  #timeOffsetMs: number | null = null;
  #isSilent = true;

  constructor(options: RemoteOptions) {
    this.realm = options.name;
    this.#options = options;
    const { channel, sender, node, replyTimeoutMs } = options;
    this.#commands = new PendingCommands(replyTimeoutMs);
    this.#questions = new PendingQuestions(channel);
    this.#reads = new TrueReads(options.reader, options.tables);
    const beaten = (count: number) => this.#membership.told(count, performance.now());
    this.#announcer = new NodeAnnouncer({ node, channel, sender, beaten });
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
    sender.onFailed((numbers, fate) => this.#commands.fail(numbers, fate));
    sender.onEntered((numbers, entry) => this.#commands.entered(numbers, entry));
    channel.onReplies(({ frames, places }) => this.#commands.deliver(frames, places));
    channel.onFeed(feed => this.#feed(feed));
    channel.onAnswer((answered: Answered) => {
      if (answered.epoch >= this.#epoch) this.#questions.settle(answered);
    });
    channel.onInterrupted(() => this.#begin());
    channel.onOrders(orders => {
      if (orders.epoch === this.#epoch) this.#obey(orders);
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
    const refusal = this.#refusal();
    if (refusal !== null) return refusal;
    const { id, command, payload, key, player, sender } = request;
    const n = this.#options.sender.send({ player, command, payload, key, sender });
    if (n < 0) return OVERLOADED;
    this.#commands.add(n, id, target);
    return null;
  }

  /** What a command would be refused with now, or null: submit and readiness agree. */
  #refusal(): RejectBody | null {
    const { sender, channel, pendingMax } = this.#options;
    // Without the subscription it would be executed, and nobody here would hear of it.
    if (this.#isSilent || !channel.isConnected) return NO_LEADER;
    // It would lie in the stream until it is too late.
    if (!this.#isTaking) return NOT_TAKEN;
    return this.#commands.size >= pendingMax || !sender.isTaking ? OVERLOADED : null;
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
    return this.#reads.answer(request);
  }

  snapshot(channel: string, deliver: (frame: Uint8Array) => void, asker: Asker): void {
    const heard = (answer: unknown) => deliver(answer as Uint8Array);
    this.#questions.askUntilAnswered({ kind: 'snapshot', channel }, heard, asker);
  }

  windowSnapshots(
    player: string,
    windows: readonly number[],
    deliver: (frames: readonly (Uint8Array | null)[]) => void,
    asker: Asker,
  ): void {
    const heard = (answer: unknown) => deliver(answer as readonly (Uint8Array | null)[]);
    this.#questions.askUntilAnswered({ kind: 'windows', player, windows }, heard, asker);
  }

  async windowEnd(player: string, window: number): Promise<Uint8Array | null> {
    return endFrame(this.#epoch, await this.#reads.windowEnd(player, window));
  }

  async privateSnapshot(player: string, from: readonly number[] | null): Promise<PrivateSnapshot> {
    this.#announcer.listening(player, true);
    // Only what comes after the leader's answer is surely announced here; what came before it is in
    // the journal, and so in what is read now.
    const position = await this.#questions.ask({ kind: 'listen', player });
    if (typeof position !== 'number') throw new Error('The leader of the realm did not answer.');
    const snapshot = await this.#reads.privateSnapshot(player, from);
    // No event may follow a snapshot that has it already.
    if (await this.#hears(player, snapshot.position)) return snapshot;
    throw new Error('The leader of the realm has not announced what the tables show.');
  }

  async caughtUp(player: string): Promise<boolean> {
    const answer = this.#options.tables.standing();
    if (!(await within(READ_WAIT_MS, answer))) return false;
    return this.#hears(player, (await answer).head);
  }

  /** Waits until everything up to `position` was announced here. What it says comes behind that. */
  async #hears(player: string, position: number): Promise<boolean> {
    const untilMs = performance.now() + READ_WAIT_MS;
    while (this.#heard < position) {
      const heard = await this.#questions.ask({ kind: 'listen', player });
      if (typeof heard !== 'number') return this.#heard >= position;
      this.#heard = Math.max(this.#heard, heard);
      if (this.#heard >= position) break;
      if (performance.now() > untilMs) return false;
      await new Promise(resolve => setTimeout(resolve, HEAR_AGAIN_MS));
    }
    return true;
  }

  presence(player: string, sockets: number): void {
    this.#announcer.present(player, sockets);
  }

  unlisten(player: string): void {
    this.#announcer.listening(player, false);
  }

  readiness(): Readiness {
    const { tables } = this.#options;
    const databaseReachable = tables.isReachable;
    const leading = !this.#isSilent;
    const clockSure = this.#clockSure;
    const refusal = this.#refusal()?.message ?? null;
    const ready = databaseReachable && this.#isLeaderReady && refusal === null;
    const { quarantined } = tables;
    const projectionLagMs = this.#lagMs;
    return { leading, databaseReachable, projectionLagMs, quarantined, clockSure, refusal, ready };
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

  #feed(feed: FeedBatch): void {
    // A leader that does not know yet that it is deposed has nothing to say any more; and what was
    // said before, its leader does not say again.
    if (feed.epoch < this.#epoch || this.#isRepeated(feed)) return;
    this.#heardAtMs = performance.now();
    this.#leader = feed.leader;
    this.#lagMs = feed.lagMs;
    this.#clockSure = feed.clockSure;
    this.#isTaking = feed.isTaking;
    this.#isLeaderReady = feed.isReady;
    const expected = feed.isHeartbeat ? this.#count : this.#count + 1;
    const isNew = feed.epoch !== this.#epoch;
    const isUnheard = !isNew && this.#losesTouch(this.#heardAtMs);
    const hasHole = isNew || isUnheard || this.#isSilent || feed.count !== expected;
    this.#epoch = feed.epoch;
    this.#count = feed.count;
    this.#isSilent = false;
    if (isNew) this.#meet(feed);
    this.#learnTime(feed);
    if (hasHole) this.#begin();
    const { sink } = this.#options;
    for (const [channel, frame] of feed.published) sink.publish(channel, frame);
    for (const [players, window, frame] of feed.windows) sink.publishWindow(players, window, frame);
    for (const window of feed.ended) sink.endWindow(window);
    for (const [player, sequence, event] of feed.private) {
      sink.publishPrivate(player, sequence, event as MeEvent);
    }
    this.#heard = feed.position;
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
  #meet({ begin }: FeedBatch): void {
    this.#timeOffsetMs = null;
    this.#heard = 0;
    this.#isUnheard = false;
    this.#membership.begin(performance.now());
    this.#announcer.tellListening();
    this.#announcer.tellPresence();
    this.#commands.giveUp(begin, performance.now() + LATE_REPLY_MS);
  }

  #obey(orders: Orders): void {
    const { membership, count, heard, shares, isComplete, kept } = orders;
    let { wantsListening, wantsPresence } = orders;
    const { sink, log } = this.#options;
    if (membership > 0) {
      const { forgotten, missed } = this.#membership.take(membership, count);
      this.#membership.answered(heard);
      if (missed) this.#announcer.missOrders();
      if (this.#membership.isSure(performance.now())) this.#isUnheard = false;
      if (forgotten) {
        log.warn({ leader: this.#leader }, 'the leader had not heard this node for a while');
        wantsListening = true;
        wantsPresence = true;
        this.#begin();
      }
    }
    if (wantsListening) this.#announcer.tellListening();
    if (wantsPresence) this.#announcer.tellPresence();
    if (isComplete) sink.shareAll(shares);
    else for (const [player, nodes] of shares) sink.share(player, nodes);
    for (const [player, sockets] of kept) sink.closeOldest(player, sockets);
  }

  /** Whether from this moment on the leader may have forgotten this node. */
  #losesTouch(nowMs: number): boolean {
    if (this.#isUnheard || this.#membership.isSure(nowMs)) return false;
    this.#isUnheard = true;
    const { leader } = this;
    this.#options.log.warn({ leader }, 'the leader may not hear this node any more');
    return true;
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
    if (!this.#isSilent && this.#losesTouch(nowMs)) this.#begin();
    if (!this.#isSilent && nowMs - this.#heardAtMs > SILENCE_MAX_MS) {
      this.#isSilent = true;
      this.#options.log.warn({ leader: this.#leader }, 'the leader of the realm is silent');
    }
  }
}
