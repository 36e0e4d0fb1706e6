// The session.* commands: who is on a socket, and what it listens to. Their budget is the flood
// guard of the socket. Snapshots of public channels and coming back are paid for as
// snapshot-budget.ts says, what is private is paid for as an answer.

import { ME, parseChannel } from '../../protocol/channels.ts';
import { encodeReply, type Request, type RequestOf } from '../../protocol/codec.ts';
import type { Result, SessionCommand } from '../../protocol/commands/registry.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import type { GatewayContext } from './context.ts';
import { contain } from './faults.ts';
import { OUTCOME_NUMBER } from './metrics.ts';
import type { Player } from './players.ts';
import type { RealmPort } from './port.ts';
import {
  answersLimited,
  invalidRequest,
  limitReached,
  type Route,
  rateLimited,
  TOKEN_NOT_ACCEPTED,
  tooManyInFlight,
  UNAUTHORIZED,
  UNAVAILABLE,
  WINDOW_NOT_FOUND,
} from './refusals.ts';
import type { Session } from './session.ts';
import { OPEN_BYTES } from './snapshot-budget.ts';
import type { Identity } from './token.ts';

const WINDOW_PREFIX = 'window:';

type Open = RequestOf<'session.open'>;
type ChannelCommand = RequestOf<'session.subscribe' | 'session.unsubscribe' | 'session.resync'>;

export function answerSession(session: Session, request: Request, route: Route): void {
  const { player, context } = session;
  if (request.command === 'session.open') {
    open(session, request as Open, route);
  } else if (player === null) {
    session.refuse(request.id, route, UNAUTHORIZED);
  } else if (context.realm === null) {
    session.refuse(request.id, route, UNAVAILABLE);
  } else if (request.command === 'session.ping') {
    session.reply(request.id, route, 'ok', { serverTimeMs: context.realm.nowMs() });
  } else {
    const command = request as ChannelCommand;
    const isAnswered = command.command !== 'session.unsubscribe';
    const waitMs = isAnswered ? session.answersWaitMs(performance.now()) : 0;
    if (waitMs > 0) session.refuse(request.id, route, answersLimited(waitMs));
    else answerChannels(session, player, context.realm, command, route);
  }
}

// ---- session.open

function open(session: Session, request: Open, route: Route): void {
  const { context } = session;
  const token = request.payload.token ?? session.upgradeToken;
  const waitMs = context.door.waitMs(session.visitor, performance.now());
  if (session.verifying) {
    session.refuse(request.id, route, tooManyInFlight(1));
  } else if (waitMs > 0) {
    session.refuse(request.id, route, rateLimited(waitMs, 'sessions'));
  } else if (context.realm === null || context.draining) {
    session.refuse(request.id, route, UNAVAILABLE);
  } else if (token === null) {
    admit(session, request, route, null);
  } else if (context.verifications >= context.config.verificationsMax) {
    session.refuse(request.id, route, UNAVAILABLE);
  } else {
    session.verifying = true;
    context.verifications += 1;
    void identify(session, request, token).then(({ identity, isCaughtUp }) => {
      session.verifying = false;
      if (!session.alive) return;
      try {
        admit(session, request, route, identity, isCaughtUp);
      } catch (error) {
        contain(context, error, session);
      }
    });
  }
}

interface Identified {
  readonly identity: Identity | null;
  /** Whether what was missed is all there: a feed must not be resumed in the past. */
  readonly isCaughtUp: boolean;
}

async function identify(session: Session, request: Open, token: string): Promise<Identified> {
  const { context } = session;
  const identity = await context.verifier.verify(token);
  context.verifications -= 1;
  const resumes = identity !== null && request.payload.resume !== undefined;
  const isCaughtUp = resumes && (await context.realm?.caughtUp(identity.player)) === true;
  return { identity, isCaughtUp };
}

