// A node that may lead: it waits for the lease, takes the realm over, serves the commands of the
// stream until it is asked to stop, or has lost the lease, or was deposed, and then waits again.
// Everything of a leadership is made for it and thrown away with it.

import { wallClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { within } from './base/within.ts';
import { RedisLeaderChannel } from './cluster/channels.ts';
import { RedisCommandReader } from './cluster/command-reader.ts';
import type { RealmKeys } from './cluster/keys.ts';
import { RedisLease } from './cluster/lease.ts';
import type { Links } from './cluster/links.ts';
import type { Config } from './config.ts';
import type { Database } from './database/connection.ts';
import { type Leadership, takeLeadership } from './leadership.ts';
import type { Reader } from './reads/reader.ts';
import { FeedCollector } from './realm/feed-collector.ts';
import { LeaderSeat } from './realm/leader-seat.ts';
import { NodeRegistry } from './realm/node-registry.ts';
import type { PipelineObserver } from './realm/pipeline.ts';
import { Realm } from './realm/realm.ts';

export interface CandidateOptions {
  readonly config: Config;
  readonly log: Log;
  readonly node: string;
  readonly database: Database;
  readonly reader: Reader;
  readonly links: Links;
  readonly keys: RealmKeys;
  readonly observer: PipelineObserver;
  /** Entries that left the stream before they were read. */
  readonly lost: (batches: number) => void;
}

const RETRY_MS = 1_000;
const STALL_INTERVAL_MS = 250;
const DRAIN_MS = 3_000;

/** Why a leadership ended. `asked`: in peace, everything was handed over. */
type Ending = { readonly why: 'asked' | 'lease' } | { readonly why: 'failed'; error: unknown };

export class Candidate {
  readonly #options: CandidateOptions;
  readonly #lease: RedisLease;
  #realm: Realm | null = null;
  #isStopping = false;
  #end: (ending: Ending) => void = () => {};
  #loop: Promise<void> | null = null;

  constructor(options: CandidateOptions) {
    this.#options = options;
    const { config, links, keys, node, log } = options;
    const { leaseMs: lifeMs } = config;
    this.#lease = new RedisLease({ redis: links.commands, key: keys.lease, node, log, lifeMs });
    this.#lease.onLost(() => this.#end({ why: 'lease' }));
  }

  /** What this node leads, or null. */
  get realm(): Realm | null {
    return this.#realm;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Hands the realm over, if it is here, and is no candidate any more. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#end({ why: 'asked' });
    if (this.#realm === null) this.#lease.close();
    await this.#loop;
    this.#lease.close();
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    while (!this.#isStopping && (await this.#lease.acquire())) {
      try {
        await this.#lead();
      } catch (error) {
        log.error({ error: String(error) }, 'the realm cannot be led from here');
        await this.#lease.giveUp();
      }
      // Whoever could not lead lets the others try first.
      if (!this.#isStopping) await new Promise(resolve => setTimeout(resolve, RETRY_MS));
    }
  }

  async #lead(): Promise<void> {
    const { database, config, log } = this.#options;
    const ended = new Promise<Ending>(resolve => {
      this.#end = resolve;
    });
    if (this.#isStopping) this.#end({ why: 'asked' });
    const beganMs = performance.now();
    const leadership = await takeLeadership(database, config, log, {
      claimTimeoutMs: config.replyTimeoutMs,
    });
    const seat = await this.#sit(leadership).catch(async (error: unknown) => {
      await leadership.close();
      throw error;
    });
    const tookMs = Math.round(performance.now() - beganMs);
    log.info({ epoch: leadership.epoch, tookMs }, 'this node leads the realm');
    const stall = setInterval(this.#stallWatch(seat.realm), STALL_INTERVAL_MS);
    const ending = await ended;
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
        this.#end({ why: 'failed', error });
      }
    };
  }

  async #sit(leadership: Leadership): Promise<Seat> {
    const { config, log, node, reader, links, keys, observer, lost } = this.#options;
    const { commands, listening } = links;
    const { epoch, position, offset, engine, journal, projection, history } = leadership;
    const channel = new RedisLeaderChannel({ commands, listening, keys, node, log });
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
      sink: collector,
      clock: wallClock,
      limits: config,
      feedIntervalMs: config.feedIntervalMs,
      amountWordsLocale: config.amountWordsLocale,
      observer,
      durable: reached => seat.durable(reached),
      failed: error => this.#end({ why: 'failed', error }),
    });
    const stream = new RedisCommandReader({
      reading: links.openReading(),
      commands,
      key: keys.commands,
      log,
    });
    const seat = new LeaderSeat({ realm, reader: stream, channel, registry, collector, log, lost });
    realm.announcer.restore(history);
    realm.start();
    seat.start(offset);
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
    await leadership.close();
    await this.#lease.giveUp();
  }
}

interface Seat {
  readonly realm: Realm;
  readonly seat: LeaderSeat;
  readonly collector: FeedCollector;
  readonly channel: RedisLeaderChannel;
}
