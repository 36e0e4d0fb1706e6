// What clients saw, as a list of operations on registers, with when each began and ended by one
// clock. A register is one thing of which everybody should see the same: a wallet, the price of a
// listing, a window.

export interface Operation {
  /** Who did what and where, for people. */
  readonly what: string;
  readonly register: string;
  readonly kind: 'write' | 'read';
  readonly invokedMs: number;
  /** Infinity for a write whose outcome is not known: it may take effect at any time, or never. */
  readonly returnedMs: number;
  /** What was written or seen. Null: a write whose version is not known. */
  readonly value: number | null;
}

export interface Violation {
  readonly rule: string;
  readonly operation: Operation;
  /** What it contradicts, where that is a single one. */
  readonly against: Operation | null;
}

export function byRegister(
  history: readonly Operation[],
): ReadonlyMap<string, readonly Operation[]> {
  const registers = new Map<string, Operation[]>();
  for (const operation of history) {
    const own = registers.get(operation.register);
    if (own === undefined) registers.set(operation.register, [operation]);
    else own.push(operation);
  }
  return registers;
}

export function describeViolation({ rule, operation, against }: Violation): string {
  const told = against === null ? '' : `\n    against ${describe(against)}`;
  return `${rule}: ${describe(operation)}${told}`;
}

function describe({ what, register, kind, value, invokedMs, returnedMs }: Operation): string {
  const times = `${invokedMs.toFixed(2)} to ${returnedMs.toFixed(2)}`;
  return `${what} ${kind} ${register} = ${value} (${times})`;
}