/** Lets a verified player in, or renews his token. A first token that fails closes the socket. */
function admit(
  session: Session,
  request: Open,
  route: Route,
  identity: Identity | null,
  isCaughtUp = false,
): void {
  const { context } = session;
  const { clock, verifier, door } = context;
  const leftMs = (identity?.expiresAtMs ?? 0) + verifier.toleranceMs - clock.nowMs();
  if (identity === null || leftMs <= 0 || isEnded(context, identity)) {
    door.failed(session.visitor, performance.now());
    session.refuse(request.id, route, TOKEN_NOT_ACCEPTED);
    if (session.player === null) session.end('unauthorized');
    return;
  }
  if (session.player !== null && session.player.name !== identity.player) {
    session.end('otherPlayer');
    return;
  }
  if (!mayEnter(session, request, route, identity)) return;
  session.upgradeToken = null;
  session.role = identity.role;
  session.issuedAt = identity.issuedAt;
  session.deadlineMs = performance.now() + leftMs;
  session.player ??= enter(session, identity.player);
  const missed = isCaughtUp ? resume(session, session.player, request) : null;
  context.metrics.count(route.index, OUTCOME_NUMBER.ok);
  const reply = encodeReply(request.id, 'ok', opened(session, identity, missed !== null));
  session.wantsBudget = request.payload.budget ?? session.wantsBudget;
  session.together(() => {
    session.sendReply(reply);
    for (const frame of missed ?? []) session.sendPrivate(frame);
  });
}

/** The game has ended the sessions of this player since the token was issued. */
function isEnded({ ends }: GatewayContext, { player, issuedAt }: Identity): boolean {
  return issuedAt < (ends?.issuedFrom(player) ?? 0);
}

/** Whether its player can pay and there is room; refused if not and, without room, closed. */
function mayEnter(session: Session, request: Open, route: Route, identity: Identity): boolean {
  const { players, snapshots, door } = session.context;
  const isNew = session.player === null;
  if (!isNew && request.payload.resume === undefined) return true;
  const known = players.find(identity.player);
  // What its role is, is in the token.
  if (known !== undefined && identity.role !== 'service') {
    const waitMs = snapshots.waitMs(session, known, performance.now());
    if (waitMs > 0) {
      session.refuse(request.id, route, rateLimited(waitMs, 'sessions'));
      return false;
    }
  }
  if (!isNew || door.admit(session.visitor)) return true;
  session.refuse(request.id, route, UNAVAILABLE);
  session.end('full');
  return false;
}

function enter(session: Session, name: string): Player {
  const { players, config, realm, snapshots } = session.context;
  const player = players.enter(name, session);
  // Whatever goes wrong from here on, it counts as opened.
  session.player = player;
  snapshots.charge(session, player, OPEN_BYTES, performance.now());
  realm?.presence(name, player.sessions.length);
  if (session.role === 'service') return player;
  while (player.sessions.length > config.socketsPerPlayerMax) {
    const oldest = player.sessions[0] as Session;
    oldest.end('replaced');
    // One that is being closed for another reason leaves the list in a moment.
    if (player.sessions[0] === oldest) break;
  }
  return player;
}

function resume(session: Session, player: Player, request: Open): readonly Uint8Array[] | null {
  const from = request.payload.resume;
  if (from === undefined || session.followsMe) return null;
  const { feeds, snapshots } = session.context;
  const missed = feeds.resume(player, session, from);
  session.followsMe = missed !== null;
  const bytes = (missed ?? []).reduce((sum, frame) => sum + frame.length, 0);
  snapshots.charge(session, player, bytes, performance.now());
  return missed;
}

function opened(session: Session, identity: Identity, resumed: boolean): Result<'session.open'> {
  const { player, role, expiresAtMs } = identity;
  const { realm, clock } = session.context as GatewayContext & { readonly realm: RealmPort };
  // Whatever is told is of one clock, so that what is left of the token is right too.
  const serverTimeMs = realm.nowMs();
  return {
    player,
    role,
    protocol: PROTOCOL_VERSION,
    realm: realm.realm,
    epoch: realm.epoch,
    serverTimeMs,
    expiresAtMs: serverTimeMs + expiresAtMs - clock.nowMs(),
    budget: session.budget(),
    resumed,
  };
}

// ---- session.subscribe, unsubscribe, resync

function answerChannels(
  session: Session,
  player: Player,
  realm: RealmPort,
  request: ChannelCommand,
  route: Route,
): void {
  const asked = request.payload.channels;
  const wrong = asked.findIndex(name => parseChannel(name) === null);
  if (wrong >= 0) {
    const body = invalidRequest(`payload.channels.${wrong}`, 'no such channel');
    session.refuse(request.id, route, body);
    return;
  }
  const names = [...new Set(asked)];
  const answer = answers[request.command];
  answer({ session, player, realm, request, route, names });
}

interface Asked {
  readonly session: Session;
  readonly player: Player;
  readonly realm: RealmPort;
  readonly request: ChannelCommand;
  readonly route: Route;
  /** Valid, each once. */
  readonly names: readonly string[];
}

const answers: Record<
  Exclude<SessionCommand, 'session.open' | 'session.ping' | 'sessions.end'>,
  (asked: Asked) => void
