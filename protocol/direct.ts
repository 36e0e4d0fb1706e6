// What direct trades (windows and offers) show: the lines of a side, a window, its manifest with
// warnings, the log of its changes, an offer. Commands are in commands/windows.ts and offers.ts.

import { z } from 'zod';
import { amount, amountOrZero, assetId, locationId, playerId, recordId, timeMs } from './fields.ts';
import {
  AMOUNT_DIGITS_MAX,
  AMOUNT_WORDS_MAX,
  CHANGES_PER_SIDE_MAX,
  LINES_PER_SIDE_MAX,
  OFFER_MESSAGE_LENGTH_MAX,
  WARNING_TOKEN_LENGTH_MAX,
  WARNINGS_MAX,
} from './limits.ts';
import { type TextRule, text } from './text.ts';

/** So much of an asset. An instance is one. Money lies at the default location alone. */
export const line = z.strictObject({
  asset: assetId,
  quantity: amount,
  location: locationId.optional(),
});
export type AskedLine = z.infer<typeof line>;

const placeOf = ({ asset, location = 'main' }: AskedLine): string => `${asset}@${location}`;

/** One side: each asset once per location. May be empty. */
export const lines = z
  .array(line)
  .max(LINES_PER_SIDE_MAX)
  .refine(side => new Set(side.map(placeOf)).size === side.length, {
    message: 'an asset stands once on a side',
  });

/** Whether some asset stands on both sides, wherever it lies. */
export function sharesAsset(a: readonly AskedLine[], b: readonly AskedLine[]): boolean {
  const names = new Set(a.map(({ asset }) => asset));
  return b.some(({ asset }) => names.has(asset));
}

export const lineView = z.strictObject({ asset: assetId, location: locationId, quantity: amount });
export type LineView = z.infer<typeof lineView>;

export const WINDOW_STATUSES = ['invited', 'open', 'review', 'done', 'cancelled'] as const;
export const windowStatus = z.enum(WINDOW_STATUSES);
export type WindowStatus = z.infer<typeof windowStatus>;

/** Why a window was cancelled. `expired`: nobody answered the invitation. */
export const WINDOW_ENDS = [
  'declined',
  'cancelled',
  'expired',
  'timeout',
  'disconnected',
  'blocked',
] as const;
export const windowEnd = z.enum(WINDOW_ENDS);
export type WindowEnd = z.infer<typeof windowEnd>;

/** What happens to a window. `reviewed`: the second acceptance, which opens the review. */
export const WINDOW_EVENTS = [
  'invited',
  'joined',
  'put',
  'accepted',
  'unaccepted',
  'reviewed',
  'confirmed',
  'unconfirmed',
  'reopened',
  'left',
  'returned',
  'done',
  'cancelled',
] as const;
export const windowEventKind = z.enum(WINDOW_EVENTS);
export type WindowEventKind = z.infer<typeof windowEventKind>;

/** SHA-256 in lower-case hexadecimal digits. */
export const sha256Hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'expected 64 hexadecimal digits in lower case' });

export const windowSide = z.strictObject({
  player: playerId,
  /** What this player gives, by asset and location. */
  assets: z.array(lineView).max(LINES_PER_SIDE_MAX),
  accepted: z.boolean(),
  confirmed: z.boolean(),
  /** False: the player's last socket is gone, and the window waits a moment for him. */
  present: z.boolean(),
});
export type WindowSideView = z.infer<typeof windowSide>;

/** A window as both players see it. The one who invited comes first. */
export const windowView = z.strictObject({
  window: recordId,
  status: windowStatus,
  /** Set when cancelled. */
  reason: windowEnd.nullable(),
  /** Rises with every change of what is on the table, and with every return to `open`. */
  revision: amountOrZero,
  sides: z.tuple([windowSide, windowSide]),
  /** Before it, accepting (open) or confirming (review) is refused with NOT_ARMED. */
  armedAtMs: timeMs,
  /** When the window is cancelled unless something happens. */
  expiresAtMs: timeMs,
  /** The manifest under review, or the one that was executed. */
  manifest: sha256Hex.nullable(),
});
export type WindowView = z.infer<typeof windowView>;

/** What the commands answer; the whole window is on its channel. */
export const windowBrief = z.strictObject({
  window: recordId,
  status: windowStatus,
  revision: amountOrZero,
  armedAtMs: timeMs,
  expiresAtMs: timeMs,
  manifest: sha256Hex.nullable(),
});
export type WindowBrief = z.infer<typeof windowBrief>;

/** `swapped`: one asset left the side and another, `by`, came in the same change. */
export const CHANGE_KINDS = ['added', 'increased', 'decreased', 'removed', 'swapped'] as const;
export const lineChange = z.strictObject({
  /** Whose side it is. */
  player: playerId,
  change: z.enum(CHANGE_KINDS),
  asset: assetId,
  location: locationId,
  /** Quantities before and after; of `by` after a swap. */
  from: amountOrZero,
  to: amountOrZero,
  by: z.strictObject({ asset: assetId, location: locationId }).optional(),
});
export type LineChange = z.infer<typeof lineChange>;

/** How far a reference price can be trusted: no trades, some, enough, many. */
export const CONFIDENCES = ['none', 'low', 'medium', 'high'] as const;
export const confidence = z.enum(CONFIDENCES);
export type Confidence = z.infer<typeof confidence>;

