// Judges registers of which only values are known, and no order: the price of a listing that
// several clients set. It looks for an order of all operations that keeps real time and in which
// each read sees the last write before it (Wing and Gong; with Lowe's memory of what was tried). A
// write whose outcome is not known may be in that order or not.

import { byRegister, type Operation, type Violation } from './history.ts';

/** The beginning or the end of an operation, in a list by time from which pairs are lifted out. */
interface Entry {
  readonly operation: Operation;
  readonly number: number;
  /** Of a beginning: its end, unless there is none. */
  readonly end: Entry | null;
  readonly isBeginning: boolean;
  previous: Entry | null;
  next: Entry | null;
}

/** `initial`: what each register has before the first write. */
export function judgeRegisters(
  history: readonly Operation[],
  initial: ReadonlyMap<string, number>,
): Violation[] {
  const found: Violation[] = [];
  for (const [register, operations] of byRegister(history)) {
    const violation = judgeRegister(operations, initial.get(register) ?? 0);
    if (violation !== null) found.push(violation);
  }
  return found;
}

/** The operation at which every order fails, or null. */
function judgeRegister(all: readonly Operation[], initial: number): Violation | null {
  const seen = new Set(all.filter(one => one.kind === 'read').map(one => one.value));
  // A write that may not have happened, and that nobody saw, need not have happened.
  const operations = all.filter(
    ({ kind, returnedMs, value }) =>
      kind === 'read' || returnedMs !== Number.POSITIVE_INFINITY || seen.has(value),
  );
  const search = new Search(operations, initial);
  const operation = search.run();
  return operation === null ? null : { rule: 'no order explains', operation, against: null };
}

class Search {
  readonly #head: Entry;
  readonly #tried = new Set<string>();
  readonly #done: Uint8Array;
  readonly #stack: { entry: Entry; value: number }[] = [];
  #value: number;
  /** Operations with an end that are not in the order yet. */
  #missing: number;
  /** The most that any order had, and what it could not have next. */
  #best = -1;
  #culprit: Operation | null = null;

  constructor(operations: readonly Operation[], initial: number) {
    this.#head = listOf(operations);
    this.#done = new Uint8Array((operations.length >> 3) + 1);
    this.#value = initial;
    this.#missing = operations.filter(one => one.returnedMs !== Number.POSITIVE_INFINITY).length;
  }

  run(): Operation | null {
    let entry = this.#head.next;
    while (this.#missing > 0) {
      if (entry?.isBeginning) {
        const isTaken: boolean = this.#take(entry);
        entry = isTaken ? this.#head.next : entry.next;
      } else {
        // Here is the end of something that should have come before: another order is needed.
        if (entry !== null && this.#stack.length > this.#best) {
          this.#best = this.#stack.length;
          this.#culprit = entry.operation;
        }
        const back = this.#giveBack();
        if (back === null) return this.#culprit ?? entry?.operation ?? null;
        entry = back.next;
      }
    }
    return null;
  }

  /** Puts an operation next into the order, unless it does not fit or that was tried already. */
  #take(entry: Entry): boolean {
    const { kind, value } = entry.operation;
    if (kind === 'read' && value !== this.#value) return false;
    const after = kind === 'write' ? (value as number) : this.#value;
    this.#mark(entry.number);
    const state = `${after} ${Buffer.from(this.#done).toString('latin1')}`;
    if (this.#tried.has(state)) {
      this.#mark(entry.number);
      return false;
    }
    this.#tried.add(state);
    this.#stack.push({ entry, value: this.#value });
    this.#value = after;
    lift(entry);
    if (entry.end !== null) {
      lift(entry.end);
      this.#missing--;
    }
    return true;
  }

  /** Takes the last operation out of the order again. */
  #giveBack(): Entry | null {
    const last = this.#stack.pop();
    if (last === undefined) return null;
    const { entry, value } = last;
    this.#value = value;
    this.#mark(entry.number);
    if (entry.end !== null) {
      unlift(entry.end);
      this.#missing++;
    }
    unlift(entry);
    return entry;
  }

  #mark(number: number): void {
    this.#done[number >> 3] = (this.#done[number >> 3] as number) ^ (1 << (number & 7));
  }
}

function listOf(operations: readonly Operation[]): Entry {
  const entries: { atMs: number; entry: Entry }[] = [];
  for (const [number, operation] of operations.entries()) {
    const both = { operation, number, previous: null, next: null };
    const { invokedMs, returnedMs } = operation;
    const hasEnd = returnedMs !== Number.POSITIVE_INFINITY;
    const end: Entry | null = hasEnd ? { ...both, isBeginning: false, end: null } : null;
    entries.push({ atMs: invokedMs, entry: { ...both, isBeginning: true, end } });
    if (end !== null) entries.push({ atMs: returnedMs, entry: end });
  }
  // What begins in the moment in which something else ends may come before it.
  entries.sort(
    (one, other) =>
      one.atMs - other.atMs || Number(other.entry.isBeginning) - Number(one.entry.isBeginning),
  );
  const none: Operation = {
    ...{ what: '', register: '', kind: 'read', value: null },
    ...{ invokedMs: 0, returnedMs: 0 },
  };
  const head: Entry = {
    ...{ operation: none, number: -1, end: null, isBeginning: true },
    ...{ previous: null, next: null },
  };
  let last = head;
  for (const { entry } of entries) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return head;
}

function lift({ previous, next }: Entry): void {
  if (previous !== null) previous.next = next;
  if (next !== null) next.previous = previous;
}

function unlift(entry: Entry): void {
  const { previous, next } = entry;
  if (previous !== null) previous.next = entry;
  if (next !== null) next.previous = entry;
}
