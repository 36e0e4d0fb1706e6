// windows.*: the live face-to-face trade of two players. What is put is held at once; the same
// revision must be accepted by both, and its manifest confirmed by both.

import { z } from 'zod';
import {
  lines,
  manifestView,
  receipt,
  sha256Hex,
  windowBrief,
  windowLogEntry,
  windowView,
} from '../direct.ts';
import { amountOrZero, pageLimit, playerId, recordId, rowsUpTo, timeMs } from '../fields.ts';
import {
  ACKNOWLEDGE_MAX,
  BLOCKED_PLAYERS_MAX,
  PAGE_ROWS_MAX,
  REPORT_LENGTH_MAX,
  REPORT_ROWS_MAX,
  TRADE_ROWS_MAX,
  WARNING_TOKEN_LENGTH_MAX,
} from '../limits.ts';
import { type TextRule, text } from '../text.ts';
import type { CommandSpec } from './spec.ts';

/** Support may read it in several lines. */
export const REPORT_REASON: TextRule = { max: REPORT_LENGTH_MAX, min: 1, lines: true };
const reportReason = text(REPORT_REASON);
const warningToken = text({ max: WARNING_TOKEN_LENGTH_MAX });

const justWindow = z.strictObject({ window: recordId });

export const windowCommands = {
  /** Asks a player to trade. PLAYER_UNAVAILABLE does not say why. */
  'windows.invite': {
    answeredBy: 'engine',
    payload: z.strictObject({ player: playerId }),
    result: windowBrief,
  },
  /** The invited player comes. An invitation of his own that is still open is cancelled by it. */
  'windows.join': { answeredBy: 'engine', payload: justWindow, result: windowBrief },
  'windows.decline': { answeredBy: 'engine', payload: justWindow, result: windowBrief },
  /** Sets one's own side to exactly this. Putting what is there already changes nothing. */
  'windows.put': {
    answeredBy: 'engine',
    payload: z.strictObject({ window: recordId, revision: amountOrZero, assets: lines }),
    result: windowBrief,
  },
  /** `hash` of what is on the table at `revision`, as the client shows it: see window-hash.ts. */
  'windows.accept': {
    answeredBy: 'engine',
    payload: z.strictObject({ window: recordId, revision: amountOrZero, hash: sha256Hex }),
    result: windowBrief,
  },
  'windows.unaccept': { answeredBy: 'engine', payload: justWindow, result: windowBrief },
  /** `acknowledge`: the tokens of the warnings that are addressed to the player. */
  'windows.confirm': {
    answeredBy: 'engine',
    payload: z.strictObject({
      window: recordId,
      manifest: sha256Hex,
      acknowledge: z.array(warningToken).max(ACKNOWLEDGE_MAX).optional(),
    }),
    /** `receipt` once both have confirmed: the swap is done. */
    result: z.strictObject({ ...windowBrief.shape, receipt: receipt.nullable() }),
  },
  'windows.unconfirm': { answeredBy: 'engine', payload: justWindow, result: windowBrief },
  /** From the review back to the open table; both must accept anew. */
  'windows.reopen': { answeredBy: 'engine', payload: justWindow, result: windowBrief },
  /** Either player, at any time before the swap: everything that is held returns. */
  'windows.cancel': { answeredBy: 'engine', payload: justWindow, result: windowBrief },
  /** No invitations and offers from this player any more; what is open between the two ends. */
  'windows.block': {
    answeredBy: 'engine',
    payload: z.strictObject({ player: playerId }),
    result: z.strictObject({ player: playerId, blocked: z.literal(true) }),
  },
  'windows.unblock': {
    answeredBy: 'engine',
    payload: z.strictObject({ player: playerId }),
    result: z.strictObject({ player: playerId, blocked: z.literal(false) }),
  },
  /** Whether anybody may invite the player at all. */
  'windows.privacy': {
    answeredBy: 'engine',
    payload: z.strictObject({ invitations: z.enum(['all', 'none']) }),
    result: z.strictObject({ invitations: z.enum(['all', 'none']) }),
  },
  /** The caller's own block list and privacy. */
  'windows.blocked': {
    answeredBy: 'read',
    payload: z.strictObject({}),
    result: z.strictObject({
      invitations: z.enum(['all', 'none']),
      blocked: z.array(playerId).max(BLOCKED_PLAYERS_MAX),
    }),
  },
  /**
   * A window of the caller (any, for the service role) with what happened in it, newest first, page
   * by page: `next` goes into `before`. Steps of one moment stay on one page. `manifests` are those
   * of the reviews that began on this page. A page may be short: it ends before it is too large.
   */
  'windows.get': {
    answeredBy: 'read',
    payload: z.strictObject({ window: recordId, before: recordId.optional(), limit: pageLimit }),
    result: z.strictObject({
      window: windowView,
      createdAtMs: timeMs,
      manifests: z.array(manifestView).max(PAGE_ROWS_MAX),
      log: z.array(windowLogEntry).max(PAGE_ROWS_MAX),
      next: recordId.nullable(),
    }),
  },
  /** The caller's windows, newest first. */
  'windows.mine': {
    answeredBy: 'read',
    payload: z.strictObject({ before: recordId.optional(), limit: rowsUpTo(TRADE_ROWS_MAX) }),
    result: z.strictObject({
      windows: z.array(windowView).max(TRADE_ROWS_MAX),
      next: recordId.nullable(),
    }),
  },
  /** Puts a window of the caller before the game's support. The first report of a player counts. */
  'windows.report': {
    answeredBy: 'read',
    payload: z.strictObject({
      window: recordId,
      reason: reportReason,
    }),
    result: z.strictObject({ window: recordId, reported: z.literal(true) }),
  },
  /** All reports, newest first, for the game's support. `before`: the `next` of the page before. */
  'windows.reports': {
    answeredBy: 'read',
    role: 'service',
    payload: z.strictObject({ before: recordId.optional(), limit: rowsUpTo(REPORT_ROWS_MAX) }),
    result: z.strictObject({
      reports: z
        .array(
          z.strictObject({
            report: recordId,
            window: recordId,
            player: playerId,
            atMs: timeMs,
            reason: text({ max: REPORT_LENGTH_MAX, lines: true }),
          }),
        )
        .max(REPORT_ROWS_MAX),
      next: recordId.nullable(),
    }),
  },
} as const satisfies Record<string, CommandSpec>;