> = {
  'session.subscribe': subscribe,
  'session.unsubscribe': unsubscribe,
  'session.resync': resync,
};

/** The answer names all that were asked for; snapshots follow for those that are new. */
function subscribe({ session, player, realm, request, route, names }: Asked): void {
  const { outbound, windows, feeds, config } = session.context;
  const fresh = names.filter(name => name !== ME && !hasChannel(session, name));
  const max = config.subscriptionsPerSocketMax;
  const had = (session.channels?.length ?? 0) + (session.windows?.length ?? 0);
  if (had + fresh.length > max) {
    session.refuse(request.id, route, limitReached('subscriptionsPerSocket', max));
    return;
  }
  showWindows({ session, player, realm, request, route, names: fresh }, shown => {
    session.together(() => {
      session.reply(request.id, route, 'ok', { channels: names });
      for (const name of fresh) {
        if (!session.alive) return;
        const window = shown.get(name);
        if (window !== undefined) windows.subscribe(session, window.id, window.snapshot);
        else if (!hasChannel(session, name)) outbound.subscribe(realm, session, name);
      }
    });
    if (!session.alive || session.followsMe || !names.includes(ME)) return;
    session.followsMe = true;
    feeds.join(realm, player, session);
  });
}

/** The answer names those that the socket had. */
function unsubscribe({ session, player, request, route, names }: Asked): void {
  const { outbound, windows, feeds } = session.context;
  const left = names.filter(name => {
    const window = windowOf(name);
    if (window !== null) return windows.unsubscribe(session, window);
    if (name !== ME) return outbound.unsubscribe(session, name);
    if (!session.followsMe) return false;
    session.followsMe = false;
    feeds.leave(player, session);
    return true;
  });
  session.reply(request.id, route, 'ok', { channels: left });
}

/** The answer names those that the socket has; each sends a fresh snapshot. */
function resync({ session, player, realm, request, route, names }: Asked): void {
  const { outbound, windows, feeds } = session.context;
  const had = names.filter(name => (name === ME ? session.followsMe : hasChannel(session, name)));
  showWindows({ session, player, realm, request, route, names: had }, shown => {
    session.together(() => {
      session.reply(request.id, route, 'ok', { channels: had });
      for (const name of had) {
        const window = shown.get(name);
        if (window !== undefined) windows.resync(session, window.id, window.snapshot);
        else if (name !== ME) outbound.resync(realm, session, name);
      }
    });
    if (session.alive && had.includes(ME)) feeds.join(realm, player, session);
  });
}

interface ShownWindow {
  readonly id: number;
  readonly snapshot: Uint8Array;
}

/**
 * Goes on with the windows among the names as they are committed; refuses those of others. In an
 * outage that may take long, so a socket waits for no more of them than it may have.
 */
function showWindows(
  { session, player, realm, request, route, names }: Asked,
  goOn: (shown: ReadonlyMap<string, ShownWindow>) => void,
): void {
  const shown = new Map<string, ShownWindow>();
  const asked = names.filter(name => windowOf(name) !== null);
  if (asked.length === 0) {
    goOn(shown);
    return;
  }
  const max = session.context.config.subscriptionsPerSocketMax;
  if (session.awaitedWindows + asked.length > max) {
    session.refuse(request.id, route, limitReached('subscriptionsPerSocket', max));
    return;
  }
  session.awaitedWindows += asked.length;
  const asker = { on: request, isWaiting: () => session.alive };
  const ids = asked.map(name => windowOf(name) as number);
  // All of one moment, and shown at once: what happens to one of them later comes behind it.
  const heard = (snapshots: readonly (Uint8Array | null)[]) => {
    session.awaitedWindows -= asked.length;
    asked.forEach((name, index) => {
      const snapshot = snapshots[index] ?? null;
      if (snapshot !== null) shown.set(name, { id: ids[index] as number, snapshot });
    });
    if (!session.alive) return;
    if (shown.size === asked.length) goOn(shown);
    else session.refuse(request.id, route, WINDOW_NOT_FOUND);
  };
  realm.windowSnapshots(player.name, ids, heard, asker);
}

function hasChannel(session: Session, name: string): boolean {
  const window = windowOf(name);
  if (window !== null) return session.windows?.includes(window) ?? false;
  return session.channels?.some(channel => channel.name === name) ?? false;
}

/** The number of the window whose channel it is, or null. `name` is a channel. */
function windowOf(name: string): number | null {
  return name.startsWith(WINDOW_PREFIX) ? Number(name.slice(WINDOW_PREFIX.length)) : null;
}
