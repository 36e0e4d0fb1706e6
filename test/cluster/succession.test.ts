// How a realm is passed on, against a real Redis: one successor, who is asked, says when it is
// ready, and then has the lease at once and alone. Whoever dies, freezes or goes on the way leaves
// it to the next.

import { describe, expect, it, onTestFinished } from 'vitest';
import type { RealmKeys } from '../../src/cluster/keys.ts';
import { RedisLease } from '../../src/cluster/lease.ts';
import type { Links } from '../../src/cluster/links.ts';
import { type Heir, type Place, Succession } from '../../src/cluster/succession.ts';
import { quiet } from '../support/postgres.ts';
import { NO_REDIS, redisUrl, testKeys, testLinks, until } from '../support/redis.ts';

const LIFE_MS = 2_000;
/** Of one who is not heard: it is no successor any more. */
const SUCCESSOR_MS = 1_000;
const READY_MS = 500;

const after = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** What a node says, and what it hears. */
type Step =
  | readonly [node: string, does: 'seeks' | 'seeks, ready', hears: Place]
  | readonly [node: string, does: 'asks', hears: Heir]
  | readonly [node: string, does: 'leaves', hears: string]
  | readonly [node: string, does: 'renews', hears: boolean]
  | readonly ['time', ms: number];

const COURSES: readonly (readonly [title: string, steps: readonly Step[]])[] = [
  [
    'a lease is passed to the successor that is ready, and to nobody else',
    [
      ['ann', 'seeks', 'leads'],
      ['bob', 'seeks', 'waits'],
      ['cat', 'seeks', 'waits'],
      ['ann', 'asks', 'preparing'],
      ['cat', 'seeks', 'waits'],
      ['bob', 'seeks', 'asked'],
      ['ann', 'asks', 'preparing'],
      ['bob', 'seeks, ready', 'asked'],
      ['ann', 'asks', 'ready'],
      ['ann', 'leaves', 'bob'],
      ['cat', 'seeks', 'waits'],
      ['ann', 'renews', false],
      ['bob', 'seeks, ready', 'leads'],
      ['bob', 'renews', true],
    ],
  ],
  [
    'the next in line is whoever waits when the successor leads',
    [
      ['ann', 'seeks', 'leads'],
      ['bob', 'seeks', 'waits'],
      ['ann', 'asks', 'preparing'],
      ['bob', 'seeks, ready', 'asked'],
      ['ann', 'leaves', 'bob'],
      ['cat', 'seeks', 'waits'],
      ['bob', 'seeks', 'leads'],
      ['bob', 'asks', 'preparing'],
      ['cat', 'seeks', 'asked'],
    ],
  ],
  [
    'a leader hears that there is no successor, and leaves the lease to anybody',
    [
      ['ann', 'seeks', 'leads'],
      ['ann', 'asks', 'none'],
      ['ann', 'leaves', ''],
      ['cat', 'seeks', 'leads'],
    ],
  ],
  [
    'a lease is not passed to a successor that is not ready',
    [
      ['ann', 'seeks', 'leads'],
      ['bob', 'seeks', 'waits'],
      ['ann', 'asks', 'preparing'],
      ['bob', 'seeks', 'asked'],
      ['ann', 'leaves', ''],
      ['cat', 'seeks', 'leads'],
      ['bob', 'seeks', 'waits'],
    ],
  ],
  [
    'nobody is ready who was not asked',
    [
      ['ann', 'seeks', 'leads'],
      ['bob', 'seeks, ready', 'waits'],
      ['ann', 'leaves', ''],
      ['cat', 'seeks', 'leads'],
    ],
  ],
  [
    'a successor that is silent is none, and another one is asked',
    [
      ['ann', 'seeks', 'leads'],
      ['bob', 'seeks', 'waits'],
      ['ann', 'asks', 'preparing'],
      ['bob', 'seeks', 'asked'],
      ['time', SUCCESSOR_MS + 50],
      ['ann', 'asks', 'none'],
      ['cat', 'seeks', 'waits'],
      ['bob', 'seeks', 'waits'],
      ['ann', 'asks', 'preparing'],
      ['cat', 'seeks, ready', 'asked'],
      ['ann', 'leaves', 'cat'],
    ],
  ],
  [
    'a successor that was ready and has been silent since is not passed the lease',
    [
      ['ann', 'seeks', 'leads'],
      ['bob', 'seeks', 'waits'],
      ['ann', 'asks', 'preparing'],
      ['bob', 'seeks, ready', 'asked'],
      ['ann', 'asks', 'ready'],
      ['time', READY_MS + 50],
      ['ann', 'asks', 'preparing'],
      ['ann', 'leaves', ''],
    ],
  ],
  [
    'a successor that goes gives its place up, and the lease if it was just passed',
    [
      ['ann', 'seeks', 'leads'],
      ['bob', 'seeks', 'waits'],
      ['bob', 'leaves', ''],
      ['cat', 'seeks', 'waits'],
      ['ann', 'asks', 'preparing'],
      ['cat', 'seeks, ready', 'asked'],
      ['ann', 'leaves', 'cat'],
      ['cat', 'leaves', ''],
      ['bob', 'seeks', 'leads'],
    ],
  ],
  [
    'what a leader asked ends with it: the next one wants nothing',
    [
      ['ann', 'seeks', 'leads'],
      ['bob', 'seeks', 'waits'],
      ['ann', 'asks', 'preparing'],
      ['ann', 'leaves', ''],
      ['cat', 'seeks', 'leads'],
      ['bob', 'seeks, ready', 'waits'],
      ['cat', 'asks', 'preparing'],
      ['bob', 'seeks', 'asked'],
      ['time', SUCCESSOR_MS - 50],
      ['bob', 'seeks', 'asked'],
      ['time', 100],
      ['bob', 'seeks', 'waits'],
    ],
  ],
  [
    'who does not lead can neither ask nor pass anything on',
    [
      ['ann', 'seeks', 'leads'],
      ['bob', 'seeks', 'waits'],
      ['bob', 'asks', 'gone'],
      ['cat', 'leaves', ''],
      ['cat', 'renews', false],
      ['ann', 'asks', 'preparing'],
    ],
  ],
];

