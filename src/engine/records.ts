// Records of a few numbers each, found by their own number: what the engine has millions of. They
// lie in pages that come when something is first written there, so growing copies nothing, takes no
// longer the more there is, and gives the garbage collector nothing to look through. What was never
// written is 0.

/** Record numbers stay below this: within an `int` of the database and the 31 bits of V8. */
export const NUMBERS_MAX = 2 ** 30;

const PAGE_BITS = 14;
const PAGE_RECORDS = 1 << PAGE_BITS;
/** What is left of a record's number within its page. */
export const IN_PAGE = PAGE_RECORDS - 1;

export class Records {
  readonly #words: number;
  readonly #doubles: number;
  /** Each page twice: as 32-bit integers and, over the same bytes, as doubles. */
  readonly #integers: (Int32Array | undefined)[] = [];
  readonly #numbers: (Float64Array | undefined)[] = [];

  /** `words`: 32-bit integers per record. Double n is in the place of words 2n and 2n + 1. */
  constructor(words: number) {
    this.#words = words;
    this.#doubles = words >> 1;
  }

  /**
   * The page of a record that was written, for hot code: its words begin at the record's number
   * within the page, {@link IN_PAGE}, times their number.
   */
  integersAt(record: number): Int32Array {
    return this.#integers[record >> PAGE_BITS] as Int32Array;
  }

  /** As {@link integersAt}: the doubles of the same page. */
  doublesAt(record: number): Float64Array {
    return this.#numbers[record >> PAGE_BITS] as Float64Array;
  }

  integer(record: number, word: number): number {
    const page = this.#integers[record >> PAGE_BITS];
    if (page === undefined) return 0;
    return page[(record & IN_PAGE) * this.#words + word] as number;
  }

  /** Makes sure that a record can be written in its page. */
  open(record: number): void {
    if (this.#integers[record >> PAGE_BITS] === undefined) this.#open(record >> PAGE_BITS);
  }

  setInteger(record: number, word: number, value: number): void {
    const page = this.#integers[record >> PAGE_BITS] ?? this.#open(record >> PAGE_BITS);
    page[(record & IN_PAGE) * this.#words + word] = value;
  }

  /** Of records with an even number of words. */
  double(record: number, double: number): number {
    const page = this.#numbers[record >> PAGE_BITS];
    if (page === undefined) return 0;
    return page[(record & IN_PAGE) * this.#doubles + double] as number;
  }

  setDouble(record: number, double: number, value: number): void {
    if (this.#numbers[record >> PAGE_BITS] === undefined) this.#open(record >> PAGE_BITS);
    const page = this.#numbers[record >> PAGE_BITS] as Float64Array;
    page[(record & IN_PAGE) * this.#doubles + double] = value;
  }

  /** Gives back the pages that have only records from `count` on, but for one that is spare. */
  shrink(count: number): void {
    const kept = ((count + IN_PAGE) >> PAGE_BITS) + 1;
    while (this.#integers.length > kept) {
      this.#integers.pop();
      this.#numbers.pop();
    }
  }

  /** Bytes of all pages. */
  get bytes(): number {
    let pages = 0;
    for (const page of this.#integers) if (page !== undefined) pages++;
    return pages * PAGE_RECORDS * this.#words * 4;
  }

  #open(at: number): Int32Array {
    while (this.#integers.length <= at) {
      this.#integers.push(undefined);
      this.#numbers.push(undefined);
    }
    const page = new Int32Array(PAGE_RECORDS * this.#words);
    this.#integers[at] = page;
    this.#numbers[at] = new Float64Array(page.buffer);
    return page;
  }
}
