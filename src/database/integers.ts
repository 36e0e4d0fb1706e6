// Numbers for columns of integers. A view writes the low bits of whatever it is given, so what a
// column does not hold would come back as another number: it is refused instead.

/** @throws {RangeError} for what no `int8` of ours holds: beyond 2^53 - 1, or no integer. */
export function int8Of(value: number): number {
  return Number.isSafeInteger(value) ? value : refuse(value, 'int8');
}

/** @throws {RangeError} for what no `int4` holds. */
export function int4Of(value: number): number {
  return value === (value | 0) ? value : refuse(value, 'int4');
}

/** @throws {RangeError} for what no `int2` holds. */
export function int2Of(value: number): number {
  return value === (value << 16) >> 16 ? value : refuse(value, 'int2');
}

function refuse(value: number, type: string): never {
  throw new RangeError(`${value} does not fit into a column of type ${type}.`);
}
