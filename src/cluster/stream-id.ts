// The ids of a Redis stream: `<milliseconds>-<number>`, rising. Redis allows any two numbers of 64
// bits, and whoever adds an entry may choose them; those that a clock can give are the possible
// ones.

/** Before every entry. */
export const START = '0-0';

/** The year 10889. Beyond it no id is of a clock, and numbers would not be exact much later. */
const MILLISECONDS_MAX = 2 ** 48;
/** With more digits a number is not exact here. */
export const DIGITS_MAX = 15;
const PATTERN = new RegExp(`^\\d{1,${DIGITS_MAX}}-\\d{1,${DIGITS_MAX}}$`);

export function millisecondsOf(id: string): number {
  return Number(id.slice(0, id.indexOf('-')));
}

function numberOf(id: string): number {
  return Number(id.slice(id.indexOf('-') + 1));
}

/** Whether it is an id that this page can reckon with. */
export function isPossible(id: string): boolean {
  return PATTERN.test(id) && millisecondsOf(id) <= MILLISECONDS_MAX;
}

/** Below zero when `a` comes first, zero when they are equal. */
export function compareIds(a: string, b: string): number {
  return millisecondsOf(a) - millisecondsOf(b) || numberOf(a) - numberOf(b);
}

/** The smallest id of a later millisecond. */
export function idAfter(id: string): string {
  return `${millisecondsOf(id) + 1}-0`;
}
