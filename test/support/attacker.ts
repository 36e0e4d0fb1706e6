// Somebody who can write to the Redis of a realm, and read there, but not in its database: they
// know the realm's identity and everything that is sent, and not its secret.

import { Packr } from 'msgpackr';
import { onTestFinished } from 'vitest';
import { Envelope } from '../../src/cluster/envelope.ts';
import type { Messages, Tag } from '../../src/cluster/messages.ts';
import type { TestCluster } from './cluster-nodes.ts';
import { connectRedis } from './redis-server.ts';

const packr = new Packr({ useRecords: false });
const HEAD_BYTES = 34;
const TAGS_COUNT = 7;

/** Contents that a decoder, or whoever takes them, could choke on. */
const CONTENTS: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.from([0xc1]),
  // Lists and maps that say they are as long as can be.
  Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
  Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]),
  // A string and bytes that are longer than the message.
  Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff, 65]),
  Buffer.from([0xc6, 0x7f, 0xff, 0xff, 0xff]),
  // Extensions: a record, a date, a set, an error, a bundle of strings.
  ...[0x72, 0xff, 0x73, 0x65, 0x62].map(type => Buffer.from([0xc7, 4, type, 1, 2, 3, 4])),
  Buffer.from([0xd4, 0x72, 0x40, 0x91, 0xa1, 97, 1]),
  // Very deep.
  Buffer.alloc(100_000, 0x91),
  Buffer.from([0x81, 0xa9, ...Buffer.from('__proto__'), 0x80]),
  ...[null, true, 7, -1, 1.5, 'text', [], {}, [[]], { node: null }, { places: [1, 2, 3] }].map(
    value => Buffer.from(packr.pack(value)),
  ),
  Buffer.from(
    packr.pack({ epoch: 2 ** 53, position: -1, frames: Buffer.alloc(3), places: [1, 0, 999] }),
  ),
  Buffer.from(packr.pack({ node: 'x', n: 1, ask: { kind: 'snapshot', channel: 'window:x' } })),
];

export class Attacker {
  readonly cluster: TestCluster;
  readonly redis: ReturnType<typeof connectRedis>;
  readonly #envelope: Envelope;

  private constructor(cluster: TestCluster, identity: string) {
    this.cluster = cluster;
    this.redis = connectRedis(cluster.redisUrl, cluster.keys.commands);
    this.#envelope = new Envelope({ identity, secret: Buffer.alloc(32, 7), isSigned: false });
    onTestFinished(() => this.redis.disconnect());
  }

  static async of(cluster: TestCluster): Promise<Attacker> {
    return new Attacker(cluster, await cluster.identity());
  }

  /** Every channel that the nodes listen to. */
  get channels(): string[] {
    const { keys, nodes } = this.cluster;
    return [keys.feed, keys.leader, ...nodes.map(({ name }) => keys.node(name))];
  }

  /** A whole message, but for the secret. */
  forge<Name extends Tag>(place: string, tag: Name, content: Messages[Name]): Buffer {
    return this.#envelope.seal(place, tag, content);
  }

  /** What is no message, in all the ways that are known; some of it nearly is one. */
  garbage(place: string): Buffer[] {
    const answer = { epoch: 1, n: 1, answer: null };
    const whole = this.forge(place, 'answer', answer);
    const stranger = new Envelope({
      ...{ identity: 'f'.repeat(32), secret: Buffer.alloc(32), isSigned: false },
    });
    const all = [
      Buffer.alloc(0),
      Buffer.from('hello'),
      Buffer.alloc(5_000, 0xff),
      whole.subarray(1),
    ];
    all.push(stranger.seal(place, 'answer', answer), Buffer.concat([whole, whole]));
    for (let length = 1; length <= HEAD_BYTES; length += 11) all.push(whole.subarray(0, length));
    for (let tag = 0; tag <= TAGS_COUNT; tag++) {
      for (const content of CONTENTS) {
        const bytes = Buffer.concat([whole.subarray(0, HEAD_BYTES), content]);
        bytes[1] = tag;
        all.push(bytes);
      }
    }
    return all;
  }

  /** Publishes all garbage on all channels. Returns how much it was. */
  async publishGarbage(): Promise<number> {
    let count = 0;
    for (const channel of this.channels) {
      const all = this.garbage(channel);
      await Promise.all(all.map(bytes => this.redis.publish(channel, bytes)));
      count += all.length;
    }
    return count;
  }

  /** Puts all garbage into the stream. Returns how much it was. */
  async addGarbage(): Promise<number> {
    const { commands } = this.cluster.keys;
    const all = this.garbage(commands);
    await Promise.all(all.map(bytes => this.redis.xadd(commands, '*', 'c', bytes)));
    await this.redis.xadd(commands, '*', 'song', 'la');
    await this.redis.xadd(commands, '*', 'm', '');
    return all.length + 2;
  }
}
