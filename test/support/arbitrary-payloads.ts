// Payloads that the schema of a command accepts, made from the schema itself: every string, number
// and array with its extremes. A new command is covered by being in the registry. Names that a
// realm knows can be preferred, so that commands get as far as the engine lets them.

import fc from 'fast-check';
import type { z } from 'zod';
import { COMMANDS, type CommandName } from '../../protocol/commands/registry.ts';
import type { CommandSpec } from '../../protocol/commands/spec.ts';

/** What of zod's definitions is looked at. */
interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly entries?: Readonly<Record<string, string>>;
  readonly values?: readonly (string | number | boolean)[];
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly checks?: readonly { readonly _zod: { readonly def: Check } }[];
}

interface Check {
  readonly check: string;
  readonly pattern?: RegExp;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: number;
}

/** For a schema as it stands in the protocol, such as `itemId`, values that are taken often. */
export type Preferences = ReadonlyMap<z.ZodType, readonly unknown[]>;

const LENGTH_MAX = 300;
const EXTREME_NUMBERS = [0, 1, 2, 100, 2 ** 15, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
const EXTREME_TEXTS = [
  '',
  'gg',
  '%_\\\'"; drop table offers; --',
  '$house',
  '__proto__',
  'constructor',
  '{"a": "\\u0000"}',
  'שלום عليكم 鉄鉱石',
  'می\u200cخواهم 👨\u200d👩\u200d👧',
  'e\u0301'.repeat(50),
  'two\nlines\tand a tab',
];

/** Payloads of `name` that its schema accepts. */
export function arbitraryPayload(
  name: CommandName,
  prefer: Preferences = new Map(),
): fc.Arbitrary<unknown> {
  const spec: CommandSpec = COMMANDS[name];
  return new Maker(prefer).of(spec.payload);
}

class Maker {
  readonly #prefer: Preferences;

  constructor(prefer: Preferences) {
    this.#prefer = prefer;
  }

  /** What `schema` accepts: rules across fields are left to the schema, which has the last word. */
  of(schema: z.ZodType): fc.Arbitrary<unknown> {
    const made = this.#made(schema);
    const preferred = this.#prefer.get(schema);
    const arbitrary =
      preferred === undefined
        ? made
        : fc.oneof(
            { weight: 6, arbitrary: fc.constantFrom(...preferred) },
            { weight: 1, arbitrary: made },
          );
    return arbitrary.filter(value => schema.safeParse(value).success);
  }

  #made(schema: z.ZodType): fc.Arbitrary<unknown> {
    const definition = schema._zod.def as unknown as Definition;
    const inner = (of: z.ZodType | undefined) => this.of(of as z.ZodType);
    switch (definition.type) {
      case 'string':
        return stringsOf(schema, definition);
      case 'number':
        return numbersOf(definition);
      case 'boolean':
        return fc.boolean();
      case 'enum':
        return fc.constantFrom(...Object.values(definition.entries ?? {}));
      case 'literal':
        return fc.constantFrom(...(definition.values ?? []));
      case 'nullable':
        return fc.option(inner(definition.innerType));
      case 'union':
        return fc.oneof(...(definition.options ?? []).map(option => this.of(option)));
      case 'array':
        return listsOf(inner(definition.element), definition);
      case 'record':
        return fc.dictionary(
          inner(definition.keyType) as fc.Arbitrary<string>,
          inner(definition.valueType),
          { noNullPrototype: true, maxKeys: 40, size: 'max' },
        );
      case 'object':
        return this.#objects(definition.shape ?? {});
      default:
        throw new TypeError(`Teach this file to make what z.${definition.type}() accepts.`);
    }
  }

  #objects(shape: Readonly<Record<string, z.ZodType>>): fc.Arbitrary<unknown> {
    const fields: Record<string, fc.Arbitrary<unknown>> = {};
    const requiredKeys: string[] = [];
    for (const [name, schema] of Object.entries(shape)) {
      const { type, innerType } = schema._zod.def as unknown as Definition;
      const isOptional = type === 'optional';
      fields[name] = this.of(isOptional ? (innerType as z.ZodType) : schema);
      if (!isOptional) requiredKeys.push(name);
    }
    return fc.record(fields, { requiredKeys, noNullPrototype: true });
  }
}

function checksOf({ checks = [] }: Definition): Check[] {
  return checks.map(check => check._zod.def);
}

function stringsOf(schema: z.ZodType, definition: Definition): fc.Arbitrary<string> {
  const pattern = checksOf(definition).find(check => check.pattern !== undefined)?.pattern;
  if (pattern !== undefined) {
    return fc.oneof(fc.stringMatching(pattern, { size: 'max' }), fc.stringMatching(pattern));
  }
  // A text (protocol/text.ts) says its length in characters.
  const { minLength = 0, maxLength = LENGTH_MAX } = (schema.meta() ?? {}) as Lengths;
  const longest = Math.min(maxLength, LENGTH_MAX);
  return fc.oneof(
    fc.constantFrom('x', '😀', 'é', '\u{10fffd}').map(unit => unit.repeat(longest)),
    fc.constantFrom(...EXTREME_TEXTS),
    fc.string({ unit: 'binary', minLength, maxLength: longest }),
    fc.string({ unit: 'grapheme', minLength, maxLength: Math.ceil(longest / 10) }),
  );
}

interface Lengths {
  readonly minLength?: number;
  readonly maxLength?: number;
}

function numbersOf(definition: Definition): fc.Arbitrary<number> {
  let min = Number.MIN_SAFE_INTEGER;
  let max = Number.MAX_SAFE_INTEGER;
  for (const { check, value } of checksOf(definition)) {
    if (check === 'greater_than' && value !== undefined) min = Math.max(min, value);
    if (check === 'less_than' && value !== undefined) max = Math.min(max, value);
  }
  const extremes = [
    min,
    min + 1,
    max - 1,
    max,
    -0,
    ...EXTREME_NUMBERS,
    ...EXTREME_NUMBERS.map(n => -n),
  ];
  return fc.oneof(
    fc.constantFrom(...extremes.filter(value => value >= min && value <= max)),
    fc.integer({ min: Math.max(min, 0), max: Math.min(max, 50) }),
    fc.maxSafeInteger().filter(value => value >= min && value <= max),
  );
}

function listsOf(element: fc.Arbitrary<unknown>, definition: Definition): fc.Arbitrary<unknown[]> {
  let minLength = 0;
  let maxLength = 20;
  for (const { check, minimum, maximum } of checksOf(definition)) {
    if (check === 'min_length' && minimum !== undefined) minLength = minimum;
    if (check === 'max_length' && maximum !== undefined) maxLength = maximum;
  }
  return fc.oneof(
    fc.array(element, { minLength, maxLength: Math.max(minLength, 3) }),
    fc.array(element, { minLength, maxLength, size: 'max' }),
  );
}
