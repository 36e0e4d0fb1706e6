// A long list told in pieces of a bounded size, and put together again. Invariant: until the last
// piece is there nothing that was known before is given up, so nobody is missed for a moment only
// because the list is told again.

import type { Piece } from '../cluster/messages.ts';

/** The whole of a list in its pieces, an empty one too. */
export function* piecesOf<Item>(
  list: readonly Item[],
  most: number,
): Generator<readonly [piece: Piece, items: readonly Item[]]> {
  if (list.length <= most) {
    yield ['only', list];
    return;
  }
  for (let start = 0; start < list.length; start += most) {
    const isLast = start + most >= list.length;
    yield [start === 0 ? 'first' : isLast ? 'last' : 'next', list.slice(start, start + most)];
  }
}

/** Changes in their pieces: nothing for an empty list. */
export function* changesOf<Item>(list: readonly Item[], most: number): Generator<readonly Item[]> {
  for (let start = 0; start < list.length; start += most) yield list.slice(start, start + most);
}

/** Whether a whole begins with this piece, whatever came before it. */
export function begins(piece: Piece): boolean {
  return piece === 'first' || piece === 'only';
}

/** The names of a whole, while its pieces come. */
export class Whole {
  #names: Set<string> | null = null;

  /** Takes the names of a piece; returns all of them when it is the last one. */
  take(
    piece: Piece,
    of: readonly (readonly [name: string, unknown])[],
  ): ReadonlySet<string> | null {
    if (begins(piece)) this.#names = new Set();
    if (piece === 'change') this.#names = null;
    if (this.#names === null) return null;
    for (const [name] of of) this.#names.add(name);
    if (piece === 'first' || piece === 'next') return null;
    const all = this.#names;
    this.#names = null;
    return all;
  }
}
