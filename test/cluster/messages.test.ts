// What nodes say to each other as bytes: whole, and understood by the versions beside this one.

import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import {
  CLUSTER_VERSION,
  decodeMessage,
  encodeMessage,
  ForeignVersionError,
  type Messages,
  type Tag,
} from '../../src/cluster/messages.ts';

const packr = new Packr({ useRecords: false });
const SAFE = Number.MAX_SAFE_INTEGER;

const EXAMPLES: Messages = {
  commands: {
    node: 'a-1',
    incarnation: 2,
    count: 3,
    lifeMs: 5_000,
    commands: [
      { n: 1, player: 'alice', key: null, command: 'listings.buy', payload: { listing: SAFE } },
      { n: 0xffff_ffff, player: 'ömer', key: 'k', command: 'offers.create', payload: { a: [1.5] } },
    ],
  },
  replies: { epoch: 4, position: SAFE, frames: Buffer.from([1, 2, 255]), places: [7, 0, 3] },
  feed: {
    epoch: 4,
    count: 9,
    position: 12,
    leader: 'a-1',
    begin: '5-0',
    lagMs: 40,
    isHeartbeat: false,
    published: [['book:ore', Buffer.from([192])]],
    windows: [[['alice', 'bob'], 3, Buffer.from([1])]],
    ended: [1, 2],
    private: [['alice', SAFE, { balances: [] }]],
  },
  question: { node: 'b-2', n: 5, ask: { kind: 'window', player: 'alice', window: 3 } },
  answer: { epoch: 4, n: 5, answer: null },
  state: {
    node: 'b-2',
    count: 1,
    isComplete: true,
    listening: [['alice', true]],
    present: [['alice', 2]],
    isLeaving: false,
  },
  orders: {
    ...{ epoch: 4, wantsState: true, isComplete: true },
    ...{ shares: [['alice', 2]], kept: [['alice', 1]] },
  },
};

describe('a message', () => {
  it.each(Object.keys(EXAMPLES) as Tag[])('of %s is the same after the journey', tag => {
    const bytes = encodeMessage(tag, EXAMPLES[tag]);
    const { tag: read, content } = decodeMessage(bytes);
    expect(read).toBe(tag);
    expect(content).toEqual(EXAMPLES[tag]);
  });

  it('keeps frames as bytes of their own, whatever becomes of the message', () => {
    const bytes = encodeMessage('replies', EXAMPLES.replies);
    const message = decodeMessage(bytes);
    expect(message.tag).toBe('replies');
    const { frames } = message.content as Messages['replies'];
    expect(frames).toBeInstanceOf(Uint8Array);
    expect([...frames]).toEqual([1, 2, 255]);
  });
});

describe('nodes of two versions', () => {
  const ofVersion = (version: number) => packr.pack([version, 'state', EXAMPLES.state]);

  it.each([
    ['the one before', CLUSTER_VERSION - 1],
    ['its own', CLUSTER_VERSION],
    ['the one after', CLUSTER_VERSION + 1],
  ])('a node understands %s', (_, version) => {
    expect(decodeMessage(ofVersion(version))).toEqual({ tag: 'state', content: EXAMPLES.state });
  });

  it.each([
    ['two before', CLUSTER_VERSION - 2],
    ['two after', CLUSTER_VERSION + 2],
    ['a version that is no number', 'x'],
    ['no version', null],
  ])('a node refuses %s by name', (_, version) => {
    expect(() => decodeMessage(ofVersion(version as number))).toThrow(ForeignVersionError);
    expect(() => decodeMessage(ofVersion(version as number))).toThrow(
      `understands ${CLUSTER_VERSION - 1} to ${CLUSTER_VERSION + 1}`,
    );
  });

  it('fields that a later version adds are ignored by this one', () => {
    const later = { ...EXAMPLES.state, mood: 'fine' };
    const bytes = packr.pack([CLUSTER_VERSION + 1, 'state', later, 'more']);
    expect(decodeMessage(bytes).content).toMatchObject(EXAMPLES.state);
  });

  it.each([
    ['not a message at all', Buffer.from('hello')],
    ['an empty one', Buffer.alloc(0)],
    ['a number', packr.pack(7)],
    ['a list of nothing', packr.pack([])],
  ])('%s is refused', (_, bytes) => {
    expect(() => decodeMessage(bytes)).toThrow();
  });
});
