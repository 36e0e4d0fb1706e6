// Why a command did not succeed: every code, about in the order in which the checks are made: of
// two reasons the one higher in this list is mostly reported (src/engine/RULES.md has the exact
// order). `outcome` says what became of the command: 'rejected' was decided and is final under its
// key; 'invalid' and 'unavailable' did nothing this time and leave the key as it was; 'unknown' may
// have executed, and the same key finds out.

export const OUTCOMES = ['ok', 'rejected', 'invalid', 'unavailable', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface RejectSpec {
  readonly outcome: Exclude<Outcome, 'ok'>;
  /** What an HTTP gateway answers for it. */
  readonly httpStatus: number;
  /** May the very same command succeed later, when the world or the key has changed? */
  readonly mayLaterSucceed: boolean;
  /** Meaning, and the shape of `details` when there are any. */
  readonly meaning: string;
}

export const REJECTS = {
  MALFORMED_FRAME: {
    outcome: 'invalid',
    httpStatus: 400,
    mayLaterSucceed: false,
    meaning: 'The frame is not one MessagePack array of the request shape.',
  },
  UNKNOWN_COMMAND: {
    outcome: 'invalid',
    httpStatus: 404,
    mayLaterSucceed: false,
    meaning: 'No command has this name, or not yet on the node that leads.',
  },
  UNAUTHORIZED: {
    outcome: 'invalid',
    httpStatus: 401,
    mayLaterSucceed: true,
    meaning: 'No valid token was presented on this socket, or it expired.',
  },
  FORBIDDEN: {
    outcome: 'invalid',
    httpStatus: 403,
    mayLaterSucceed: false,
    meaning: 'The role of the token does not allow this command.',
  },
  INVALID_REQUEST: {
    outcome: 'invalid',
    httpStatus: 400,
    mayLaterSucceed: false,
    meaning: 'A field is missing, unknown or out of its range. details: {path}.',
  },
  RATE_LIMIT_EXCEEDED: {
    outcome: 'unavailable',
    httpStatus: 429,
    mayLaterSucceed: true,
    meaning: 'The budget of the player is used up. retryAfterMs says when to try again.',
  },
  TOO_MANY_IN_FLIGHT: {
    outcome: 'unavailable',
    httpStatus: 429,
    mayLaterSucceed: true,
    meaning: 'Too many commands of the player await their answers. details: {limit}.',
  },
  SERVICE_UNAVAILABLE: {
    outcome: 'unavailable',
    httpStatus: 503,
    mayLaterSucceed: true,
    meaning: 'Overloaded, draining, or the database is away: nothing was executed.',
  },
  OUTCOME_UNKNOWN: {
    outcome: 'unknown',
    httpStatus: 504,
    mayLaterSucceed: true,
    meaning: 'Sequenced, but the answer is late. The same key finds the result.',
  },
  KEY_REUSED: {
    outcome: 'invalid',
    httpStatus: 422,
    mayLaterSucceed: false,
    meaning: 'The key was used for a command with another body.',
  },
  KEY_EXPIRED: {
    outcome: 'invalid',
    httpStatus: 410,
    mayLaterSucceed: false,
    meaning: 'The key is too old: its answer is forgotten. details: {serverTimeMs}.',
  },
  KEY_AHEAD: {
    outcome: 'invalid',
    httpStatus: 425,
    mayLaterSucceed: true,
    meaning: 'The time in the key is too far ahead of the server. details: {serverTimeMs}.',
  },
  WINDOW_NOT_FOUND: {
    outcome: 'rejected',
    httpStatus: 404,
    mayLaterSucceed: false,
    meaning: 'The player has no live window of this id.',
  },
  WINDOW_STATUS: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: true,
    meaning: 'The window is not in the status that the command needs. details: {status}.',
  },
  ALREADY_TRADING: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: true,
    meaning: 'The player has a window already. details: {window}.',
  },
  PLAYER_UNAVAILABLE: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: true,
    meaning: 'The player cannot be traded with now. Why is not said.',
  },
  PLAYER_NOT_FOUND: {
    outcome: 'rejected',
    httpStatus: 404,
    mayLaterSucceed: true,
    meaning: 'The realm does not know this player yet. details: {player}.',
  },
  OFFER_NOT_FOUND: {
    outcome: 'rejected',
    httpStatus: 404,
    mayLaterSucceed: false,
    meaning: 'No open offer of this id is for the player to answer or to cancel.',
  },
  STALE_REVISION: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: false,
    meaning: 'The table has changed. details: {window}, the window as it is.',
  },
  HASH_MISMATCH: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: false,
    meaning: 'What the client shows is not what is on the table. details: {window}.',
  },
  STALE_MANIFEST: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: false,
    meaning: 'Another manifest is under review. details: {manifest}.',
  },
  NOT_ARMED: {
    outcome: 'rejected',
    httpStatus: 425,
    mayLaterSucceed: true,
    meaning: 'Too soon after a change to accept, or to confirm. details: {armedAtMs}.',
  },
  NOTHING_ON_TABLE: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: true,
    meaning: 'Both sides are empty: there is nothing to accept.',
  },
  NOT_ACKNOWLEDGED: {
    outcome: 'rejected',
    httpStatus: 428,
    mayLaterSucceed: false,
    meaning: 'A warning to the player must be acknowledged. details: {code, token}.',
  },
  ITEM_NOT_FOUND: {
    outcome: 'rejected',
    httpStatus: 404,
    mayLaterSucceed: true,
    meaning: 'No such item, currency or instance is defined. details: {item}.',
  },
  DEFINITION_CONFLICT: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: false,
    meaning: 'The kind or currency of an item cannot change; an instance exists only once.',
  },
  NOT_FUNGIBLE: {
    outcome: 'rejected',
    httpStatus: 422,
    mayLaterSucceed: false,
    meaning: 'Unique items are traded one instance at a time, and never in the book.',
  },
  NOT_TRADABLE: {
    outcome: 'rejected',
    httpStatus: 422,
    mayLaterSucceed: false,
    meaning: 'A currency is what is paid with; it has no market of its own.',
  },
  PLACE_NOT_FOUND: {
    outcome: 'rejected',
    httpStatus: 404,
    mayLaterSucceed: true,
    meaning: 'No such place is defined. details: {place}.',
  },
  MARKET_HALTED: {
    outcome: 'rejected',
    httpStatus: 423,
    mayLaterSucceed: true,
    meaning: 'The item, offer or window is halted: it can be cancelled, nothing else.',
  },
  LISTING_NOT_FOUND: {
    outcome: 'rejected',
    httpStatus: 404,
    mayLaterSucceed: false,
    meaning: 'No open listing of the player has this id.',
  },
  BID_NOT_FOUND: {
    outcome: 'rejected',
    httpStatus: 404,
    mayLaterSucceed: false,
    meaning: 'No open bid of the player has this id.',
  },
  LISTING_UNAVAILABLE: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: false,
    meaning: 'Sold, cancelled, expired, or fewer left than asked. details: {remaining}.',
  },
  BID_UNAVAILABLE: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: false,
    meaning: 'Filled, cancelled, expired, or fewer wanted than offered. details: {remaining}.',
  },
  EXPIRY_IN_PAST: {
    outcome: 'rejected',
    httpStatus: 422,
    mayLaterSucceed: false,
    meaning: 'expiresAtMs is not after the time of the engine. details: {nowMs}.',
  },
  BAD_TICK: {
    outcome: 'rejected',
    httpStatus: 422,
    mayLaterSucceed: true,
    meaning: 'The price is no multiple of the tick size. details: {tickSize}.',
  },
  BAD_LOT: {
    outcome: 'rejected',
    httpStatus: 422,
    mayLaterSucceed: true,
    meaning: 'The quantity is no multiple of the lot size. details: {lotSize}.',
  },
  PRICE_OUT_OF_RANGE: {
    outcome: 'rejected',
    httpStatus: 422,
    mayLaterSucceed: true,
    meaning: 'Below the minimum or above the maximum price. details: {minPrice, maxPrice}.',
  },
  BELOW_FILLED: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: false,
    meaning: 'The new quantity does not exceed what was filled already. details: {filled}.',
  },
  AMOUNT_OVERFLOW: {
    outcome: 'rejected',
    httpStatus: 422,
    mayLaterSucceed: false,
    meaning: 'An amount would pass 2^53 - 1.',
  },
  LIMIT_REACHED: {
    outcome: 'rejected',
    httpStatus: 429,
    mayLaterSucceed: true,
    meaning: 'A bound of the realm is reached. details: {limit, max}.',
  },
  SELF_TRADE: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: true,
    meaning: 'It would trade with the same player: with his own order, or directly.',
  },
  WOULD_CROSS: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: true,
    meaning: 'A post-only order would trade at once. details: {price} of the opposite best.',
  },
  NOTHING_TO_FILL: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: true,
    meaning: 'The book cannot fill it within its bounds. details: {fillable}.',
  },
  INSUFFICIENT_FUNDS: {
    outcome: 'rejected',
    httpStatus: 402,
    mayLaterSucceed: true,
    meaning: 'Too little money is available. details: {required, available}.',
  },
  INSUFFICIENT_INVENTORY: {
    outcome: 'rejected',
    httpStatus: 409,
    mayLaterSucceed: true,
    meaning: 'Too few goods are available. details: {required, available}.',
  },
} as const satisfies Record<string, RejectSpec>;

export type RejectCode = keyof typeof REJECTS;

/** What a reply carries for every outcome but `ok`. */
export interface RejectBody {
  readonly code: RejectCode;
  /** For people and logs; may change at any time. Programs look at `code` and `details`. */
  readonly message: string;
  readonly details?: Readonly<Record<string, number | string | object>>;
  readonly retryAfterMs?: number;
}
