// Judges registers of which only values are known, each written once: the price of a listing that
// several clients set. What was written and all that saw it are one cluster. Between the first end
// and the last beginning of its operations the register surely has its value (a forward zone);
// where the last beginning is first, it has it at some moment between (a backward zone). A history
// is linearizable exactly when no two forward zones overlap, no backward zone lies within a forward
// one, and nothing is seen before it is written (Gibbons and Korach, 1997). Quick, however long it
// is and however many writes have no answer; the search of wing-gong.ts, which needs no such
// theorem, is what it is held against.

import { byRegister, type Operation, type Violation } from './history.ts';

interface Zone {
  readonly write: Operation;
  /** The operation that ended first, and the one that began last. */
  readonly first: Operation;
  readonly last: Operation;
}

/** `initial`: what each register has before the first write; 0 when it is left out. */
export function judgeZones(
  history: readonly Operation[],
  initial: ReadonlyMap<string, number> = new Map(),
): Violation[] {
  return [...byRegister(history)].flatMap(([register, operations]) =>
    judgeRegister(register, operations, initial.get(register) ?? 0),
  );
}

function judgeRegister(
  register: string,
  operations: readonly Operation[],
  initial: number,
): Violation[] {
  const begun = Number.NEGATIVE_INFINITY;
  const first: Operation = {
    ...{ what: 'the beginning', register, kind: 'write', value: initial },
    ...{ invokedMs: begun, returnedMs: begun },
  };
  const clusters = new Map<number | null, Operation[]>([[initial, [first]]]);
  const found: Violation[] = [];
  for (const write of operations.filter(({ kind }) => kind === 'write')) {
    const [other] = clusters.get(write.value) ?? [];
    if (other === undefined) clusters.set(write.value, [write]);
    else found.push({ rule: 'a value twice', operation: write, against: other });
  }
  for (const read of operations.filter(({ kind }) => kind === 'read')) {
    const cluster = clusters.get(read.value);
    const write = cluster?.[0] ?? null;
    if (write === null || read.returnedMs < write.invokedMs) {
      found.push({ rule: 'seen before it was written', operation: read, against: write });
    }
    cluster?.push(read);
  }
  // A write that may not have happened, and that nobody saw, is in no one's way.
  const zones = [...clusters.values()].map(zoneOf).filter(isHappened);
  return [...found, ...conflicts(zones)];
}

function zoneOf(cluster: readonly Operation[]): Zone {
  const [write] = cluster as readonly [Operation];
  const first = cluster.reduce((a, b) => (b.returnedMs < a.returnedMs ? b : a));
  const last = cluster.reduce((a, b) => (b.invokedMs > a.invokedMs ? b : a));
  return { write, first, last };
}

function isHappened({ first }: Zone): boolean {
  return first.returnedMs !== Number.POSITIVE_INFINITY;
}

function isForward({ first, last }: Zone): boolean {
  return first.returnedMs < last.invokedMs;
}

function conflicts(zones: readonly Zone[]): Violation[] {
  const forward = zones.filter(isForward);
  forward.sort((one, other) => one.first.returnedMs - other.first.returnedMs);
  const found: Violation[] = [];
  for (const [index, zone] of forward.entries()) {
    const next = forward[index + 1];
    if (next === undefined || next.first.returnedMs >= zone.last.invokedMs) continue;
    found.push({ rule: 'the past', operation: zone.last, against: next.first });
  }
  for (const zone of zones) {
    if (isForward(zone)) continue;
    const around = forward.find(
      ({ first, last }) =>
        first.returnedMs < zone.last.invokedMs && zone.first.returnedMs < last.invokedMs,
    );
    if (around === undefined) continue;
    found.push({ rule: 'the past', operation: around.last, against: zone.first });
  }
  return found;
}
