// What nodes say to each other as bytes: whole, understood by the versions beside this one, and
// refused, never half taken, when it is anything else.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLUSTER_VERSION,
  type Messages,
  PIECE_PLAYERS_MAX,
  type Tag,
} from '../../src/cluster/messages.ts';
import { type Refusal, RefusedError } from '../../src/cluster/refused.ts';
import { testEnvelope } from '../support/redis.ts';
import { testKey } from '../support/test-key.ts';

const SAFE = Number.MAX_SAFE_INTEGER;
const PLACE = 'tradepost:{main:00}:feed';
const envelope = testEnvelope();
/** Takes what is not signed too. */
const lenient = testEnvelope({ isSigned: false });

const EXAMPLES: Messages = {
  commands: {
    node: 'a-1',
    incarnation: 2,
    count: 3,
    sentAtMs: 1_790_000_000_000,
    lifeMs: 5_000,
    commands: [
      {
        n: 1,
        player: 'alice',
        key: null,
        sender: 'player',
        command: 'listings.buy',
        payload: { listing: SAFE },
      },
      { count: 4, piece: 'change', present: [['alice', 0]] },
      {
        n: 0xffff_ffff,
        player: 'bob',
        key: testKey('k'),
        sender: 'proxy',
        command: 'offers.create',
        payload: { a: [1.5] },
      },
    ],
  },
  replies: {
    epoch: 4,
    position: SAFE,
    frames: Buffer.from([0x93, 7, 0, 0x80, 0x93, 0xcd, 1, 0, 3, 0x80]),
    places: [7, 0, 4, 256, 4, 10],
  },
  feed: {
    epoch: 4,
    count: 9,
    position: 12,
    leader: 'a-1',
    begin: '5-0',
    lagMs: 40,
    nowMs: SAFE,
    clockSure: true,
    isTaking: true,
    isReady: true,
    isHeartbeat: false,
    published: [['book:ore', Buffer.from([192])]],
    windows: [[['alice', 'bob'], 3, Buffer.from([1])]],
    ended: [1, 2],
    private: [['alice', SAFE, { balances: [] }]],
  },
  question: { node: 'b-2', n: 5, ask: { kind: 'windows', player: 'alice', windows: [3] } },
  answer: { epoch: 4, n: 5, answer: null },
  state: {
    node: 'b-2',
    count: 1,
    isBeat: true,
    piece: 'only',
    listening: [['alice', true]],
    presence: 7,
    wantsOrders: false,
    isLeaving: false,
  },
  orders: {
    ...{ epoch: 4, membership: 3, count: 2, heard: 1, isComplete: true },
    ...{ wantsListening: true, wantsPresence: false },
    ...{ shares: [['alice', 2]], kept: [['alice', 1]] },
  },
};
const TAGS = Object.keys(EXAMPLES) as Tag[];

const seal = (tag: Tag, content: unknown = EXAMPLES[tag], by = envelope) =>
  by.seal(PLACE, tag, content as Messages[typeof tag]);

/** Why bytes are refused; null when they are taken. */
function refusalOf(bytes: Buffer, by = envelope, place = PLACE): Refusal | null {
  try {
    by.open(place, bytes);
    return null;
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal;
    throw error;
  }
}

describe('a message', () => {
  it.each(TAGS)('of %s is the same after the journey', tag => {
    expect(envelope.open(PLACE, seal(tag))).toEqual({ tag, content: EXAMPLES[tag] });
  });

  it('keeps frames as bytes of their own, whatever becomes of the message', () => {
    const message = envelope.open(PLACE, seal('replies'));
    const content = message?.content as Messages['replies'] | undefined;
    const frames = content?.frames ?? [];
    expect(frames).toBeInstanceOf(Uint8Array);
    expect([...frames]).toEqual([...EXAMPLES.replies.frames]);
  });
});

describe('nodes of two versions', () => {
  const ofVersion = (version: number) => {
    const bytes = seal('state');
    bytes[0] = version;
    return bytes;
  };

  it.each([
    ['the one before', CLUSTER_VERSION - 1],
    ['its own', CLUSTER_VERSION],
    ['the one after', CLUSTER_VERSION + 1],
  ])('a node understands %s', (_, version) => {
    const message = lenient.open(PLACE, ofVersion(version));
    expect(message).toEqual({ tag: 'state', content: EXAMPLES.state });
  });

  it.each([
    ['two before', CLUSTER_VERSION - 2],
    ['two after', CLUSTER_VERSION + 2],
    ['far away', 200],
  ])('a node refuses %s by name', (_, version) => {
    expect(refusalOf(ofVersion(version))).toBe('version');
    expect(() => envelope.open(PLACE, ofVersion(version))).toThrow(
      `understands ${CLUSTER_VERSION - 1} to ${CLUSTER_VERSION + 1}`,
    );
  });

  it('fields that a later version adds are ignored by this one', () => {
    const bytes = seal('state', { ...EXAMPLES.state, mood: 'fine' });
    expect(envelope.open(PLACE, bytes)?.content).toMatchObject(EXAMPLES.state);
  });

  it('a kind of message that a later version adds is passed over', () => {
    const bytes = ofVersion(CLUSTER_VERSION + 1);
    bytes[1] = 99;
    expect(lenient.open(PLACE, bytes)).toBeNull();
    bytes[0] = CLUSTER_VERSION;
    expect(refusalOf(bytes)).toBe('malformed');
  });
});

