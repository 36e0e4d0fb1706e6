// Things by their own numbers: open orders by id, windows by player. Numbers are given out in
// order, so they index arrays directly, which takes half the time of a Map once there are
// hundreds of thousands; and unlike a Map, nothing is ever copied or built anew because there is
// more of it, and there may be more than 2^24. The arrays are in pieces that come with their
// first thing and go with their last: an old order that stays open keeps its piece, not all
// since.

const PIECE_NUMBERS = 64;
const CHAPTER_PIECES = 4096;
const CHAPTER_NUMBERS = PIECE_NUMBERS * CHAPTER_PIECES;

interface Part<Of> {
  readonly parts: (Of | undefined)[];
  count: number;
}
type Chapter<Thing> = Part<Part<Thing>>;

export class Numbered<Thing extends object> {
  readonly #chapters: (Chapter<Thing> | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param number any natural number: of a thing, or not. */
  get(number: number): Thing | undefined {
    const at = Math.floor(number / CHAPTER_NUMBERS);
    if (!(at >= 0 && at < this.#chapters.length)) return undefined;
    const rest = number % CHAPTER_NUMBERS;
    const piece = this.#chapters[at]?.parts[Math.floor(rest / PIECE_NUMBERS)];
    return piece?.parts[rest % PIECE_NUMBERS];
  }

  /** Puts a thing in place of what was there before, if anything was. */
  set(number: number, thing: Thing): void {
    const at = Math.floor(number / CHAPTER_NUMBERS);
    while (this.#chapters.length <= at) this.#chapters.push(undefined);
    this.#chapters[at] ??= emptyPart<Part<Thing>>(CHAPTER_PIECES);
    const chapter = this.#chapters[at];
    const rest = number % CHAPTER_NUMBERS;
    const index = Math.floor(rest / PIECE_NUMBERS);
    let piece = chapter.parts[index];
    if (piece === undefined) {
      piece = emptyPart<Thing>(PIECE_NUMBERS);
      chapter.parts[index] = piece;
      chapter.count++;
    }
    if (piece.parts[rest % PIECE_NUMBERS] === undefined) {
      piece.count++;
      this.#size++;
    }
    piece.parts[rest % PIECE_NUMBERS] = thing;
  }

  /** False when there was nothing. */
  delete(number: number): boolean {
    if (this.get(number) === undefined) return false;
    const at = Math.floor(number / CHAPTER_NUMBERS);
    const chapter = this.#chapters[at] as Chapter<Thing>;
    const rest = number % CHAPTER_NUMBERS;
    const index = Math.floor(rest / PIECE_NUMBERS);
    const piece = chapter.parts[index] as Part<Thing>;
    piece.parts[rest % PIECE_NUMBERS] = undefined;
    this.#size--;
    if (--piece.count > 0) return true;
    chapter.parts[index] = undefined;
    if (--chapter.count === 0) this.#chapters[at] = undefined;
    return true;
  }

  /** All things by their numbers, from `first` on. */
  *values(first = 0): Generator<Thing> {
    for (const [, thing] of this.entries(first)) yield thing;
  }

  *entries(first = 0): Generator<readonly [number: number, thing: Thing]> {
    for (let at = Math.floor(first / CHAPTER_NUMBERS); at < this.#chapters.length; at++) {
      const chapter = this.#chapters[at];
      if (chapter === undefined) continue;
      for (let index = 0; index < CHAPTER_PIECES; index++) {
        const piece = chapter.parts[index];
        if (piece === undefined) continue;
        const start = at * CHAPTER_NUMBERS + index * PIECE_NUMBERS;
        for (let place = 0; place < PIECE_NUMBERS; place++) {
          const thing = piece.parts[place];
          if (thing !== undefined && start + place >= first) yield [start + place, thing];
        }
      }
    }
  }
}

function emptyPart<Of>(length: number): Part<Of> {
  return { parts: new Array<Of | undefined>(length).fill(undefined), count: 0 };
}
