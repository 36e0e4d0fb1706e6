// The public channels: what is published goes out through uWebSockets topics, encoded once whatever
// the number of subscribers. A socket that reads too slowly is paused: it leaves its topics, and
// once it has drained it comes back with fresh snapshots. Since a snapshot may come at any time,
// that is all the conflation there is. Other sockets notice nothing.

import { encodeEvent } from '../../protocol/codec.ts';
import { eventSequence } from '../../protocol/frame-head.ts';
import type { GatewayConfig } from './config.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Player } from './players.ts';
import type { Asker, RealmPort } from './port.ts';
import type { Session } from './session.ts';
import { SNAPSHOT_BYTES_MIN, type SnapshotBudget } from './snapshot-budget.ts';
import type { TemplatedApp } from './uws.ts';

/** A channel that somebody subscribes to. Sessions refer to it, so its name is kept once. */
export interface Channel {
  readonly name: string;
  /** Sockets that want it, paused ones included. */
  subscribers: number;
  /** Of the last frame that went out. */
  sequence: number;
  sentAtMs: number;
}

/** A socket takes part again when it has less than this share of the bound waiting. */
const DRAINED_SHARE = 1 / 4;

export class Outbound {
  readonly #config: GatewayConfig;
  readonly #metrics: GatewayMetrics;
  readonly #snapshots: SnapshotBudget;
  readonly #channels = new Map<string, Channel>();
  readonly #paused = new Set<Session>();
  #app: TemplatedApp | null = null;
  /** Something was published or dropped since waiting bytes were last looked at. */
  #sweepDue = false;

  constructor(config: GatewayConfig, metrics: GatewayMetrics, snapshots: SnapshotBudget) {
    this.#config = config;
    this.#metrics = metrics;
    this.#snapshots = snapshots;
  }

  /** The topics belong to an app; nothing is published before. */
  use(app: TemplatedApp): void {
    this.#app = app;
  }

  has(channel: string): boolean {
    return this.#channels.has(channel);
  }

  publish(name: string, frame: Uint8Array): void {
    const channel = this.#channels.get(name);
    if (channel === undefined) return;
    channel.sequence = eventSequence(frame);
    channel.sentAtMs = performance.now();
    this.#sweepDue = true;
    this.#app?.publish(name, frame, true);
  }

  /** Adds a channel to a session; its snapshot comes at once, or when it may. */
  subscribe(realm: RealmPort, session: Session, name: string): void {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = { name, subscribers: 0, sequence: 0, sentAtMs: 0 };
      this.#channels.set(name, channel);
    }
    channel.subscribers += 1;
    session.channels ??= [];
    session.channels.push(channel);
    if (!this.#paused.has(session)) this.#ask(realm, session, channel);
  }

  /** Returns false when the session did not have the channel. */
  unsubscribe(session: Session, name: string): boolean {
    const channels = session.channels ?? [];
    const index = channels.findIndex(channel => channel.name === name);
    if (index < 0) return false;
    const [channel] = channels.splice(index, 1);
    if (index < session.liveChannels) {
      session.liveChannels -= 1;
      session.socket?.unsubscribe(name);
    }
    this.#snapshots.drop(session, name);
    this.#release(channel as Channel);
    if (channels.length === 0) session.channels = null;
    if (session.liveChannels === channels.length) this.#paused.delete(session);
    return true;
  }

  /** A fresh snapshot of a channel that the session has. Returns false when it has not. */
  resync(realm: RealmPort, session: Session, name: string): boolean {
    const channels = session.channels ?? [];
    const index = channels.findIndex(channel => channel.name === name);
    if (index < 0) return false;
    // A paused channel gets its snapshot anyway when the socket has drained.
    if (index < session.liveChannels) this.#ask(realm, session, channels[index] as Channel);
    return true;
  }

  /** The socket is closed; uWebSockets has removed it from its topics. */
  leave(session: Session): void {
    this.#paused.delete(session);
    for (const channel of session.channels ?? []) this.#release(channel);
    session.channels = null;
    session.liveChannels = 0;
  }

  /** uWebSockets dropped a public frame. The next sweep acts on it: this may be in mid-delivery. */
  dropped(session: Session): void {
    session.publicDropped = true;
    this.#sweepDue = true;
  }

