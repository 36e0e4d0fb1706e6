// A node of a cluster without gateway, Redis or database: its RemoteRealm over channels in memory,
// with the clock of the test.

import { vi } from 'vitest';
import { encodeEvent } from '../../protocol/codec.ts';
import type { MeSnapshot } from '../../protocol/events.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { FeedBatch, NodeState } from '../../src/cluster/messages.ts';
import type { EngineRequest } from '../../src/gateway/port.ts';
import type { EndedWindow } from '../../src/reads/window-end.ts';
import { RemoteRealm } from '../../src/realm/remote-realm.ts';
import { TablesWatch } from '../../src/realm/tables-watch.ts';
import { FakeNodeChannel, FakeSender, Inbox, ordersOf, RecordingNodeSink } from './fake-cluster.ts';
import { quiet } from './postgres.ts';
import { testKey } from './test-key.ts';

export const EMPTY_ME: MeSnapshot = {
  balances: [],
  orders: [],
  offers: [],
  windows: [],
  more: false,
};

export class RemoteStage {
  readonly sender = new FakeSender();
  readonly channel = new FakeNodeChannel();
  readonly sink = new RecordingNodeSink();
  readonly inbox = new Inbox();
  readonly realm: RemoteRealm;
  /** What was read of the tables: commands, and players for private snapshots. */
  readonly read: string[] = [];
  ended: EndedWindow | null = null;
  quarantined = 0;
  journalAt = 100;
  tablesAt = 100;
  /** Whether a leader hears this node: then its beats are answered under this membership. */
  isHeard = true;
  membership = 1;
  #orders = 0;
  isTablesAway = false;

  constructor(limits: { readonly pendingMax: number; readonly replyTimeoutMs: number }) {
    this.realm = new RemoteRealm({
      name: 'main',
      node: 'b',
      sender: this.sender,
      channel: this.channel,
      reader: {
        answer: async ({ command }, atLeast) => {
          if (this.tablesAt < atLeast) return null;
          this.read.push(command);
          return { outcome: 'ok', body: { at: this.tablesAt } };
        },
        privateSnapshot: async (player, _from, atLeast) => {
          if (this.tablesAt < atLeast) return null;
          this.read.push(player);
          const part = { sequence: 7, data: EMPTY_ME, next: null, databaseMs: 1 };
          return { position: this.tablesAt, ...part };
        },
        windowEnd: async (player, window, atLeast) => {
          if (this.tablesAt < atLeast) return null;
          this.read.push(`${player} ${window}`);
          return { ended: this.ended };
        },
        lookUpKeys: () => Promise.reject(new Error('The leader looks keys up.')),
      },
      tables: new TablesWatch(async () => {
        if (this.isTablesAway) throw new Error('away');
        const { journalAt: head, tablesAt: position, quarantined } = this;
        return { head, epoch: 1, position, quarantined };
      }),
      sink: this.sink,
      clock: { nowMs: () => 1_000 },
      log: quiet,
      ...limits,
    });
    this.channel.heard = state => this.#answer(state);
  }

  /** As a leader answers, which takes a moment. */
  #answer({ count, isBeat }: NodeState): void {
    if (!this.isHeard || !isBeat) return;
    const { membership, realm } = this;
    const orders = { epoch: realm.epoch, membership, heard: count, count: ++this.#orders };
    void Promise.resolve().then(() => this.channel.orders(ordersOf(orders)));
  }

  /** The leader had forgotten this node. */
  forget(): void {
    this.membership++;
    this.#orders = 0;
  }

  /** Lets time pass, and what waits for it happen. */
  async pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  /** A message of the leader arrives; epoch 1 and position 100 when nothing else is said. */
  feed(count: number, more: Partial<FeedBatch> = {}): void {
    const nothing = { published: [], windows: [], ended: [], private: [] };
    const head = { epoch: 1, count, position: 100, leader: 'a', begin: '5-0', lagMs: 0 };
    this.channel.feed({
      ...head,
      nowMs: 1_000,
      clockSure: true,
      isTaking: true,
      isReady: true,
      isHeartbeat: false,
      ...nothing,
      ...more,
    });
  }

  beat(count: number, more: Partial<FeedBatch> = {}): void {
    this.feed(count, { isHeartbeat: true, ...more });
  }

  /** A command of a session, with the key `k<id>`. */
  submit(id: number): RejectBody | null {
    const payload = { player: 'alice', asset: 'coins', quantity: 1 };
    const request = {
      id,
      command: 'wallet.grant',
      payload,
      key: testKey(`k${id}`),
      player: 'game',
      sender: 'service',
    };
    return this.realm.submit(request as EngineRequest, this.inbox);
  }
}

export function snapshotFrame(sequence: number, name = 'book:ore'): Uint8Array {
  return encodeEvent(name, 1, sequence, sequence, 'snapshot', { bids: [], asks: [] });
}
