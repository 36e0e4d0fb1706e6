// The lines of a side in a column: one int8[], three numbers a line, or null. They are read back in
// the same order.

import { textArray } from '../database/arrays.ts';
import { writeNumber } from '../database/copy.ts';
import type { Line } from '../engine/fact.ts';
import type { Column } from './table.ts';

const NUMBERS = 3;
const INT8_OID = 20;
/** Dimensions, nulls, type; then length and first index of the one dimension. */
const ARRAY_HEADER_BYTES = 20;
const ELEMENT_BYTES = 4 + 8;

type Lines = readonly Line[] | null;

export const lines = <Row>(name: string, of: (row: Row) => Lines): Column<Row> => ({
  name,
  type: 'int8[]',
  array: rows => textArray(rows, row => textOf(of(row))),
  copy: {
    bytes: null,
    width: row => widthOf(of(row)),
    write: (row, { view }, at) => write(view, at, of(row) ?? []),
  },
});

/** Lines from such a column. */
export function linesOf(cell: unknown): Line[] {
  const numbers = cell as readonly number[];
  const read: Line[] = [];
  for (let i = 0; i < numbers.length; i += NUMBERS) {
    const [asset, location, quantity] = numbers.slice(i, i + NUMBERS) as [number, number, number];
    read.push({ asset, location, quantity });
  }
  return read;
}

function textOf(side: Lines): string | null {
  if (side === null) return null;
  let numbers = '';
  for (const { asset, location, quantity } of side) {
    numbers += `${numbers === '' ? '' : ','}${asset},${location},${quantity}`;
  }
  return `{${numbers}}`;
}

function widthOf(side: Lines): number | null {
  return side === null ? null : ARRAY_HEADER_BYTES + side.length * NUMBERS * ELEMENT_BYTES;
}

function write(view: DataView, start: number, side: readonly Line[]): void {
  view.setInt32(start, 1);
  view.setInt32(start + 4, 0);
  view.setInt32(start + 8, INT8_OID);
  view.setInt32(start + 12, side.length * NUMBERS);
  view.setInt32(start + 16, 1);
  let at = start + ARRAY_HEADER_BYTES;
  for (const { asset, location, quantity } of side) {
    at = writeNumber(view, at, 8, asset);
    at = writeNumber(view, at, 8, location);
    at = writeNumber(view, at, 8, quantity);
  }
}
