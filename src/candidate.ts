// A node that may lead: it waits for the lease, makes an engine ready, claims the realm if it still
// holds the lease, and serves the commands of the stream until it is asked to stop, or has lost the
// lease, or was deposed, and then waits again. Everything of a leadership is made for it and thrown
// away with it. While it waits it has no engine, unless the leader wants to go and asks this node
// to be ready, or it lost the lease while it loaded.

import { Approach, type Ending, Turn } from './approach.ts';
import type { Log } from './base/log.ts';
import { within } from './base/within.ts';
import type { ClockWatch } from './clock-watch.ts';
import { RedisLeaderChannel } from './cluster/channels.ts';
import { RedisCommandReader } from './cluster/command-reader.ts';
import { RedisLease } from './cluster/lease.ts';
import { isPossible } from './cluster/stream-id.ts';
import type { Config } from './config.ts';
import type { Database } from './database/connection.ts';
import { type Leadership, takeLeadership } from './leadership.ts';
import type { Reader } from './reads/reader.ts';
import { FeedCollector } from './realm/feed-collector.ts';
import { LeaderSeat } from './realm/leader-seat.ts';
import { NodeRegistry } from './realm/node-registry.ts';
import type { PipelineObserver } from './realm/pipeline.ts';
import { Realm } from './realm/realm.ts';
import type { TablesWatch } from './realm/tables-watch.ts';
import type { RealmRedis } from './realm-redis.ts';

export interface CandidateOptions {
  readonly config: Config;
  readonly log: Log;
  readonly node: string;
  readonly database: Database;
  readonly reader: Reader;
  readonly tables: TablesWatch;
  readonly redis: RealmRedis;
  readonly watch: ClockWatch;
  readonly observer: PipelineObserver;
  /** Entries that left the stream before they were read. */
  readonly lost: (batches: number) => void;
  /** Whether a leader is heard, on whichever node. */
  readonly isLed: () => boolean;
  /** The first time, takes the realm from a living writer outside of the cluster too. */
  readonly takeover: boolean;
}

const STALL_INTERVAL_MS = 250;
const DRAIN_MS = 3_000;
/** For loading what another node leads with. Longer than that, and it loads when it leads. */
const SUMMON_MS = 15_000;

export class Candidate {
  readonly #options: CandidateOptions;
  readonly #lease: RedisLease;
  readonly #approach: Approach;
  #turn = new Turn();
  #realm: Realm | null = null;
  /** From the lease on until it was given up. */
  #isInCharge = false;
  /** Does not begin to lead any more, and does not go on. */
  #isRetiring = false;
  #isStopping = false;
  #loop: Promise<void> | null = null;

