// The gateway as one piece: sockets, sessions, feeds, pages and the timers that keep them in order.
// It serves one realm, which is attached when it is there and which announces through it; before
// that it has pages, but lets no socket in.

import type { CloseName } from '../../protocol/closes.ts';
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { SampledLog } from '../base/sampled-log.ts';
import type { TokenVerifier } from './auth.ts';
import { assertGatewayConfig, type GatewayConfig, type TierLimit } from './config.ts';
import type { GatewayContext } from './context.ts';
import { Door } from './door.ts';
import { closeEnded } from './end-sessions.ts';
import { contain } from './faults.ts';
import { type Pages, serveOps } from './http.ts';
import { OPS_VARIABLES, PLAYERS_VARIABLES, whyNot } from './listening.ts';
import { GatewayMetrics, type Registry } from './metrics.ts';
import { Outbound } from './outbound.ts';
import { Players } from './players.ts';
import type { FeedSink, NodeSink, RealmPort } from './port.ts';
import { PrivateFeeds } from './private-feeds.ts';
import { answerRate, type Rate, ratePerMinute } from './rate-limit.ts';
import type { Session } from './session.ts';
import type { SessionEnds } from './session-ends.ts';
import { SnapshotBudget } from './snapshot-budget.ts';
import { createApp } from './sockets.ts';
import { type ListenSocket, loadUws, type TemplatedApp, type UwsModule } from './uws.ts';
import { WindowFeeds } from './window-feeds.ts';

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly verifier: TokenVerifier;
  /** What tokens are held against. */
  readonly clock: Clock;
  readonly log: Log;
}

export interface Gateway extends NodeSink {
  /** For the metrics of the other parts. */
  readonly registry: Registry;
  /** Gives the gateway its realm. Until then no socket is let in, and /ready says 503. */
  attach(realm: RealmPort, ends: SessionEnds): void;
  /**
   * Opens the port, for this process alone; 0 takes any free one. Comes before everything that
   * others could notice: a server that cannot listen must not have taken the realm from anybody.
   * Rejects with a {@link ListenError}.
   */
  listen(host: string, port: number): Promise<{ port: number }>;
  /** As {@link listen}, for the pages of operators: nothing of it is for players. */
  listenOps(host: string, port: number): Promise<{ port: number }>;
  /** From now on commands are answered SERVICE_UNAVAILABLE and no socket is let in. */
  drain(): void;
  /** Closes every socket with a reason and stops listening. Resolves when all is closed. */
  close(close: CloseName): Promise<void>;
}

/** Time for the close frames to leave before connections are cut. */
const CLOSE_GRACE_MS = 300;

/**
 * A gateway that does not listen yet.
 * @throws {InvariantError} for a config that contradicts itself.
 * @throws {UwsUnavailableError} when uWebSockets.js does not run here.
 */
export function createGateway(options: GatewayOptions): Gateway {
  assertGatewayConfig(options.config);
  return new UwsGateway(options, loadUws());
}

class UwsGateway implements Gateway {
  readonly #uws: UwsModule;
  readonly #app: TemplatedApp;
  readonly #opsApp: TemplatedApp;
  readonly #context: GatewayContext;
  readonly #timers: NodeJS.Timeout[];
  #listening: ListenSocket[] = [];

