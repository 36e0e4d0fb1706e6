// Where the leader's realm meets the stream, on a stage: a real realm over a journal that commits
// when told to, entries off a stream in memory, and the replies as a node gets them.

import { expect } from 'vitest';
import { StepClock } from '../../src/base/clock.ts';
import type { ReplyBatch, SentCommand } from '../../src/cluster/messages.ts';
import { Engine } from '../../src/engine/engine.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import type { Batch } from '../../src/journal/journal.ts';
import { FeedCollector } from '../../src/realm/feed-collector.ts';
import { LeaderSeat } from '../../src/realm/leader-seat.ts';
import { NodeRegistry } from '../../src/realm/node-registry.ts';
import { Realm } from '../../src/realm/realm.ts';
import { TablesWatch } from '../../src/realm/tables-watch.ts';
import { decodeReply, FakeLeaderChannel, FakeReader, type Reply } from './fake-cluster.ts';
import { FakeJournal, settled } from './fake-journal.ts';
import { quiet } from './postgres.ts';

export const EPOCH = 4;

class NotingJournal extends FakeJournal {
  readonly offsets: (string | undefined)[] = [];

  override append(batch: Batch): Promise<number> {
    this.offsets.push(batch.offset);
    return super.append(batch);
  }
}

const PROJECTION = {
  lagMs: 0,
  isFailing: false,
  quarantined: 0,
  setAsideTotal: 0,
  notify: () => {},
  waitFor: async () => {},
  onDoubt: () => {},
  onBroken: () => {},
  onSuspension: () => {},
};

const nobodyReads = () => Promise.reject(new Error('Nobody reads tables here.'));

export class SeatStage {
  readonly engine = new Engine(DEFAULT_RULES);
  readonly journal = new NotingJournal();
  readonly channel = new FakeLeaderChannel();
  readonly reader = new FakeReader();
  readonly clock = new StepClock();
  readonly registry: NodeRegistry;
  readonly realm: Realm;
  readonly seat: LeaderSeat;
  lost = 0;
  readonly failures: unknown[] = [];
  readonly refusals: string[] = [];
  /** The last row of the journal, as the database tells it; null: what was released. */
  journalEnd: { head: number; epoch: number } | null = null;

  constructor(waitingEntriesMax: number) {
    const { engine, journal, channel, reader } = this;
    const order = () => {};
    const registry = new NodeRegistry({
      socketsPerPlayerMax: 5,
      presence: (player, isPresent) => this.realm.presence(player, isPresent ? 1 : 0),
      order,
    });
    const collector = new FeedCollector({
      ...{ channel, registry, epoch: EPOCH, node: 'a', begin: '5-0' },
      position: () => this.realm.released,
      lagMs: () => 0,
      standing: () => this.realm.standing(),
      clock: new StepClock(),
    });
    this.registry = registry;
    this.realm = new Realm({
      ...{ name: 'main', epoch: EPOCH, position: 1, offset: '5-0', engine, journal },
      projection: PROJECTION,
      reader: {
        answer: nobodyReads,
        privateSnapshot: nobodyReads,
        windowEnd: nobodyReads,
        lookUpKeys: nobodyReads,
      },
      tables: new TablesWatch(async () => {
        const end = this.journalEnd ?? { head: this.realm.released, epoch: EPOCH };
        return { ...end, position: end.head, quarantined: 0 };
      }),
      sink: collector,
      clock: this.clock,
      limits: {
        waitingEntriesMax,
        waitingBytesMax: 10_000_000,
        replyTimeoutMs: 10_000,
        projectionLagMaxMs: 10_000,
      },
      feedIntervalMs: 10,
      amountWordsLocale: 'en-US',
      observer: { appended: () => {} },
      durable: offset => this.seat.durable(offset),
      failed: error => this.failures.push(error),
    });
    const { realm } = this;
    const lost = (batches: number) => {
      this.lost += batches;
    };
    const refused = { note: (refusal: string) => void this.refusals.push(refusal) };
    const parts = { realm, reader, channel, registry, collector, refused };
    this.seat = new LeaderSeat({ ...parts, log: quiet, lost });
    realm.start();
    this.seat.start('5-0');
  }

  async stop(): Promise<void> {
    this.realm.stop();
    await this.seat.stop();
  }

  /** Everything that nodes were told of their commands. */
  replies(node = 'b'): Reply[] {
    return this.channel
      .of<ReplyBatch>('replies')
      .filter(one => one.node === node)
      .flatMap(({ content: { frames, places } }) => {
        const found: Reply[] = [];
        for (let i = 0; i < places.length; i += 3) {
          found.push(decodeReply(frames.slice(places[i + 1], places[i + 2])));
          expect(found.at(-1)?.id).toBe(places[i]);
        }
        return found;
      });
  }

  /** Lets the first tick of the realm become durable, so that a test begins with a quiet one. */
  async quietly(): Promise<void> {
    const { journal } = this;
    await settled();
    while (journal.isAppending) {
      await journal.commit();
      await settled();
    }
    journal.offsets.length = 0;
  }
}

export function grant(n: number, quantity = 1): SentCommand {
  const payload = { player: 'alice', asset: 'coins', quantity };
  return { n, player: 'game', key: null, sender: 'service', command: 'wallet.grant', payload };
}
