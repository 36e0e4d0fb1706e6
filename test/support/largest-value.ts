// The value of a schema that is the largest on the wire. A schema that bounds nothing throws, and
// so does one that this file does not know: what has no bound can't be proved.

import type { z } from 'zod';
import { encode } from '../../protocol/codec.ts';
import { COMMANDS, type CommandName } from '../../protocol/commands/registry.ts';
import { manifestLine, sha256Hex } from '../../protocol/direct.ts';
import { assetId, attributes, itemId, locationId, playerId } from '../../protocol/fields.ts';
import { ATTRIBUTE_LENGTH_MAX, ATTRIBUTES_MAX } from '../../protocol/limits.ts';
import { AMOUNT_LOCALES, amountWords } from '../../src/base/amount-text.ts';

/** Each of its characters has four bytes, which is the most. */
const WIDE = '𝄞';
/** A unit of a string that has three bytes: two units of a wide one have four. */
const BROAD = '€';

export const LONGEST = {
  player: 'P'.repeat(64),
  item: 'i'.repeat(64),
  asset: `${'a'.repeat(64)}#${'s'.repeat(32)}`,
  place: 'p'.repeat(64),
} as const;

/** Found by trying every group of three digits at each place. */
const WORDIEST = [3_373_373_373_373_373, 7_737_737_737_737_737, 4_454_454_454_454_454];
export const LONGEST_WORDS = AMOUNT_LOCALES.flatMap(locale =>
  [...WORDIEST, 4_494_494_494_494_494].map(amount => amountWords(amount, locale)),
).reduce((longest, words) => (bytesOf(words) > bytesOf(longest) ? words : longest));

const KNOWN: ReadonlyMap<z.core.$ZodType, unknown> = new Map<z.core.$ZodType, unknown>([
  [playerId, LONGEST.player],
  [itemId, LONGEST.item],
  [assetId, LONGEST.asset],
  [locationId, LONGEST.place],
  [sha256Hex, 'f'.repeat(64)],
  [manifestLine.shape.words, LONGEST_WORDS],
  [
    attributes,
    Object.fromEntries(
      Array.from({ length: ATTRIBUTES_MAX }, (_, n) => [
        `a${n}`.padEnd(32, '_'),
        WIDE.repeat(ATTRIBUTE_LENGTH_MAX),
      ]),
    ),
  ],
]);

export function bytesOf(value: unknown): number {
  return encode(value).length;
}

/** Of the check on length or size; undefined without one. */
function maximumOf(checks: readonly z.core.$ZodCheck<never>[] = []): number | undefined {
  for (const { _zod } of checks) {
    const def = _zod.def as { readonly maximum?: number; readonly check: string; value?: number };
    if (def.check === 'max_length') return def.maximum;
    if (def.check === 'less_than') return def.value;
  }
  return undefined;
}

export function largestValue(schema: z.core.$ZodType): unknown {
  if (KNOWN.has(schema)) return KNOWN.get(schema);
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const maximum = maximumOf(def.checks);
  switch (def.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(def.shape).map(([name, field]) => [name, largestValue(field)]),
      );
    case 'array':
      if (maximum === undefined) throw new Error('An array has no bound.');
      return Array.from({ length: maximum }, () => largestValue(def.element));
    case 'tuple':
      return def.items.map(largestValue);
    case 'union':
      return largest(def.options.map(largestValue));
    case 'enum':
      return largest(Object.values(def.entries));
    case 'literal':
      return largest(def.values);
    case 'nullable':
    case 'optional':
      return largestValue(def.innerType);
    case 'boolean':
      return true;
    case 'number':
      return maximum ?? Number.MAX_SAFE_INTEGER;
    case 'string':
      return longestText(schema as z.ZodString, maximum);
    default:
      throw new Error(`Nobody knows how large ${def.type} may be.`);
  }
}

/** The largest result of a command. What `keys.get` repeats is a result of another one. */
export function largestResult(name: CommandName): unknown {
  if (name !== 'keys.get') return largestValue(COMMANDS[name].result);
  const others = Object.entries(COMMANDS).filter(
    ([other, spec]) => other !== name && spec.answeredBy === 'engine',
  );
  const body = largest(others.map(([other]) => largestResult(other as CommandName)));
  return { status: 'decided', outcome: 'rejected', body };
}

function longestText(schema: z.ZodString, maximum: number | undefined): string {
  const { maxLength } = (schema.meta() ?? {}) as { readonly maxLength?: number };
  if (maxLength !== undefined) return WIDE.repeat(maxLength);
  if (maximum === undefined) throw new Error('A string has no bound.');
  return BROAD.repeat(maximum);
}

function largest(values: readonly unknown[]): unknown {
  return values.reduce((one, other) => (bytesOf(other) > bytesOf(one) ? other : one));
}
