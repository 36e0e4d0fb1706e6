// A realm for the tests of the gateway: it answers commands in batches from one reused arena, as
// the real one does, and does what each test tells it to.

import { encodeEvent, writeReply } from '../../protocol/codec.ts';
import type { MeSnapshot } from '../../protocol/events.ts';
import { FrameWriter } from '../../protocol/msgpack-writer.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type {
  Answer,
  EngineRequest,
  PrivatePart,
  Readiness,
  ReadRequest,
  RealmPort,
  ReplyTarget,
} from '../../src/gateway/port.ts';

const EMPTY: MeSnapshot = { balances: [], orders: [], offers: [], windows: [], more: false };

export class FakeRealm implements RealmPort {
  readonly realm = 'test';
  readonly epoch = 7;
  /** Everything that was sequenced. */
  readonly submitted: EngineRequest[] = [];
  readonly reads: ReadRequest[] = [];
  /** The number of the last decision. */
  sequence = 100;
  /** While true, replies wait for {@link FakeRealm.release}. */
  holding = false;
  refusal: RejectBody | null = null;
  answer: (request: EngineRequest) => Answer = request => ({
    outcome: 'ok',
    body: { command: request.command, player: request.player },
  });
  answerRead: (request: ReadRequest) => Promise<Answer> = async request => ({
    outcome: 'ok',
    body: { player: request.player },
  });
  snapshotData: (channel: string) => unknown = () => ({ bids: [], asks: [] });
  readPrivate: (player: string, from: readonly number[] | null) => Promise<PrivatePart> =
    async () => ({ sequence: this.sequence, data: EMPTY, next: null, databaseMs: 1 });
  /** Whose windows there are: the two players of each. */
  readonly windowPlayers = new Map<number, readonly [string, string]>();
  /** Who came (true) and went (false), in order. */
  readonly presences: [player: string, present: boolean][] = [];
  ready: Readiness = {
    leading: true,
    databaseReachable: true,
    projectionLagMs: 3,
    quarantined: 0,
    clockSure: true,
    refusal: null,
    ready: true,
  };
  /** Engine time less the wall clock. */
  timeAheadMs = 0;
  readonly #sockets = new Map<string, number>();
  readonly #writer = new FrameWriter(256);
  #waiting: { request: EngineRequest; target: ReplyTarget }[] = [];
  #scheduled = false;

  nowMs(): number {
    return Date.now() + this.timeAheadMs;
  }

  submit(request: EngineRequest, target: ReplyTarget): RejectBody | null {
    if (this.refusal !== null) return this.refusal;
    this.submitted.push(request);
    this.#waiting.push({ request, target });
    if (!this.holding && !this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.release());
    }
    return null;
  }

  /** Delivers the replies of everything that waits, one call per target. */
  release(): void {
    this.#scheduled = false;
    const batch = this.#waiting;
    this.#waiting = [];
    const replies = new Map<ReplyTarget, number[]>();
    this.#writer.reset();
    for (const { request, target } of batch) {
      const { outcome, body } = this.answer(request);
      const start = this.#writer.length;
      writeReply(this.#writer, request.id, outcome, body);
      const mine = replies.get(target) ?? [];
      mine.push(request.id, start, this.#writer.length);
      replies.set(target, mine);
    }
    for (const [target, mine] of replies) target.deliver(this.#writer.bytes, mine);
    // The arena is reused: whoever kept it instead of sending it now finds rubbish.
    this.#writer.bytes.fill(0xc1);
  }

  read(request: ReadRequest): Promise<Answer> {
    this.reads.push(request);
    return this.answerRead(request);
  }

  /** While false, nothing is certain here. */
  isCaughtUp = true;

  async caughtUp(): Promise<boolean> {
    return this.isCaughtUp;
  }

  snapshot(channel: string, deliver: (frame: Uint8Array) => void): void {
    const at = this.sequence;
    deliver(encodeEvent(channel, this.epoch, at, at, 'snapshot', this.snapshotData(channel)));
  }

  privateSnapshot(player: string, from: readonly number[] | null): Promise<PrivatePart> {
    return this.readPrivate(player, from);
  }

  windowSnapshots(
    player: string,
    windows: readonly number[],
    deliver: (frames: readonly (Uint8Array | null)[]) => void,
  ): void {
    const frames = windows.map(window => {
      const isKnown = this.windowPlayers.get(window)?.includes(player) === true;
      return isKnown ? this.windowFrame(window) : null;
    });
    deliver(frames);
  }

  windowFrame(window: number, status = 'open'): Uint8Array {
    const [at, data] = [this.sequence, { window: { window, status } }];
    return encodeEvent(`window:${window}`, this.epoch, at, at, 'snapshot', data);
  }

  windowEnd: (player: string, window: number) => Promise<Uint8Array | null> = async () => null;

  presence(player: string, sockets: number): void {
    const before = this.#sockets.get(player) ?? 0;
    this.#sockets.set(player, sockets);
    if (before > 0 !== sockets > 0) this.presences.push([player, sockets > 0]);
  }

  unlisten(): void {}

  readiness(): Readiness {
    return this.ready;
  }
}
