// Price levels in order: what order books and the announced windows of books have in common.
//
// Layout: sorted chunks, the best level at the very end, so that the busy end grows and shrinks by
// push and pop; the levels are a linked list besides, so that walking needs no index. Invariant:
// ranks are distinct and ascend over all chunks; no chunk is empty. Finding among n levels is
// O(log n), adding and dropping about O(sqrt n). Known limit: chunks are split, never merged; they
// go when they are empty.

const CHUNK_LEVELS_MAX = 256;

/** What a level needs to be kept in order. Higher rank is better. */
export interface Ranked<Self> {
  readonly rank: number;
  better: Self | null;
  worse: Self | null;
}

export class SortedLevels<Level extends Ranked<Level>> {
  readonly #chunks: Level[][] = [];
  best: Level | null = null;

  find(rank: number): Level | null {
    if (this.best === null || this.best.rank <= rank) {
      return this.best?.rank === rank ? this.best : null;
    }
    const chunk = this.#chunks[this.#chunkAt(rank)] as Level[];
    const level = chunk[indexIn(chunk, rank)] as Level;
    return level.rank === rank ? level : null;
  }

  /** Adds a level whose rank is not there yet. */
  add(level: Level): void {
    const chunks = this.#chunks;
    if (this.best === null || level.rank > this.best.rank) {
      level.worse = this.best;
      if (this.best !== null) this.best.better = level;
      this.best = level;
      const last = chunks.at(-1);
      if (last === undefined || last.length >= CHUNK_LEVELS_MAX) chunks.push([level]);
      else last.push(level);
      return;
    }
    const at = this.#chunkAt(level.rank);
    const chunk = chunks[at] as Level[];
    const index = indexIn(chunk, level.rank);
    const better = chunk[index] as Level;
    level.better = better;
    level.worse = better.worse;
    if (better.worse !== null) better.worse.better = level;
    better.worse = level;
    chunk.splice(index, 0, level);
    if (chunk.length > CHUNK_LEVELS_MAX) {
      chunks.splice(at + 1, 0, chunk.splice(CHUNK_LEVELS_MAX / 2));
    }
  }

  drop(level: Level): void {
    if (level.worse !== null) level.worse.better = level.better;
    if (level.better !== null) level.better.worse = level.worse;
    const isBest = this.best === level;
    const at = isBest ? this.#chunks.length - 1 : this.#chunkAt(level.rank);
    if (isBest) this.best = level.worse;
    const chunk = this.#chunks[at] as Level[];
    if (isBest) chunk.pop();
    else chunk.splice(indexIn(chunk, level.rank), 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    level.better = null;
    level.worse = null;
  }

  /** The first chunk whose best level is at least `rank`, which is not above the best of all. */
  #chunkAt(rank: number): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.#chunks[middle] as Level[];
      if ((chunk[chunk.length - 1] as Level).rank < rank) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The first index in the chunk whose level is at least `rank`. */
function indexIn<Level extends Ranked<Level>>(chunk: readonly Level[], rank: number): number {
  let low = 0;
  let high = chunk.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chunk[middle] as Level).rank < rank) low = middle + 1;
    else high = middle;
  }
  return low;
}
