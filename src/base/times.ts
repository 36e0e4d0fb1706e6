// Lengths of time that several parts count in, in milliseconds.

export const DAY_MS = 24 * 60 * 60 * 1000;

/** The last day of a market is counted in quarters of an hour. */
export const QUARTER_MS = 15 * 60 * 1000;