  constructor(options: GatewayOptions, uws: UwsModule) {
    this.#uws = uws;
    const context = createContext(options);
    this.#context = context;
    const pages: Pages = {
      registry: context.metrics.registry,
      readiness: () => context.realm?.readiness() ?? null,
      draining: () => context.draining,
    };
    this.#app = createApp(uws, context, pages);
    this.#opsApp = uws.App();
    serveOps(this.#opsApp, context, pages);
    this.#context.outbound.use(this.#app);
    const { sweepMs, backpressureSweepMs } = options.config;
    this.#timers = [
      setInterval(() => this.#sweep(), sweepMs),
      setInterval(() => this.#sweepBuffers(), backpressureSweepMs),
    ];
  }

  get registry(): Registry {
    return this.#context.metrics.registry;
  }

  attach(realm: RealmPort, ends: SessionEnds): void {
    assert(this.#context.realm === null, 'a gateway serves one realm');
    this.#context.ends = ends;
    this.#context.realm = realm;
    ends.onEnded((player, issuedFrom) => closeEnded(this.#context, player, issuedFrom));
  }

  listen(host: string, port: number): Promise<{ port: number }> {
    return this.#listen(this.#app, host, port, PLAYERS_VARIABLES);
  }

  listenOps(host: string, port: number): Promise<{ port: number }> {
    return this.#listen(this.#opsApp, host, port, OPS_VARIABLES);
  }

  #listen(
    app: TemplatedApp,
    host: string,
    port: number,
    variables: typeof PLAYERS_VARIABLES,
  ): Promise<{ port: number }> {
    return new Promise((resolve, reject) => {
      app.listen(host, port, EXCLUSIVE_PORT, socket => {
        if (socket === false) {
          void whyNot(host, port, variables).then(reject);
          return;
        }
        this.#listening.push(socket);
        resolve({ port: this.#uws.us_socket_local_port(socket) });
      });
    });
  }

  drain(): void {
    this.#context.draining = true;
  }

  async close(close: CloseName): Promise<void> {
    this.#context.draining = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#context.metrics.stop();
    for (const socket of this.#listening) this.#uws.us_listen_socket_close(socket);
    this.#listening = [];
    // Closing calls back and changes the set, so a copy is walked.
    const sessions = [...this.#context.sessions];
    for (const session of sessions) session.end(close);
    if (sessions.length > 0) await new Promise(resolve => setTimeout(resolve, CLOSE_GRACE_MS));
    this.#app.close();
    this.#opsApp.close();
    this.#context.log.flush();
  }

  publish(channel: string, frame: Uint8Array): void {
    this.#context.outbound.publish(channel, frame);
  }

  hasSubscribers(channel: string): boolean {
    return this.#context.outbound.has(channel);
  }

  hasPrivateListeners(): boolean {
    return this.#context.feeds.size > 0;
  }

  listensPrivately(player: string): boolean {
    return this.#context.feeds.isLive(player);
  }

  publishPrivate(
    player: string,
    sequence: number,
    event: Parameters<FeedSink['publishPrivate']>[2],
  ): void {
    this.#context.feeds.publish(player, sequence, event);
  }

  listensToWindow(window: number): boolean {
    return this.#context.windows.has(window);
  }

  publishWindow(players: readonly [string, string], window: number, frame: Uint8Array): void {
    this.#context.windows.publish(players, window, frame);
  }

  endWindow(window: number): void {
    this.#context.windows.end(window);
  }

  restart(): void {
    const { outbound, windows, feeds, realm } = this.#context;
    if (realm === null) return;
    outbound.restart(realm);
    windows.restart(realm);
    feeds.restart(realm);
  }

  share(player: string, nodes: number): void {
    this.#context.players.share(player, nodes);
  }

  shareAll(shares: readonly (readonly [player: string, nodes: number])[]): void {
    this.#context.players.shareAll(shares);
  }

  closeOldest(name: string, kept: number): void {
    const sessions = this.#context.players.find(name)?.sessions ?? [];
    const surplus = Math.max(0, sessions.length - kept);
    const closing = sessions.filter(({ role }) => role !== 'service').slice(0, surplus);
    for (const session of closing) session.end('replaced');
  }

  #sweep(): void {
    const { config, sessions, feeds, players, outbound, windows, realm, door } = this.#context;
    const nowMs = performance.now();
    for (const session of [...sessions]) session.sweep(nowMs);
    feeds.sweep(nowMs);
    players.sweep(nowMs);
    door.sweep(nowMs);
    if (realm === null) return;
    outbound.sweepHeartbeats(realm, nowMs);
    windows.sweep(realm.epoch, nowMs, config.heartbeatIntervalMs);
  }

  #sweepBuffers(): void {
    const { realm, outbound, sessions, crowded, snapshots } = this.#context;
    if (realm === null) return;
    snapshots.sweep(performance.now(), (session, wish) => {
      try {
        wish();
      } catch (error) {
        contain(this.#context, error, session);
      }
    });
    for (const session of outbound.paused()) {
      // It asks the realm for snapshots, and what goes wrong there must not end this timer.
      try {
        outbound.drained(realm, session);
      } catch (error) {
        contain(this.#context, error, session);
      }
    }
    outbound.sweepBuffers(sessions);
    for (const session of [...crowded]) session.goOn();
  }
}

/** ListenOptions.LIBUS_LISTEN_EXCLUSIVE_PORT: else two servers could share a port unnoticed. */
const EXCLUSIVE_PORT = 1;

function createContext(options: GatewayOptions): GatewayContext {
  const { config, clock, verifier } = options;
  const log = new SampledLog(options.log);
  const players = new Players();
  const sessions = new Set<Session>();
  const door = new Door(config);
  const snapshots = new SnapshotBudget(config);
  const metrics = new GatewayMetrics({
    sockets: () => sessions.size,
    sessions: () => door.opened,
    unopened: () => door.unopened,
    addresses: () => door.addresses,
    waitingSnapshots: () => snapshots.waiting,
    players: () => players.size,
    bufferedBytes: () => count(sessions, session => session.bufferedBytes()),
  });
  return {
    config,
    clock,
    log,
    door,
    snapshots,
    verifier,
    metrics,
    players,
    sessions,
    feeds: new PrivateFeeds(config, log, players),
    outbound: new Outbound(config, metrics, snapshots),
    windows: new WindowFeeds(),
    crowded: new Set(),
    rates: ratesOf(config, ratePerMinute),
    answerRates: ratesOf(config, answerRate),
    floodRate: { intervalMs: 1000 / config.floodPerSecond, burst: config.floodBurst },
    realm: null,
    ends: null,
    draining: false,
    readsInFlight: 0,
    verifications: 0,
  };
}

function ratesOf(
  { limits }: GatewayConfig,
  rateOf: (limit: TierLimit) => Rate,
): GatewayContext['rates'] {
  const rate = (limit: TierLimit | null) => (limit === null ? null : rateOf(limit));
  const { guest, standard, premium, service } = limits;
  return {
    guest: rate(guest),
    standard: rate(standard),
    premium: rate(premium),
    service: rate(service),
  };
}

function count(sessions: ReadonlySet<Session>, of: (session: Session) => number): number {
  let total = 0;
  for (const session of sessions) total += of(session);
  return total;
}
