// The one definition of text: what people write and others read. A text is Unicode scalar values,
// no NUL or other control character, nothing that turns the direction of what follows it, nothing
// that takes part in no picture: so a database stores it as it is, and it looks like what it says.
// Its length is counted in code points; each takes 4 bytes at most. Letters of every script, emoji
// with their joiners, and combining marks are welcome. Names of things (items, players, places,
// keys) are ASCII by their own patterns in fields.ts.

import { z } from 'zod';

export interface TextRule {
  /** Code points. */
  readonly max: number;
  /** 0 when left out. */
  readonly min?: number;
  /** Whether line feeds and tabs may stand in it. */
  readonly lines?: boolean;
}

/**
 * Refused wherever it stands: controls (C0 with NUL, DEL, C1), halves of surrogate pairs,
 * separators of lines and paragraphs, characters that never are any (U+FFFE and the like); the
 * marks, embeddings, overrides and isolates of bidirectional text; the soft hyphen, blanks without
 * width, invisible operators, fillers, annotations and tags. Not the two joiners (U+200C, U+200D),
 * without which Persian and many emoji are not written right.
 */
const REFUSED = new RegExp(
  `[${[
    '\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\p{Noncharacter_Code_Point}',
    '\\u061c\\u200e\\u200f\\u202a-\\u202e',
    '\\u00ad\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u2060-\\u206f',
    '\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb\\u{e0000}-\\u{e0fff}',
  ].join('')}]`,
  'u',
);

const LINE_FEED = '\n';
const TAB = '\t';

/** The schema of a text. What is wrong with one is said in words. */
export function text(rule: TextRule): z.ZodString {
  return z
    .string()
    .refine(value => whyNoText(value, rule) === null, {
      error: ({ input }) => whyNoText(input as string, rule) ?? '',
    })
    .meta({ ...(rule.min === undefined ? {} : { minLength: rule.min }), maxLength: rule.max });
}

/** What is wrong with a text and what to do about it, or null. Linear, whatever it is given. */
export function whyNoText(value: string, rule: TextRule): string | null {
  const { max, min = 0 } = rule;
  // A code point is two units at most: what is far too long is not looked at.
  if (value.length > 2 * max) return `expected at most ${max} characters`;
  let length = 0;
  for (const character of value) {
    length += 1;
    if (isAllowed(character, rule)) continue;
    return `character ${length} is ${nameOf(character)}, which no text may have: leave it out`;
  }
  if (length > max) return `expected at most ${max} characters, this has ${length}`;
  if (length < min) return `expected at least ${min} ${min === 1 ? 'character' : 'characters'}`;
  return null;
}

/**
 * The text that is left of `value`: what no text may have is taken out (a break of a line leaves a
 * blank where lines may not be), and what is too long is cut off.
 */
export function cleanText(value: string, rule: TextRule): string {
  let clean = '';
  let length = 0;
  for (const character of value) {
    const kept = isAllowed(character, rule) ? character : /[\s\u0085]/u.test(character) ? ' ' : '';
    if (kept === '') continue;
    length += 1;
    if (length > rule.max) break;
    clean += kept;
  }
  return clean;
}

function isAllowed(character: string, { lines = false }: TextRule): boolean {
  if (!REFUSED.test(character)) return true;
  return lines && (character === LINE_FEED || character === TAB);
}

/** `U+0000`. */
function nameOf(character: string): string {
  const digits = (character.codePointAt(0) as number).toString(16).toUpperCase();
  return `U+${digits.padStart(4, '0')}`;
}
