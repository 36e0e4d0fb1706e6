// One variable of the environment at a time: read, checked, and refused with its name, its value
// and what is expected. Which variables there are is said in config.ts and config-rules.ts.

/** What is wrong with the environment. The message is for the operator. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Null when it is not set, or empty. */
export function text(env: Environment, name: string): string | null {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? null : value;
}

export function integer(
  env: Environment,
  name: string,
  otherwise: number,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  const value = text(env, name);
  if (value === null) return otherwise;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= min && number <= max) return number;
  throw new ConfigError(`${name}=${value}: expected a whole number from ${min} to ${max}.`);
}

export function oneOf<Choice extends string>(
  env: Environment,
  name: string,
  otherwise: Choice,
  choices: readonly Choice[],
): Choice {
  const value = text(env, name);
  if (value === null) return otherwise;
  const found = choices.find(choice => choice === value);
  if (found !== undefined) return found;
  throw new ConfigError(`${name}=${value}: expected one of ${choices.join(', ')}.`);
}

export function matching(
  env: Environment,
  name: string,
  otherwise: string,
  pattern: RegExp,
  expected: string,
): string {
  const value = text(env, name) ?? otherwise;
  if (pattern.test(value)) return value;
  throw new ConfigError(`${name}=${value}: expected ${expected}.`);
}