  /** Takes a slow reader off its topics until it has drained. */
  pause(session: Session): void {
    const channels = session.channels;
    if (channels === null || session.socket === null || this.#paused.has(session)) return;
    for (let i = 0; i < session.liveChannels; i++) {
      session.socket.unsubscribe((channels[i] as Channel).name);
    }
    session.liveChannels = 0;
    this.#paused.add(session);
    this.#metrics.pauses.inc();
  }

  /** Called when a socket has drained: as many channels as fit go on, each from a snapshot. */
  drained(realm: RealmPort, session: Session): void {
    if (!this.#paused.has(session)) return;
    const drainedBytes = this.#config.publicBytesMax * DRAINED_SHARE;
    const next = session.channels?.[session.liveChannels];
    if (next === undefined) {
      this.#paused.delete(session);
      return;
    }
    if (session.socket === null || session.bufferedBytes() > drainedBytes) return;
    const player = session.player as Player;
    const nowMs = performance.now();
    if (this.#snapshots.waitMs(session, player, nowMs) > 0) return;
    this.#snapshots.charge(session, player, SNAPSHOT_BYTES_MIN, nowMs);
    const goOn = (frame: Uint8Array) => {
      if (!this.#paused.has(session)) return;
      this.#arrived(session, next, frame);
      this.drained(realm, session);
    };
    realm.snapshot(next.name, goOn, waits(session, next));
  }

  /** Every channel begins anew: one snapshot for all who subscribe to it. */
  restart(realm: RealmPort): void {
    for (const channel of this.#channels.values()) {
      const { name } = channel;
      const asker = { on: channel, isWaiting: () => channel.subscribers > 0 };
      realm.snapshot(name, frame => this.publish(name, frame), asker);
    }
  }

  /** Those that wait to have drained; a copy, since going on changes it. */
  paused(): readonly Session[] {
    return [...this.#paused];
  }

  /** Pauses the slow readers. */
  sweepBuffers(sessions: Iterable<Session>): void {
    if (!this.#sweepDue) return;
    this.#sweepDue = false;
    for (const session of sessions) {
      if (session.liveChannels === 0) continue;
      if (session.publicDropped || session.unaskedBytes() > this.#config.publicBytesMax) {
        session.publicDropped = false;
        this.pause(session);
      }
    }
  }

  /** Tells the subscribers of silent channels that they have missed nothing. */
  sweepHeartbeats(realm: RealmPort, nowMs: number): void {
    const silentSinceMs = nowMs - this.#config.heartbeatIntervalMs;
    for (const channel of this.#channels.values()) {
      if (channel.sentAtMs > silentSinceMs) continue;
      channel.sentAtMs = nowMs;
      const { name, sequence } = channel;
      const frame = encodeEvent(name, realm.epoch, sequence, sequence, 'heartbeat', null);
      this.#app?.publish(name, frame, true);
    }
  }

  #ask(realm: RealmPort, session: Session, channel: Channel): void {
    const goOn = (frame: Uint8Array) => {
      // A socket that was paused meanwhile gets another one when it has drained.
      if (!this.#paused.has(session)) this.#arrived(session, channel, frame);
    };
    const asker = waits(session, channel);
    this.#snapshots.wish(session, session.player as Player, channel.name, () => {
      if (asker.isWaiting()) realm.snapshot(channel.name, goOn, asker);
    });
  }

  /** Sends a snapshot to a session, whose channel is live from then on. */
  #arrived(session: Session, channel: Channel, snapshot: Uint8Array): void {
    const channels = session.channels ?? [];
    const index = channels.indexOf(channel);
    if (index < 0 || session.socket === null) return;
    const live = session.liveChannels;
    if (index >= live) {
      // The live ones come first.
      [channels[index], channels[live]] = [channels[live] as Channel, channel];
      session.liveChannels += 1;
      session.socket.subscribe(channel.name);
    }
    this.#sendSnapshot(session, channel, snapshot);
  }

  #sendSnapshot(session: Session, channel: Channel, frame: Uint8Array): void {
    channel.sequence = eventSequence(frame);
    if (channel.sentAtMs === 0) channel.sentAtMs = performance.now();
    session.sendSnapshot(frame);
  }

  #release(channel: Channel): void {
    channel.subscribers -= 1;
    if (channel.subscribers === 0) this.#channels.delete(channel.name);
  }
}

/** A session waits for a snapshot as long as it is there and wants the channel. */
function waits(session: Session, channel: Channel): Asker {
  return { on: session, isWaiting: () => session.channels?.includes(channel) ?? false };
}
