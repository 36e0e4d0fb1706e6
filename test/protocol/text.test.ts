// The one definition of text: what people may write, and what they are told when they may not.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRequest, encodeRequest } from '../../protocol/codec.ts';
import type { CommandName } from '../../protocol/commands/registry.ts';
import { cleanText, type TextRule, text, whyNoText } from '../../protocol/text.ts';

const LINE: TextRule = { max: 10 };
const LINES: TextRule = { max: 10, lines: true };

const WELCOME = [
  ['nothing', ''],
  ['ASCII with every sign', '!"#$%&\'()'],
  ['a percent sign, an underscore, a backslash', '%_\\'],
  ['names that look like ours', '$house'],
  ['__proto__', '__proto__'],
  ['accents, composed and not', 'é e\u0301'],
  ['right to left letters', 'שלום عليكم'],
  ['Persian with its joiner', 'می\u200cخواهم'],
  ['a family of four with its joiners', '👨\u200d👩\u200d👧\u200d👦'],
  ['a heart with its variation selector', '❤\ufe0f'],
  ['ten characters of four bytes', '😀'.repeat(10)],
  ['a private use character', '\ue000'],
] as const;

const REFUSED = [
  ['NUL', '\0', 'U+0000'],
  ['a bell', '\u0007', 'U+0007'],
  ['escape', '\u001b', 'U+001B'],
  ['DEL', '\u007f', 'U+007F'],
  ['a C1 control', '\u0085', 'U+0085'],
  ['a carriage return', '\r', 'U+000D'],
  ['a high surrogate alone', '\ud83d', 'U+D83D'],
  ['a low surrogate alone', '\ude00', 'U+DE00'],
  ['a right-to-left override', '\u202e', 'U+202E'],
  ['an embedding', '\u202a', 'U+202A'],
  ['an isolate', '\u2066', 'U+2066'],
  ['a right-to-left mark', '\u200f', 'U+200F'],
  ['a line separator', '\u2028', 'U+2028'],
  ['a blank without width', '\u200b', 'U+200B'],
  ['a word joiner', '\u2060', 'U+2060'],
  ['a byte order mark', '\ufeff', 'U+FEFF'],
  ['a filler', '\u3164', 'U+3164'],
  ['a soft hyphen', '\u00ad', 'U+00AD'],
  ['a tag', '\u{e0041}', 'U+E0041'],
  ['what is no character', '\uffff', 'U+FFFF'],
] as const;

describe('a text', () => {
  it.each(WELCOME)('may be %s', (_, value) => {
    expect(whyNoText(value, LINE)).toBe(null);
    expect(text(LINE).parse(value)).toBe(value);
  });

  it.each(REFUSED)('has no %s', (_, character, name) => {
    const problem = `character 3 is ${name}, which no text may have: leave it out`;
    for (const rule of [LINE, LINES]) {
      expect(whyNoText(`ab${character}`, rule)).toBe(problem);
      expect(text(rule).safeParse(`ab${character}`).error?.issues[0]?.message).toBe(problem);
    }
  });

  it.each(['\n', '\t'])('has %j only where lines may stand', character => {
    expect(whyNoText(`a${character}b`, LINES)).toBe(null);
    expect(whyNoText(`a${character}b`, LINE)).toContain('character 2 is U+000');
  });

  it('is as long as it has characters, whatever they take in bytes', () => {
    expect(whyNoText('x'.repeat(11), LINE)).toBe('expected at most 10 characters, this has 11');
    expect(whyNoText('😀'.repeat(11), LINE)).toContain('expected at most 10 characters');
    expect(whyNoText('x'.repeat(1_000_000), LINE)).toBe('expected at most 10 characters');
    expect(whyNoText('', { max: 10, min: 1 })).toBe('expected at least 1 character');
  });

  it('tells other types apart', () => {
    expect(text(LINE).safeParse(7).success).toBe(false);
  });
});

describe('a cleaned text', () => {
  it('keeps what a text may have, and a blank for a break of the line', () => {
    expect(cleanText('a\0b\u202ec\ud83d\r\nd', { max: 20 })).toBe('abc  d');
    expect(cleanText('a\tb\nc', LINES)).toBe('a\tb\nc');
    expect(cleanText('😀'.repeat(12), LINE)).toBe('😀'.repeat(10));
  });

  it('is a text, whatever it was made of; and a text stays as it is', () => {
    const anything = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map(codeUnit) });
    const rule = fc.record({ max: fc.nat(20), lines: fc.boolean() });
    fc.assert(
      fc.property(anything, rule, (value, of) => {
        const clean = cleanText(value, of);
        expect(whyNoText(clean, of)).toBe(null);
        expect(cleanText(clean, of)).toBe(clean);
        if (whyNoText(value, of) === null) expect(clean).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });
});

function codeUnit(code: number): string {
  return String.fromCharCode(code);
}

/** What a client is told about one wrong field. */
const TOLD = [
  [
    'offers.create',
    { to: 'bob', give: [{ asset: 'ore', quantity: 1 }], want: [], message: 'gg\0' },
    'payload.message: character 3 is U+0000, which no text may have: leave it out',
  ],
  ['windows.report', { window: 1, reason: '' }, 'payload.reason: expected at least 1 character'],
  [
    'items.define',
    { item: 'ore', kind: 'commodity', attributes: { label: 'a\u202eb' } },
    'payload.attributes.label: character 2 is U+202E, which no text may have: leave it out',
  ],
  [
    'items.define',
    { item: 'ore', kind: 'commodity', attributes: { label: null } },
    'payload.attributes.label: expected a text, a whole number within 2^53 - 1 of zero, true or ' +
      'false',
  ],
  [
    'items.define',
    { item: 'ore', kind: 'commodity', attributes: { Label: 1 } },
    'payload.attributes.Label: expected a name of 1 to 32 of a-z, 0-9 and "_", with a letter first',
  ],
  [
    'listings.create',
    { item: 'Ore', quantity: 1, price: 1 },
    'payload.item: expected an item, such as "sword", or an instance with its serial, such as ' +
      '"sword#1"',
  ],
  [
    'bids.create',
    { item: 'ore', quantity: 1, price: 1, location: 'a b' },
    'payload.location: expected 1 to 64 of a-z, 0-9, ".", "_" and "-", with a letter or digit ' +
      'first',
  ],
  [
    'windows.invite',
    { player: '$house' },
    'payload.player: expected 1 to 64 of a-z, A-Z, 0-9, "._:@|-", with a letter or digit first',
  ],
  [
    'keys.get',
    { key: 'a b' },
    'payload.key: expected 1 to 64 printable ASCII characters without blanks',
  ],
  [
    'windows.confirm',
    { window: 1, manifest: 'x' },
    'payload.manifest: expected 64 hexadecimal digits in lower case',
  ],
] as const;

describe('a refusal', () => {
  it.each(TOLD)('of %s names the field and says what to do: %#', (command, payload, message) => {
    const frame = encodeRequest(1, command as CommandName, payload as never);
    expect(decodeRequest(frame)).toMatchObject({ ok: false, code: 'INVALID_REQUEST', message });
  });
});
