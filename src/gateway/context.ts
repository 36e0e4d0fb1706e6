// What the parts of one gateway share.

import type { Role } from '../../protocol/commands/session.ts';
import type { Clock } from '../base/clock.ts';
import type { SampledLog } from '../base/sampled-log.ts';
import type { TokenVerifier } from './auth.ts';
import type { GatewayConfig } from './config.ts';
import type { Door } from './door.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Outbound } from './outbound.ts';
import type { Players } from './players.ts';
import type { RealmPort } from './port.ts';
import type { PrivateFeeds } from './private-feeds.ts';
import type { Rate } from './rate-limit.ts';
import type { Session } from './session.ts';
import type { SessionEnds } from './session-ends.ts';
import type { SnapshotBudget } from './snapshot-budget.ts';
import type { WindowFeeds } from './window-feeds.ts';

export interface GatewayContext {
  readonly config: GatewayConfig;
  /** What tokens are held against. */
  readonly clock: Clock;
  /** Of whatever a player can cause. */
  readonly log: SampledLog;
  readonly door: Door;
  readonly snapshots: SnapshotBudget;
  readonly verifier: TokenVerifier;
  readonly metrics: GatewayMetrics;
  readonly players: Players;
  readonly feeds: PrivateFeeds;
  readonly outbound: Outbound;
  readonly windows: WindowFeeds;
  /** Every open socket, oldest first. */
  readonly sessions: Set<Session>;
  /** Those with something to send that waits for room. */
  readonly crowded: Set<Session>;
  /** Of the players, by role; null: unlimited. */
  readonly rates: Readonly<Record<Role, Rate | null>>;
  /** Of what is answered to them. */
  readonly answerRates: Readonly<Record<Role, Rate | null>>;
  /** Of all frames of one socket. */
  readonly floodRate: Rate;
  /** Null until a realm is attached. */
  realm: RealmPort | null;
  /** Likewise. */
  ends: SessionEnds | null;
  /** No command is taken any more. */
  draining: boolean;
  readsInFlight: number;
  verifications: number;
}
