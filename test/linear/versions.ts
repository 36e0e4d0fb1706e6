// Judges registers whose value counts up by one with every write: a balance to which single coins
// are granted, the revision of a window. Their writes are told the version that they made, so one
// order is given, and a history is linearizable exactly when that order keeps real time: what began
// after something had been acknowledged or shown is not before it. A write without an answer may
// have made any version from its beginning on.

import { byRegister, type Operation, type Violation } from './history.ts';

/** `isOurs`: whether all writes of a register are in the history. Left out: of every one. */
export function judgeVersions(
  history: readonly Operation[],
  isOurs: (register: string) => boolean = () => true,
): Violation[] {
  return [...byRegister(history)].flatMap(([register, operations]) => [
    ...outOfOrder(operations),
    ...madeTwice(operations),
    ...(isOurs(register) ? fromNowhere(operations) : []),
  ]);
}

/** Reads and writes that are before what had been acknowledged or shown when they began. */
function outOfOrder(operations: readonly Operation[]): Violation[] {
  const known = operations.filter(one => one.value !== null);
  const begun = [...known].sort((one, other) => one.invokedMs - other.invokedMs);
  const ended = [...known].sort((one, other) => one.returnedMs - other.returnedMs);
  const found: Violation[] = [];
  let seen: Operation | null = null;
  let next = 0;
  for (const operation of begun) {
    for (; next < ended.length; next++) {
      const earlier = ended[next] as Operation;
      if (earlier.returnedMs >= operation.invokedMs) break;
      if (seen === null || versionOf(earlier) > versionOf(seen)) seen = earlier;
    }
    if (seen === null) continue;
    const isRead = operation.kind === 'read';
    const [own, bound] = [versionOf(operation), versionOf(seen)];
    if (isRead ? own >= bound : own > bound) continue;
    const rule = isRead ? 'a stale read' : 'a write before what was shown already';
    found.push({ rule, operation, against: seen });
  }
  return found;
}

/** Two writes that were told the same version. */
function madeTwice(operations: readonly Operation[]): Violation[] {
  const writes = new Map<number, Operation>();
  const found: Violation[] = [];
  for (const operation of operations) {
    if (operation.kind === 'read' || operation.value === null) continue;
    const other = writes.get(operation.value);
    if (other !== undefined) found.push({ rule: 'a version twice', operation, against: other });
    writes.set(operation.value, operation);
  }
  return found;
}

/** What shows versions that no write can have made by then. */
function fromNowhere(operations: readonly Operation[]): Violation[] {
  const writes = operations.filter(one => one.kind === 'write');
  const told = new Set(writes.flatMap(({ value }) => (value === null ? [] : [value])));
  const unknown = writes
    .filter(({ value }) => value === null)
    .map(({ invokedMs }) => invokedMs)
    .sort((one, other) => one - other);
  // How many of the versions up to each one were told to nobody.
  const last = Math.max(0, ...operations.map(versionOf));
  const untold: number[] = [0];
  for (let version = 1; version <= last; version++) {
    untold.push((untold[version - 1] as number) + (told.has(version) ? 0 : 1));
  }
  return operations
    .filter(operation => {
      if (operation.value === null) return false;
      const needed = untold[operation.value] as number;
      return unknown.filter(invokedMs => invokedMs < operation.returnedMs).length < needed;
    })
    .map(operation => ({ rule: 'a version that nobody made', operation, against: null }));
}

function versionOf({ value }: Operation): number {
  return value ?? 0;
}