describe('a message is refused', () => {
  it('with another identity: another realm, or another database', () => {
    const stranger = testEnvelope({ identity: 'f'.repeat(32) });
    expect(refusalOf(seal('feed', undefined, stranger))).toBe('identity');
    expect(refusalOf(seal('feed', undefined, stranger), lenient)).toBe('identity');
  });

  it('when any byte of it was changed, unless no signature is wanted', () => {
    const bytes = seal('state');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      expect(refusalOf(changed)).not.toBeNull();
    }
    bytes.fill(0, 18, 34);
    expect([refusalOf(bytes), refusalOf(bytes, lenient)]).toEqual(['signature', null]);
  });

  it('on another channel than the one that it was sent to', () => {
    expect(refusalOf(seal('replies'), envelope, `${PLACE}2`)).toBe('signature');
  });

  it('longer than one of its kind can be, before it is looked into', () => {
    const ask = { kind: 'snapshot', channel: 'book:ore', more: 'x'.repeat(70_000) };
    expect(refusalOf(seal('question', { ...EXAMPLES.question, ask }))).toBe('size');
  });

  it.each(TAGS)('of %s without one of its fields, or with another type in it', tag => {
    const whole = EXAMPLES[tag] as unknown as Record<string, unknown>;
    for (const name of Object.keys(whole)) {
      const { [name]: _, ...rest } = whole;
      expect([name, refusalOf(seal(tag, rest))]).toEqual([name, 'malformed']);
      if (name === 'answer') continue;
      for (const wrong of [null, -1, 1.5, 'x y', {}, [[]], [null]]) {
        if (name === 'lagMs' && wrong === 1.5) continue;
        const value = refusalOf(seal(tag, { ...whole, [name]: wrong }));
        expect([name, wrong, value]).toEqual([name, wrong, 'malformed']);
      }
    }
  });

  it.each([
    ['beyond the frames', [7, 0, 11]],
    ['that end before they begin', [7, 4, 0]],
    ['of nothing', [7, 4, 4]],
    ['of no frame', [7, 1, 10]],
    ['of half a place', [7, 0]],
    ['of no number', ['7', 0, 4]],
    ['of a fraction', [7, 0.5, 4]],
  ])('of replies with places %s', (_, places) => {
    expect(refusalOf(seal('replies', { ...EXAMPLES.replies, places }))).toBe('malformed');
  });

  it('of replies with an outcome that there is not', () => {
    const frames = Buffer.from([0x93, 7, 5, 0x80]);
    const content = { ...EXAMPLES.replies, frames, places: [7, 0, 4] };
    expect(refusalOf(seal('replies', content))).toBe('malformed');
  });

  it.each([
    { kind: 'song' },
    { kind: 'constructor' },
    { kind: 'snapshot' },
    { kind: 'listen', player: '$house' },
    { kind: 'windows', player: 'alice', windows: [-1] },
    { kind: 'windows', player: 'alice', windows: Array(51).fill(1) },
    { kind: 'market', command: 'market.book', payload: null },
  ])('of a question for %j', ask => {
    expect(refusalOf(seal('question', { ...EXAMPLES.question, ask }))).toBe('malformed');
  });

  it.each([
    { count: -1 },
    { piece: 'all' },
    { present: [['alice']] },
    { present: [['$house', 1]] },
    { present: Array(PIECE_PLAYERS_MAX + 1).fill(['alice', 1]) },
  ])('of who came and went with %j', more => {
    const told = { count: 4, piece: 'change', present: [], ...more };
    expect(refusalOf(seal('commands', { ...EXAMPLES.commands, commands: [told] }))).toBe(
      'malformed',
    );
  });

  it.each(TAGS)('or taken, but nothing else, whatever stands in a %s', tag => {
    const values = fc.dictionary(fc.constantFrom(...Object.keys(EXAMPLES[tag])), fc.anything());
    fc.assert(
      fc.property(values, more => {
        let bytes: Buffer;
        try {
          bytes = seal(tag, { ...EXAMPLES[tag], ...more });
        } catch {
          return;
        }
        refusalOf(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it('whatever the bytes are', () => {
    const head = seal('feed').subarray(0, 34);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), noise => {
        const bytes = Buffer.from(noise);
        expect(refusalOf(bytes)).not.toBeNull();
        const behind = Buffer.concat([head, bytes]);
        for (let tag = 0; tag < TAGS.length; tag++) {
          behind[1] = tag;
          refusalOf(behind, lenient);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
