// The contract of the journal: an append-only, gapless row of batches, each written by the one
// writer whose claim came last. Its primary key is the fence (src/README.md, decision on fencing);
// no lease or clock is trusted. Facts are opaque bytes here; fact-codec.ts gives them their
// meaning.

/** One row. `position` counts from 1 without a gap; a claim has no facts. */
export interface JournalRow {
  readonly position: number;
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

export interface Journal {
  /**
   * Takes the realm over: appends a claim record with the next epoch. Every older writer's next
   * append then fails. Safe against any number of claimants at once.
   */
  claim(): Promise<Claim>;

  /**
   * Appends one batch at the next position and resolves with it once it is durable. Waits, for as
   * long as it takes, while the database is away; an append whose outcome was lost is sent again
   * and resolves itself. One append at a time.
   * @throws {DeposedError} when another writer holds the realm.
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
