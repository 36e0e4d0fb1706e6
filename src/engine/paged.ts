// A list of things in pages: it grows at its end without being copied.

const PAGE_BITS = 12;
const IN_PAGE = (1 << PAGE_BITS) - 1;

export class Paged<Thing> {
  readonly #pages: Thing[][] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get(index: number): Thing | undefined {
    return this.#pages[index >> PAGE_BITS]?.[index & IN_PAGE];
  }

  /** Puts a thing in the place of another one, or behind the last one. */
  set(index: number, thing: Thing): void {
    if (index === this.#length) {
      if ((index & IN_PAGE) === 0) this.#pages.push([]);
      this.#length++;
    }
    (this.#pages[index >> PAGE_BITS] as Thing[])[index & IN_PAGE] = thing;
  }

  /** Takes the last one out of a list that is not empty. */
  pop(): Thing {
    this.#length--;
    const last = (this.#pages[this.#length >> PAGE_BITS] as Thing[]).pop() as Thing;
    if ((this.#length & IN_PAGE) === 0) this.#pages.pop();
    return last;
  }

  *values(): Generator<Thing> {
    for (const page of this.#pages) yield* page;
  }
}