  constructor(options: CandidateOptions) {
    this.#options = options;
    const { config, redis, node, log } = options;
    const { leaseMs: lifeMs } = config;
    const { links, keys } = redis;
    this.#lease = new RedisLease({ redis: links.lease, keys, node, log, lifeMs });
    this.#approach = new Approach({ ...options, links, keys });
    this.#lease.onLost(() => this.#turn.end({ why: 'lease' }));
    this.#lease.onAsked(
      isAsked => this.#approach.asked(isAsked),
      () => this.#approach.isReady,
    );
  }

  /** What this node leads, or null. */
  get realm(): Realm | null {
    return this.#realm;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /**
   * Wants to go. If the realm is here it goes on being served, until another node has made itself
   * ready, or none does in time. Then {@link stop} hands it over.
   */
  async retire(): Promise<void> {
    this.#isRetiring = true;
    this.#approach.wake();
    if (this.#loop === null || this.#approach.isHeldOff) return;
    if (!this.#isInCharge) {
      this.#lease.close();
      // It may have been passed to us a moment ago, and not have been noticed yet.
      await this.#lease.giveUp();
      this.#approach.drop();
      return;
    }
    const isReady = await this.#lease.summon(SUMMON_MS);
    if (!isReady) this.#options.log.info('no other node is ready to lead: one must load first');
  }

  /** Hands the realm over, if it is here, and is no candidate any more. */
  async stop(): Promise<void> {
    this.#isRetiring = true;
    this.#isStopping = true;
    this.#turn.end({ why: 'asked' });
    if (!this.#isInCharge) this.#lease.close();
    await this.#loop;
    this.#lease.close();
    this.#approach.drop();
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    while (!this.#isRetiring && (await this.#acquire())) {
      if (this.#isRetiring) return this.#lease.giveUp();
      this.#isInCharge = true;
      let failure: unknown = null;
      try {
        await this.#lead();
      } catch (error) {
        failure = error;
        log.error({ error: String(error) }, 'the realm cannot be led from here');
        await this.#lease.giveUp();
      }
      this.#isInCharge = false;
      if (!this.#isRetiring) await this.#approach.letOthersTry(failure);
    }
  }

  async #acquire(): Promise<boolean> {
    const end = this.#approach.keepUntilLed();
    try {
      return await this.#lease.acquire();
    } finally {
      end();
    }
  }

  async #lead(): Promise<void> {
    const { database, config, log } = this.#options;
    const turn = new Turn();
    this.#turn = turn;
    if (this.#isStopping) turn.end({ why: 'asked' });
    const beganMs = performance.now();
    const { hold, preparation } = await this.#approach.make(turn);
    const leadership = await takeLeadership(database, config, log, {
      hold,
      preparation,
      claimTimeoutMs: config.replyTimeoutMs,
      assertWanted: () => {
        if (!this.#lease.isHeld) turn.end({ why: 'lease' });
        turn.assertWanted();
      },
    });
    const seat = await this.#sit(leadership).catch(async (error: unknown) => {
      await leadership.close();
      throw error;
    });
    const tookMs = Math.round(performance.now() - beganMs);
    log.info({ epoch: leadership.epoch, tookMs }, 'this node leads the realm');
    const stall = setInterval(this.#stallWatch(seat.realm), STALL_INTERVAL_MS);
    const ending = await turn.ended;
    clearInterval(stall);
    await this.#leave(ending, leadership, seat);
  }

  /** Ends a leadership whose database has taken nothing for too long: another node may reach it. */
  #stallWatch(realm: Realm): () => void {
    let released = realm.released;
    let sinceMs = performance.now();
    return () => {
      const nowMs = performance.now();
      if (realm.waiting === 0 || realm.released !== released) {
        released = realm.released;
        sinceMs = nowMs;
      } else if (nowMs - sinceMs > this.#options.config.replyTimeoutMs) {
        const error = new Error('The database has not taken a batch for too long.');
        this.#turn.end({ why: 'failed', error });
      }
    };
  }

  async #sit(leadership: Leadership): Promise<Seat> {
    const { config, log, node, reader, tables, redis, watch, observer, lost } = this.#options;
    const { keys, envelope, refused, links } = redis;
    const { commands, listening } = links;
    const { epoch, position, engine, journal, projection, past } = leadership;
    const clock = await watch.engineClock(engine.state.nowMs);
    // The version before took any id that somebody had put into the stream.
    const offset = isPossible(leadership.offset) ? leadership.offset : '';
    const both = { commands, keys, envelope, refused, log };
    const channel = new RedisLeaderChannel({ ...both, listening, node });
    const registry = new NodeRegistry({
      socketsPerPlayerMax: config.gateway.socketsPerPlayerMax,
      presence: (player, isPresent) => realm.presence(player, isPresent ? 1 : 0),
      order: (to, orders) => channel.order(to, { epoch, ...orders }),
    });
    const collector = new FeedCollector({
      channel,
      registry,
      epoch,
      node,
      begin: offset,
      position: () => realm.released,
      lagMs: () => projection.lagMs,
      clock,
      standing: () => realm.standing(),
    });
    const realm = new Realm({
      name: config.realm,
      epoch,
      position,
      offset,
      engine,
      journal,
      projection,
      reader,
      tables,
      sink: collector,
      clock,
      limits: config,
      feedIntervalMs: config.feedIntervalMs,
      amountWordsLocale: config.amountWordsLocale,
      observer,
      durable: reached => seat.durable(reached),
      failed: error => this.#turn.end({ why: 'failed', error }),
    });
    const reading = links.openReading();
    const stream = new RedisCommandReader({ ...both, reading, key: keys.commands });
    const parts = { realm, reader: stream, channel, registry, collector };
    const seat = new LeaderSeat({ ...parts, refused, log, lost });
    await realm.announcer.begin(past);
    realm.start();
    seat.start(leadership.offset);
    collector.begin();
    this.#realm = realm;
    return { realm, seat, collector, channel };
  }

  async #leave(ending: Ending, leadership: Leadership, parts: Seat): Promise<void> {
    const { log } = this.#options;
    const { realm, seat, collector, channel } = parts;
    const isPeaceful = ending.why === 'asked';
    if (!isPeaceful) {
      realm.stop();
      collector.close();
      const error = ending.why === 'failed' ? String(ending.error) : 'its lease was lost';
      log.error({ epoch: leadership.epoch, error }, 'this node does not lead the realm any more');
    }
    await seat.stop();
    if (isPeaceful) {
      if (!(await within(DRAIN_MS, realm.drain()))) {
        log.error('The database did not take the last batch in time: its outcome is unknown.');
      }
      collector.flush();
      collector.close();
      realm.stop();
    }
    this.#realm = null;
    channel.close();
    // The next leader need not wait until the tables have caught up here.
    await leadership.journal.close();
    await this.#lease.giveUp();
    await leadership.close();
  }
}

interface Seat {
  readonly realm: Realm;
  readonly seat: LeaderSeat;
  readonly collector: FeedCollector;
  readonly channel: RedisLeaderChannel;
}
