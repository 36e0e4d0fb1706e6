// Every bound of the wire, with what happens at it. Bounds that an operator may change are in
// src/config.ts; these are part of the protocol, and a client may rely on them.

/** Largest command frame. Beyond it: the socket is closed with `frameTooLarge`. */
export const FRAME_BYTES_MAX = 16 * 1024;

/** Hard bound of the transport. Beyond it the connection is dropped, with no close frame (1006). */
export const TRANSPORT_BYTES_MAX = 4 * FRAME_BYTES_MAX;

/** Nesting of a command frame, the frame's own array included. Beyond it: MALFORMED_FRAME. */
export const FRAME_DEPTH_MAX = 8;

/** Nesting of what the server sends: a first answer that `keys.get` repeats is the deepest. */
export const SERVER_FRAME_DEPTH_MAX = 12;

/** Values in one command frame (containers, keys and scalars). Beyond it: MALFORMED_FRAME. */
export const FRAME_VALUES_MAX = 2_000;

/** Keys of one map in a frame. Beyond it: MALFORMED_FRAME. */
export const FRAME_MAP_KEYS_MAX = 64;

/** Malformed frames in ten seconds on one socket. Beyond it: closed with `malformedFrames`. */
export const MALFORMED_FRAMES_MAX = 10;

/** Largest amount, price or quantity: 2^53 - 1. Beyond it: INVALID_REQUEST or AMOUNT_OVERFLOW. */
export const AMOUNT_MAX = Number.MAX_SAFE_INTEGER;

/** Largest request id: an unsigned 32-bit integer. Beyond it: MALFORMED_FRAME. */
export const REQUEST_ID_MAX = 0xffff_ffff;

/** How far the time in a key may be ahead of the server. Beyond it: KEY_AHEAD. */
export const KEY_AHEAD_MAX_MS = 5 * 60 * 1000;

/** Bytes of a rejection that its key remembers. Of a longer one `details` are left out. */
export const REJECTION_BYTES_MAX = 128;

/** Characters of a player name (the token's `sub`). Beyond it the token is refused. */
export const PLAYER_LENGTH_MAX = 64;

/** Characters of a token. Beyond it: refused before any cryptography. */
export const TOKEN_LENGTH_MAX = 4_096;

/**
 * A decided command answers the same key the same way for this long. After that, and beyond the
 * bound of a player: KEY_EXPIRED.
 */
export const KEY_RETENTION_MS = 24 * 60 * 60 * 1000;

/** Channels in one subscribe, unsubscribe or resync. Beyond it: INVALID_REQUEST. */
export const CHANNELS_PER_COMMAND_MAX = 50;

/** Characters of the name of a channel. Beyond it: INVALID_REQUEST at `channels`. */
export const CHANNEL_LENGTH_MAX = 160;

/** Price levels on each side of a book that snapshots and deltas show. */
export const BOOK_DEPTH_MAX = 50;

/** Trades in a `trades:` snapshot. */
export const TRADES_SNAPSHOT_MAX = 50;

/**
 * Largest frame with which the server answers: a reply, a snapshot, a part of one. What would be
 * larger comes in pages or parts: the bounds of rows below are so that the longest ones fit.
 */
export const ANSWER_BYTES_MAX = 256 * 1024;

/** Rows in one page of a list. Beyond it: INVALID_REQUEST at `limit`. */
export const PAGE_ROWS_MAX = 200;

/** Rows in one page of reports. Beyond it: INVALID_REQUEST at `limit`. */
export const REPORT_ROWS_MAX = 100;

/** Rows in one page of offers or windows, with all their lines. Beyond it: INVALID_REQUEST. */
export const TRADE_ROWS_MAX = 30;

/** What one frame of a private snapshot has at most of each kind; the rest comes in parts. */
export const ME_BALANCES_MAX = 300;
export const ME_ORDERS_MAX = 200;
export const ME_OFFERS_MAX = 10;
export const ME_WINDOWS_MAX = 100;

/** Fills of one command. The operator may set fewer. Beyond it: LIMIT_REACHED. */
export const FILLS_MAX = 4_000;

/** Attributes of an item or instance. Beyond it: INVALID_REQUEST. */
export const ATTRIBUTES_MAX = 32;

/** Characters of one text attribute. Beyond it: INVALID_REQUEST. */
export const ATTRIBUTE_LENGTH_MAX = 256;

/** Assets on one side of a window or an offer. Beyond it: INVALID_REQUEST. */
export const LINES_PER_SIDE_MAX = 16;

/** Friends of one player: those with whom they traded last. Beyond it the oldest is forgotten. */
export const FRIENDS_MAX = 32;

/** Changes of one side in one step: what left and what came is paired. */
export const CHANGES_PER_SIDE_MAX = LINES_PER_SIDE_MAX;

/** Warnings of one manifest: three kinds that stand for a side once, and one for each line. */
export const WARNINGS_MAX = 2 * (3 + LINES_PER_SIDE_MAX);

/** Characters of an amount in digits with separators; and in words, whatever the language. */
export const AMOUNT_DIGITS_MAX = 21;
export const AMOUNT_WORDS_MAX = 240;

/** Characters of a name of a realm. */
export const REALM_LENGTH_MAX = 41;

/** Characters of the message of an offer. Beyond it: INVALID_REQUEST at `message`. */
export const OFFER_MESSAGE_LENGTH_MAX = 200;

/** Characters of the reason of a report. Beyond it: INVALID_REQUEST at `reason`. */
export const REPORT_LENGTH_MAX = 500;

/** Reports of one player within 24 hours. Beyond it: LIMIT_REACHED. */
export const REPORTS_PER_DAY_MAX = 50;

/** Characters of the token of a warning. Beyond it: INVALID_REQUEST at `acknowledge`. */
export const WARNING_TOKEN_LENGTH_MAX = 64;

/** Tokens of warnings in one confirmation. Beyond it: INVALID_REQUEST. */
export const ACKNOWLEDGE_MAX = 64;

/** Places of one realm, `main` included. Beyond it: LIMIT_REACHED. */
export const PLACES_MAX = 100_000;

/** Players that one player may block. Beyond it: LIMIT_REACHED. */
export const BLOCKED_PLAYERS_MAX = 200;

/** Players whose sessions were ended and whose older tokens may live. Beyond it: LIMIT_REACHED. */
export const SESSION_ENDS_MAX = 100_000;

/** Time to present a token on a new socket. Beyond it: closed with `openTimeout`. */
export const OPEN_TIMEOUT_MS = 5_000;
