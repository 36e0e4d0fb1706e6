// The ids of a Redis stream: `<milliseconds>-<number>`, rising.

/** Before every entry. */
export const START = '0-0';

export function millisecondsOf(id: string): number {
  return Number(id.slice(0, id.indexOf('-')));
}

function numberOf(id: string): number {
  return Number(id.slice(id.indexOf('-') + 1));
}

/** Below zero when `a` comes first, zero when they are equal. */
export function compareIds(a: string, b: string): number {
  return millisecondsOf(a) - millisecondsOf(b) || numberOf(a) - numberOf(b);
}

/** The smallest id of a later millisecond. */
export function idAfter(id: string): string {
  return `${millisecondsOf(id) + 1}-0`;
}
