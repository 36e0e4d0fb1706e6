// The golden frames in protocol/vectors, proved in both directions against a second MessagePack
// implementation. `VECTORS=write npx vitest run test/protocol/vectors.test.ts` writes them anew.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as other from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import {
  decodeRequest,
  decodeServerFrame,
  encode,
  encodeEvent,
  encodeReply,
  encodeRequest,
  withBudget,
} from '../../protocol/codec.ts';
import { COMMANDS, type CommandName, type Payload } from '../../protocol/commands/registry.ts';
import { EVENT_KINDS, EVENTS } from '../../protocol/events.ts';
import { OUTCOMES, REJECTS, type RejectBody } from '../../protocol/rejects.ts';
import { goldenEvents, goldenReplies, goldenRequests } from '../support/golden-frames.ts';
import { bytesOf, hexOf } from '../support/hex.ts';
import { refusedFrames } from '../support/refused-frames.ts';

const folder = new URL('../../protocol/vectors/', import.meta.url);

const requests = goldenRequests.map(({ name, frame }) => {
  const [id, command, payload, key, player] = frame;
  const more = { key: key ?? null, player: player ?? null };
  const bytes = encodeRequest(id, command, payload as Payload<CommandName>, more);
  return { name, hex: hexOf(bytes), value: frame as readonly unknown[] };
});

const replies = goldenReplies.map(({ name, id: given, outcome, body, budget }, index) => {
  const id = given === undefined ? index + 1 : given;
  const plain = encodeReply(id, outcome, body);
  const bytes = budget === undefined ? plain : withBudget(plain, budget);
  const value: readonly unknown[] = [id, OUTCOMES.indexOf(outcome), body];
  return { name, hex: hexOf(bytes), value: budget === undefined ? value : [...value, budget] };
});

const events = goldenEvents.map(({ name, frame }) => ({
  name,
  hex: hexOf(encodeEvent(...frame)),
  value: frame as readonly unknown[],
}));

const files = {
  'requests.json': requests,
  'replies.json': replies,
  'events.json': events,
  'refused.json': refusedFrames,
};

function textOf(rows: readonly object[]): string {
  return `[\n${rows.map(row => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`;
}

if (process.env.VECTORS === 'write') {
  for (const [name, rows] of Object.entries(files)) {
    writeFileSync(new URL(name, folder), textOf(rows));
  }
}

describe.each(Object.entries(files))('protocol/vectors/%s', (name, rows) => {
  it('has the bytes that this version writes', () => {
    expect(existsSync(new URL(name, folder))).toBe(true);
    expect(readFileSync(new URL(name, folder), 'utf8')).toBe(textOf(rows));
  });

  it('has unique names', () => {
    expect(new Set(rows.map(row => row.name)).size).toBe(rows.length);
  });
});

describe('a second MessagePack implementation', () => {
  it.each([...requests, ...replies, ...events])('reads and writes the same bytes: $name', row => {
    expect(other.decode(bytesOf(row.hex))).toEqual(row.value);
    expect(hexOf(other.encode(row.value))).toBe(row.hex);
    expect(hexOf(encode(row.value))).toBe(row.hex);
  });

  it.each(requests)('writes a request in other encodings, and it means the same: $name', row => {
    const wide = other.encode(withBigInts(row.value), { useBigInt64: true });
    expect(wide.length).toBeGreaterThan(row.hex.length / 2);
    expect(decodeRequest(wide)).toEqual(decodeRequest(bytesOf(row.hex)));
  });
});

/** Every integer as a bigint, which the other implementation writes in 64 bits. */
function withBigInts(value: unknown): unknown {
  if (typeof value === 'number') return BigInt(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withBigInts);
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, withBigInts(v)]));
}

describe('the golden requests', () => {
  it('show every command', () => {
    const shown = new Set(goldenRequests.map(({ frame }) => frame[1]));
    expect([...shown].sort()).toEqual(Object.keys(COMMANDS).sort());
  });

  it.each(requests)('are decoded to what they say: $name', ({ hex, value }) => {
    const [id, command, payload, key = null, player = null] = value;
    expect(decodeRequest(bytesOf(hex))).toEqual({ ok: true, id, command, payload, key, player });
  });
});

describe('the golden replies', () => {
  it('show every reject code and every outcome', () => {
    const codes = goldenReplies.map(({ body }) => (body as Partial<RejectBody>).code);
    expect(codes).toEqual(expect.arrayContaining(Object.keys(REJECTS)));
    expect(new Set(goldenReplies.map(reply => reply.outcome)).size).toBe(OUTCOMES.length);
  });

  it.each(goldenReplies.filter(reply => reply.answers !== null))(
    'fit the result schema of their command: $name',
    ({ answers, body }) => {
      expect(COMMANDS[answers as CommandName].result.parse(body)).toEqual(body);
    },
  );

  it.each(replies)('are decoded to what they say: $name', ({ hex, value }) => {
    const [id, outcome, body, budget] = value;
    const reply = { type: 'reply', id, outcome: OUTCOMES[outcome as number], body };
    expect(decodeServerFrame(bytesOf(hex))).toEqual(
      value.length === 4 ? { ...reply, budget } : reply,
    );
  });
});

describe('the golden events', () => {
  it('show every family with every kind it has', () => {
    const shown = new Set(goldenEvents.map(({ frame }) => `${familyOf(frame[0])} ${frame[4]}`));
    for (const [family, kinds] of Object.entries(EVENTS)) {
      for (const kind of Object.keys(kinds)) expect(shown).toContain(`${family} ${kind}`);
    }
    expect(new Set(goldenEvents.map(({ frame }) => frame[4])).size).toBe(EVENT_KINDS.length);
  });

  it.each(goldenEvents)('fit the schema of their data: $name', ({ frame }) => {
    const [channel, , , , kind, data] = frame;
    if (kind === 'heartbeat') {
      expect(data).toBeNull();
      return;
    }
    const schemas: Record<string, { parse(value: unknown): unknown }> = EVENTS[familyOf(channel)];
    expect(schemas[kind]?.parse(data)).toEqual(data);
  });

  it.each(events)('are decoded to what they say: $name', ({ hex, value }) => {
    const [channel, epoch, sequence, previousSequence, kind, data] = value;
    const event = { channel, epoch, sequence, previousSequence, kind, data };
    expect(decodeServerFrame(bytesOf(hex))).toEqual({ type: 'event', ...event });
  });
});

function familyOf(channel: string): keyof typeof EVENTS {
  return channel.split(':')[0] as keyof typeof EVENTS;
}

describe('the refused frames', () => {
  it.each(refusedFrames)('are refused with $code: $name', ({ hex, code, id, path }) => {
    expect(decodeRequest(bytesOf(hex))).toMatchObject({ ok: false, code, id, path });
  });
});
