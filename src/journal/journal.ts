// The contract of the journal: an append-only, gapless row of batches, each written by the one
// writer whose claim came last. Its primary key is the fence (src/README.md, decision on fencing);
// no lease or clock is trusted. Facts are opaque bytes here; fact-codec.ts gives them their
// meaning.

/** One row. `position` counts from 1 without a gap; a claim has no facts. */
export interface JournalRow {
  readonly position: number;
  /**
   * The number of a leadership: it rises with each claim, also above those that were lost when a
   * database was restored. About the second of the claim, since 1970.
   */
  readonly epoch: number;
  /** The sequence of the last entry so far, this batch included. */
  readonly sequence: number;
  /** Engine time of the last entry so far, this batch included. */
  readonly atMs: number;
  /** Encoded fact groups. Empty for a claim. */
  readonly facts: Uint8Array;
  /** The last entry of the stream of commands that is decided by here; none without a stream. */
  readonly offset?: string;
}

export type Batch = Omit<JournalRow, 'position' | 'epoch'>;

/** What a successful claim found. */
export interface Claim {
  readonly epoch: number;
  /** The position of the claim record itself. */
  readonly position: number;
  /** Where the stream of commands goes on: see {@link JournalRow.offset}; empty for its start. */
  readonly offset: string;
}

/** Another writer has claimed the realm: this one must stop at once and answer nothing more. */
export class DeposedError extends Error {
  override readonly name = 'DeposedError';
}

/**
 * The database has lost rows that this writer wrote: it must stop at once, for what it has in
 * memory is of a past that is over. The message is for the operator.
 */
export class RowsLostError extends Error {
  override readonly name = 'RowsLostError';

  /** `position` was written here; the journal ends at `last` now, maybe with rows of others. */
  constructor(position: number, last: number) {
    super(
      `The database has lost rows of the journal: this process wrote position ${position}, and ` +
        `it is not there any more (the journal ends at ${last}). The database was restored to an ` +
        'earlier point, or a standby was promoted that lacked the last rows: what was ' +
        'acknowledged since then is lost. Nothing was written over it. The next start goes on ' +
        'from what is there.',
    );
  }
}

export interface Journal {
  /**
   * Takes the realm over: appends a claim record with a new epoch. Every older writer's next append
   * then fails. Safe against any number of claimants at once.
   */
  claim(): Promise<Claim>;

  /**
   * Appends one batch at the next position and resolves with it once it is durable. Waits, for as
   * long as it takes, while the database is away; an append whose outcome was lost is sent again
   * and resolves itself. One append at a time.
   * @throws {DeposedError} when another writer holds the realm.
   * @throws {RowsLostError} when the row before is not there any more.
   */
  append(batch: Batch): Promise<number>;

  /** Whether the last attempt reached the database. */
  readonly reachable: boolean;

  close(): Promise<void>;
}

/** Reads what was appended, for the projector and the audit. */
export interface JournalReader {
  /** Rows after `position`, in order, up to about `bytesMax` of facts (at least one row if any). */
  readAfter(position: number, bytesMax: number): Promise<JournalRow[]>;
}