describe.skipIf(redisUrl === null)(`the steps of a succession${NO_REDIS}`, () => {
  it.each(COURSES)('%s', async (_, steps) => {
    const { keys } = testKeys();
    const { commands: redis } = await testLinks('all');
    const nodes = new Map<string, Succession>();
    for (const [at, step] of steps.entries()) {
      if (step[0] === 'time') {
        await after(step[1] as number);
        continue;
      }
      const [node, does, hears] = step;
      const own = nodes.get(node) ?? new Succession({ redis, keys, node, lifeMs: LIFE_MS });
      nodes.set(node, own);
      const heard =
        does === 'asks'
          ? await own.ask()
          : does === 'leaves'
            ? await own.leave()
            : does === 'renews'
              ? await own.renew()
              : await own.seek(does === 'seeks, ready');
      expect(heard, `step ${at + 1}: ${node} ${does}`).toBe(hears);
    }
  });

  it('leaves nothing in Redis that would stay there', async () => {
    const { keys } = testKeys();
    const { commands: redis } = await testLinks('all');
    const [ann, bob] = ['ann', 'bob'].map(
      node => new Succession({ redis, keys, node, lifeMs: LIFE_MS }),
    );
    await ann?.seek(false);
    await bob?.seek(false);
    await ann?.ask();
    await bob?.seek(true);
    for (const key of [keys.lease, keys.successor, keys.asked, keys.ready]) {
      expect(await redis.pttl(key), key).toBeGreaterThan(0);
    }
  });
});

