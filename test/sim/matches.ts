// Deep equality of what an engine said and what a model says, by value.

/** A `message` that is not predicted is for people: it is compared with nothing. */
export function matches(actual: unknown, predicted: unknown): boolean {
  if (Object.is(actual, predicted)) return true;
  if (typeof actual !== 'object' || typeof predicted !== 'object') return false;
  if (actual === null || predicted === null) return false;
  const ours = predicted as Readonly<Record<string, unknown>>;
  const theirs = actual as Readonly<Record<string, unknown>>;
  const keys = Object.keys(theirs).filter(key => key !== 'message' || key in ours);
  if (keys.length !== Object.keys(ours).length) return false;
  return keys.every(key => key in ours && matches(theirs[key], ours[key]));
}
