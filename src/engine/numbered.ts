// Things by their own numbers: open orders by id, windows by player. Numbers are given out in
// order, so they index arrays directly, which takes half the time of a Map once there are hundreds
// of thousands; and unlike a Map, nothing is ever copied or built anew because there is more of it,
// and there may be more than 2^24. The arrays are in pieces that come with their first thing and go
// with their last: an old order that stays open keeps its piece, not all since.

const PIECE_BITS = 6;
const PIECE_NUMBERS = 1 << PIECE_BITS;
const IN_PIECE = PIECE_NUMBERS - 1;
const CHAPTER_PIECES = 4096;
const IN_CHAPTER = CHAPTER_PIECES - 1;
const CHAPTER_BITS = PIECE_BITS + 12;
const CHAPTER_NUMBERS = 1 << CHAPTER_BITS;
/** Below this, a number is taken apart by shifts. */
const SMALL = 2 ** 31;

/** An array of one length that knows how much is in it. */
class Part<Of> extends Array<Of | undefined> {
  count = 0;
}
type Piece<Thing> = Part<Thing>;
type Chapter<Thing> = Part<Piece<Thing>>;

export class Numbered<Thing extends object> {
  readonly #chapters: (Chapter<Thing> | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param number any natural number: of a thing, or not. */
  get(number: number): Thing | undefined {
    if (number >= 0 && number < SMALL) {
      const chapter = this.#chapters[number >> CHAPTER_BITS];
      return chapter?.[(number >> PIECE_BITS) & IN_CHAPTER]?.[number & IN_PIECE];
    }
    const at = Math.floor(number / CHAPTER_NUMBERS);
    if (!(at >= 0 && at < this.#chapters.length)) return undefined;
    const rest = number % CHAPTER_NUMBERS;
    return this.#chapters[at]?.[rest >> PIECE_BITS]?.[rest & IN_PIECE];
  }

  /** Puts a thing in place of what was there before, if anything was. */
  set(number: number, thing: Thing): void {
    const at = Math.floor(number / CHAPTER_NUMBERS);
    while (this.#chapters.length <= at) this.#chapters.push(undefined);
    let chapter = this.#chapters[at];
    if (chapter === undefined) {
      chapter = emptyPart<Piece<Thing>>(CHAPTER_PIECES);
      this.#chapters[at] = chapter;
    }
    const rest = number % CHAPTER_NUMBERS;
    let piece = chapter[rest >> PIECE_BITS];
    if (piece === undefined) {
      piece = emptyPart<Thing>(PIECE_NUMBERS);
      chapter[rest >> PIECE_BITS] = piece;
      chapter.count++;
    }
    if (piece[rest & IN_PIECE] === undefined) {
      piece.count++;
      this.#size++;
    }
    piece[rest & IN_PIECE] = thing;
  }

  /** False when there was nothing. */
  delete(number: number): boolean {
    if (this.get(number) === undefined) return false;
    const at = Math.floor(number / CHAPTER_NUMBERS);
    const chapter = this.#chapters[at] as Chapter<Thing>;
    const rest = number % CHAPTER_NUMBERS;
    const piece = chapter[rest >> PIECE_BITS] as Piece<Thing>;
    piece[rest & IN_PIECE] = undefined;
    this.#size--;
    if (--piece.count > 0) return true;
    chapter[rest >> PIECE_BITS] = undefined;
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
        const piece = chapter[index];
        if (piece === undefined) continue;
        const start = at * CHAPTER_NUMBERS + index * PIECE_NUMBERS;
        for (let place = 0; place < PIECE_NUMBERS; place++) {
          const thing = piece[place];
          if (thing !== undefined && start + place >= first) yield [start + place, thing];
        }
      }
    }
  }
}

function emptyPart<Of>(length: number): Part<Of> {
  return new Part<Of>(length).fill(undefined) as Part<Of>;
}