export const WARNING_LEVELS = ['notice', 'caution', 'danger'] as const;
export type WarningLevel = (typeof WARNING_LEVELS)[number];
export const WARNING_CODES = [
  'ONE_SIDE_EMPTY',
  'VALUE_RATIO',
  'THIN_PRICE',
  'CHANGED_AFTER_ACCEPT',
] as const;
export type WarningCode = (typeof WARNING_CODES)[number];

const warningDetails = z
  .strictObject({
    gives: amountOrZero,
    gets: amountOrZero,
    ratioBps: amountOrZero,
    asset: assetId,
    changes: amountOrZero,
  })
  .partial();

export const warning = z.strictObject({
  code: z.enum(WARNING_CODES),
  level: z.enum(WARNING_LEVELS),
  /** Whom it warns. */
  player: playerId,
  /** What this player sends in `acknowledge`; null when it need not be acknowledged. */
  token: z.string().max(WARNING_TOKEN_LENGTH_MAX).nullable(),
  /** VALUE_RATIO: {gives, gets, ratioBps}. THIN_PRICE: {asset}. CHANGED_AFTER_ACCEPT: {changes}. */
  details: warningDetails,
});
export type Warning = z.infer<typeof warning>;

/** `value` in coins: the median of recent trades times the quantity; null when unknown. */
const valued = {
  ...lineView.shape,
  unitPrice: amount.nullable(),
  confidence,
  value: amountOrZero.nullable(),
  /** Kept back for the house from what the other player receives. */
  fee: amountOrZero,
};
export const manifestLine = z.strictObject({
  ...valued,
  /** The quantity with separators, and in words: `1,200`, `one thousand two hundred`. */
  digits: z.string().max(AMOUNT_DIGITS_MAX),
  words: z.string().max(AMOUNT_WORDS_MAX),
});
export type ManifestLine = z.infer<typeof manifestLine>;

/** `value`: the sum of what is known. `confidence`: the lowest of its lines. */
export const manifestSide = z.strictObject({
  player: playerId,
  assets: z.array(manifestLine).max(LINES_PER_SIDE_MAX),
  value: amountOrZero,
  confidence,
});

/** A line as the engine values it: what people read (digits, words) is added where it is shown. */
export type ValuedLine = Omit<ManifestLine, 'digits' | 'words'>;

/** What both players confirm: fixed when the review opens, and executed as it stands. */
export const manifestView = z.strictObject({
  manifest: sha256Hex,
  window: recordId,
  revision: amountOrZero,
  atMs: timeMs,
  sides: z.tuple([manifestSide, manifestSide]),
  /** Against what was on the table when somebody first accepted. */
  changes: z.array(lineChange).max(2 * CHANGES_PER_SIDE_MAX),
  warnings: z.array(warning).max(WARNINGS_MAX),
});
export type ManifestView = z.infer<typeof manifestView>;

export type ValuedSide = Omit<z.infer<typeof manifestSide>, 'assets'> & {
  assets: readonly ValuedLine[];
};

/** A manifest as the engine makes and keeps it. */
export type Manifest = Omit<ManifestView, 'sides'> & { sides: readonly [ValuedSide, ValuedSide] };

/** One for both. */
export const receipt = z.strictObject({
  window: recordId,
  manifest: sha256Hex,
  atMs: timeMs,
});
export type Receipt = z.infer<typeof receipt>;

/** One line of the log of a window. `player` null: the time was up. */
export const windowLogEntry = z.strictObject({
  atMs: timeMs,
  event: windowEventKind,
  player: playerId.nullable(),
  revision: amountOrZero,
  changes: z.array(lineChange).max(CHANGES_PER_SIDE_MAX),
});
export type WindowLogEntry = z.infer<typeof windowLogEntry>;

/** In the private feed: a window begins, opens or ends. Its own channel has the rest. */
export const windowNotice = z.strictObject({
  window: recordId,
  status: windowStatus,
  reason: windowEnd.nullable(),
  /** The other player. */
  player: playerId,
  /** Whether the receiver of this notice was invited, rather than inviting. */
  invited: z.boolean(),
  expiresAtMs: timeMs,
});
export type WindowNotice = z.infer<typeof windowNotice>;

export const OFFER_STATUSES = [
  'open',
  'accepted',
  'declined',
  'countered',
  'cancelled',
  'expired',
  'invalid',
] as const;
export const offerStatus = z.enum(OFFER_STATUSES);
export type OfferStatus = z.infer<typeof offerStatus>;

export const OFFER_MESSAGE: TextRule = { max: OFFER_MESSAGE_LENGTH_MAX };
export const offerMessage = text(OFFER_MESSAGE);

export const offerView = z.strictObject({
  offer: recordId,
  from: playerId,
  to: playerId,
  /** What `from` gives, held while the offer is open; and what he wants of `to`. */
  give: z.array(lineView).max(LINES_PER_SIDE_MAX),
  want: z.array(lineView).max(LINES_PER_SIDE_MAX),
  message: offerMessage.nullable(),
  status: offerStatus,
  createdAtMs: timeMs,
  expiresAtMs: timeMs,
  /** The offer that this one answered with a counter. */
  counterOf: recordId.nullable(),
});
export type OfferView = z.infer<typeof offerView>;
