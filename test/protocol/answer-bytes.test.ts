// Whatever the server answers is within ANSWER_BYTES_MAX: of each command the largest result that
// its schema allows, of each channel the largest snapshot. That the reads keep to the schemas when
// the tables are full of the longest there is, is in test/reads/largest-answers.test.ts.

import { describe, expect, it } from 'vitest';
import { encodeEvent, encodeReply, withBudget } from '../../protocol/codec.ts';
import { COMMANDS, type CommandName } from '../../protocol/commands/registry.ts';
import { lineChange, manifestView, windowLogEntry, windowView } from '../../protocol/direct.ts';
import { EVENTS } from '../../protocol/events.ts';
import {
  AMOUNT_MAX,
  ANSWER_BYTES_MAX,
  CHANGES_PER_SIDE_MAX,
  FRAME_BYTES_MAX,
  LINES_PER_SIDE_MAX,
  REQUEST_ID_MAX,
} from '../../protocol/limits.ts';
import {
  CHANGE_BYTES,
  ENTRY_BYTES,
  MANIFEST_BYTES,
  PAGE_BYTES,
} from '../../src/reads/window-history.ts';
import { bytesOf, LONGEST_WORDS, largestResult, largestValue } from '../support/largest-value.ts';

const CHANNEL = 'x'.repeat(160);
const names = Object.keys(COMMANDS) as CommandName[];

function replyBytes(body: unknown): number {
  const frame = encodeReply(REQUEST_ID_MAX, 'ok', body as object);
  return withBudget(frame, { remaining: AMOUNT_MAX, refillMs: AMOUNT_MAX }).length;
}

describe('the largest answer', () => {
  it.each(names.filter(name => name !== 'windows.get'))('of %s is bounded', name => {
    expect(replyBytes(largestResult(name))).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
  });

  it('of windows.get is bounded by the weights of its pages', () => {
    const entry = largestValue(windowLogEntry) as object;
    const change = bytesOf(largestValue(lineChange));
    expect(bytesOf({ ...entry, changes: [] })).toBeLessThanOrEqual(ENTRY_BYTES);
    expect(change).toBeLessThanOrEqual(CHANGE_BYTES);
    expect(bytesOf(largestValue(manifestView))).toBeLessThanOrEqual(MANIFEST_BYTES);
    // The first moment of a page is always shown: a review, or one put, within the page anyway.
    const first = ENTRY_BYTES + 2 * CHANGE_BYTES * CHANGES_PER_SIDE_MAX + MANIFEST_BYTES;
    expect(first).toBeLessThanOrEqual(PAGE_BYTES);
    // What both sides had put before the page may be changed by its first entries.
    const before = 2 * LINES_PER_SIDE_MAX * CHANGE_BYTES;
    const window = largestValue(windowView);
    const nothing = { createdAtMs: AMOUNT_MAX, manifests: [], log: [], next: AMOUNT_MAX };
    // Two lists of up to 65,535 have two more bytes than empty ones each.
    const rest = replyBytes({ window, ...nothing }) + 4;
    expect(PAGE_BYTES + before + rest).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
  });

  it.each([
    ['book', EVENTS.book.snapshot],
    ['trades', EVENTS.trades.snapshot],
    ['ticker', EVENTS.ticker.snapshot],
    ['me', EVENTS.me.snapshot],
    ['me, in parts', EVENTS.me.part],
    ['window', EVENTS.window.snapshot],
  ] as const)('to a subscriber of %s is bounded', (_channel, schema) => {
    const data = largestValue(schema);
    const frame = encodeEvent(CHANNEL, AMOUNT_MAX, AMOUNT_MAX, AMOUNT_MAX, 'snapshot', data);
    expect(frame.length).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
  });

  it('that says no is bounded: a window as it is, or what was sent and is wrong', () => {
    const rejection = { code: 'STALE_REVISION', message: 'x'.repeat(200) };
    const details = { window: largestValue(windowView) };
    const unknownField = { message: 'x'.repeat(2 * FRAME_BYTES_MAX) };
    expect(replyBytes({ ...rejection, details })).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
    expect(replyBytes(unknownField)).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
  });

  it('has room for the words of every amount in every language', () => {
    expect(LONGEST_WORDS.length).toBeGreaterThan(200);
    expect(largestValue(manifestView)).toBeDefined();
  });
});
