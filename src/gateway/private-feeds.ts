// All private feeds: which of them are live, which wait out their grace after the last socket of
// their player left, and heartbeats for the silent ones. Bounded: too many in grace, and the one
// that has waited longest is forgotten.

import type { MeEvent } from '../../protocol/events.ts';
import type { SampledLog } from '../base/sampled-log.ts';
import type { GatewayConfig } from './config.ts';
import type { Player, Players } from './players.ts';
import type { RealmPort } from './port.ts';
import { type FeedReader, PrivateFeed } from './private-feed.ts';

export class PrivateFeeds {
  readonly #config: GatewayConfig;
  readonly #log: SampledLog;
  readonly #players: Players;
  #realm: RealmPort | null = null;
  readonly #feeds = new Set<PrivateFeed>();
  /** In grace, the one that left first first. */
  readonly #departed = new Set<PrivateFeed>();

  constructor(config: GatewayConfig, log: SampledLog, players: Players) {
    this.#config = config;
    this.#log = log;
    this.#players = players;
  }

  get size(): number {
    return this.#feeds.size;
  }

  isLive(player: string): boolean {
    const feed = this.#players.find(player)?.feed;
    return feed !== undefined && feed !== null;
  }

  publish(player: string, sequence: number, event: MeEvent): void {
    this.#players.find(player)?.feed?.publish(sequence, event, performance.now());
  }

  /** Follows the player's feed from a fresh snapshot on. */
  join(realm: RealmPort, player: Player, reader: FeedReader): void {
    const feed = player.feed ?? this.#create(realm, player);
    this.#return(feed);
    feed.join(reader);
  }

  /** Goes on after `sequence`; null when what was missed is not known any more. */
  resume(
    player: Player,
    reader: FeedReader,
    from: { readonly epoch: number; readonly sequence: number },
  ): readonly Uint8Array[] | null {
    const feed = player.feed;
    const missed = feed?.resume(reader, from.epoch, from.sequence) ?? null;
    if (feed !== null && missed !== null) this.#return(feed);
    return missed;
  }

  leave(player: Player, reader: FeedReader): void {
    const feed = player.feed;
    if (feed === null) return;
    feed.leave(reader);
    if (!feed.deserted || this.#departed.has(feed)) return;
    if (!feed.resumable) {
      this.#forget(feed);
      return;
    }
    feed.graceEndsAtMs = performance.now() + this.#config.resumeGraceMs;
    this.#departed.add(feed);
    if (this.#departed.size <= this.#config.resumeFeedsMax) return;
    for (const oldest of this.#departed) {
      this.#forget(oldest);
      break;
    }
  }

  /** Every feed begins anew with a snapshot; those that nobody follows are forgotten. */
  restart(realm: RealmPort): void {
    for (const feed of [...this.#feeds]) {
      const readers = feed.end();
      this.#forget(feed);
      if (readers.length === 0) continue;
      const fresh = this.#create(realm, feed.player);
      for (const reader of readers) fresh.join(reader);
    }
  }

  sweep(nowMs: number): void {
    for (const feed of this.#departed) {
      if (feed.graceEndsAtMs > nowMs) break;
      this.#forget(feed);
    }
    const silentSinceMs = nowMs - this.#config.heartbeatIntervalMs;
    for (const feed of this.#feeds) if (feed.sentAtMs <= silentSinceMs) feed.heartbeat(nowMs);
  }

  #create(realm: RealmPort, player: Player): PrivateFeed {
    this.#realm = realm;
    const feed = new PrivateFeed(player, {
      epoch: realm.epoch,
      bounds: this.#config,
      read: (name, from) => realm.privateSnapshot(name, from),
      log: this.#log,
    });
    feed.sentAtMs = performance.now();
    player.feed = feed;
    this.#feeds.add(feed);
    return feed;
  }

  #return(feed: PrivateFeed): void {
    feed.graceEndsAtMs = Number.POSITIVE_INFINITY;
    this.#departed.delete(feed);
  }

  #forget(feed: PrivateFeed): void {
    this.#departed.delete(feed);
    this.#feeds.delete(feed);
    feed.player.feed = null;
    this.#realm?.unlisten(feed.player.name);
  }
}