/** A node that seeks the lease, and is ready `preparingMs` after it was asked to be. */
function nodeOf(links: Links, keys: RealmKeys, node: string, preparingMs = 0) {
  const { commands: redis } = links;
  const lease = new RedisLease({ redis, keys, node, log: quiet, lifeMs: LIFE_MS });
  onTestFinished(() => lease.close());
  const seen = { leads: false, sinceMs: 0, losses: 0, asked: [] as boolean[] };
  let readyAtMs = Number.POSITIVE_INFINITY;
  lease.onLost(() => seen.losses++);
  lease.onAsked(
    isAsked => {
      seen.asked.push(isAsked);
      readyAtMs = isAsked ? performance.now() + preparingMs : Number.POSITIVE_INFINITY;
    },
    () => performance.now() >= readyAtMs,
  );
  const seek = async () => {
    seen.leads = await lease.acquire();
    seen.sinceMs = performance.now();
  };
  return { lease, seen, seek };
}

describe.skipIf(redisUrl === null)(`a leader that wants to go${NO_REDIS}`, () => {
  async function course(...preparingMs: number[]) {
    const { keys } = testKeys();
    const links = await testLinks('all');
    const leader = nodeOf(links, keys, 'leader');
    await leader.seek();
    const waiting = preparingMs.map((ms, index) => nodeOf(links, keys, `node${index + 1}`, ms));
    for (const { seek } of waiting) {
      void seek();
      await after(20);
    }
    return { links, keys, leader, waiting };
  }

  it('keeps the lease until the successor is ready, and then that one has it at once', async () => {
    const { leader, waiting } = await course(600, 0);
    const [next, other] = waiting;
    const beganMs = performance.now();
    expect(await leader.lease.summon(5_000)).toBe(true);
    expect(performance.now() - beganMs).toBeGreaterThan(600);
    expect(leader.seen).toMatchObject({ leads: true, losses: 0 });
    expect(next?.seen).toMatchObject({ leads: false, asked: [true] });
    // Something is left to do for the leader; the successor stays ready meanwhile.
    await after(700);
    const passedMs = performance.now();
    await leader.lease.giveUp();
    await until(() => next?.seen.leads === true, 'the successor leads');
    expect((next?.seen.sinceMs ?? 0) - passedMs).toBeLessThan(60);
    await after(150);
    expect(other?.seen).toMatchObject({ leads: false, asked: [] });
    expect(leader.seen.losses).toBe(0);
  });

  it('does not wait when there is nobody else', async () => {
    const { leader } = await course();
    const beganMs = performance.now();
    expect(await leader.lease.summon(5_000)).toBe(false);
    expect(performance.now() - beganMs).toBeLessThan(600);
  });

  it('does not wait for ever, and leaves the lease to whoever is first', async () => {
    const { leader, waiting } = await course(10_000);
    const beganMs = performance.now();
    expect(await leader.lease.summon(800)).toBe(false);
    expect(performance.now() - beganMs).toBeGreaterThan(790);
    await leader.lease.giveUp();
    await until(() => waiting[0]?.seen.leads === true, 'somebody leads');
  });

  it('asks the next one when the successor is gone without a word', async () => {
    const { leader, waiting } = await course(10_000, 100);
    const [gone, next] = waiting;
    const summoned = leader.lease.summon(5_000);
    await until(() => gone?.seen.asked.length === 1, 'the successor is asked');
    gone?.lease.close();
    expect(await summoned).toBe(true);
    await leader.lease.giveUp();
    await until(() => next?.seen.leads === true, 'the other one leads');
  });

  it('and changes nothing by it for the others when it dies on the way', async () => {
    const { leader, waiting, links, keys } = await course(10_000);
    const [next] = waiting;
    void leader.lease.summon(5_000);
    await until(() => next?.seen.asked.length === 1, 'the successor is asked');
    leader.lease.close();
    await links.commands.set(keys.lease, 'somebody', 'PX', 10_000);
    await until(() => next?.seen.asked.length === 2, 'it is not asked any more');
    expect(next?.seen).toMatchObject({ leads: false, asked: [true, false] });
  });

  it('does not hand over to a successor that stops in that moment', async () => {
    const { leader, waiting, links, keys } = await course(0, 0);
    const [next, other] = waiting;
    await leader.lease.summon(5_000);
    next?.lease.close();
    await Promise.all([leader.lease.giveUp(), next?.lease.giveUp()]);
    await until(() => other?.seen.leads === true, 'the other one leads', 1_000);
    expect(await links.commands.get(keys.lease)).toBe('node2');
  });
});
