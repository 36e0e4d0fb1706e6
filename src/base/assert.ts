// Assertions that stay on in production. A broken invariant ends the process: a crash recovers
// from the journal, a corrupted ledger does not.

/** Thrown when an invariant of ours is broken. Never caught except to log it and exit. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Throws {@link InvariantError} unless `condition` holds. State the rule, not its violation. */
export function assert(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new InvariantError(`Invariant: ${rule}`);
}

/** Ends an exhaustive switch: a value that reaches it is a bug the compiler should have seen. */
export function unreachable(value: never): never {
  throw new InvariantError(`Invariant: no case is left for ${JSON.stringify(value)}`);
}
