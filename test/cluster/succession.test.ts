// The steps in which a realm is passed on, against a real Redis: one successor, who is asked, says
// when it is ready, and then has the lease alone. Whoever is silent or goes leaves it to the next.

import { describe, expect, it } from 'vitest';
import { type Heir, type Place, Succession } from '../../src/cluster/succession.ts';
import { NO_REDIS, redisUrl, testKeys, testLinks } from '../support/redis.ts';

const LIFE_MS = 2_000;
/** Of one who is not heard: it is no successor any more. */
const SUCCESSOR_MS = 1_000;
const READY_MS = 500;

const after = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

const WAYS = {
  seeks: (node: Succession) => node.seek(false),
  'seeks, ready': (node: Succession) => node.seek(true),
  asks: (node: Succession) => node.ask(),
  leaves: (node: Succession) => node.leave(),
  renews: (node: Succession) => node.renew(),
};

/** What a node does, and what it hears; or that nobody says anything for a while. */
type Step =
  | readonly [node: string, does: keyof typeof WAYS, hears: Place | Heir | boolean | string]
  | readonly [silence: number];

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
    ],
  ],
  [
    'a successor that is silent is none, and another one is asked',
    [
      ['ann', 'seeks', 'leads'],
      ['bob', 'seeks', 'waits'],
      ['ann', 'asks', 'preparing'],
      ['bob', 'seeks', 'asked'],
      [SUCCESSOR_MS + 50],
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
      [READY_MS + 50],
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
      [SUCCESSOR_MS - 50],
      ['bob', 'seeks', 'asked'],
      [100],
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
      if (step.length === 1) {
        await after(step[0]);
        continue;
      }
      const [node, does, hears] = step;
      const own = nodes.get(node) ?? new Succession({ redis, keys, node, lifeMs: LIFE_MS });
      nodes.set(node, own);
      const heard = await WAYS[does](own);
      expect(heard, `step ${at + 1}: ${node} ${does}`).toBe(hears);
    }
  });

  it('leave nothing in Redis that would stay there', async () => {
    const { keys } = testKeys();
    const { commands: redis } = await testLinks('all');
    const nodeOf = (node: string) => new Succession({ redis, keys, node, lifeMs: LIFE_MS });
    const [ann, bob] = [nodeOf('ann'), nodeOf('bob')];
    await ann.seek(false);
    await bob.seek(false);
    await ann.ask();
    await bob.seek(true);
    for (const key of [keys.lease, keys.successor, keys.asked, keys.ready]) {
      expect(await redis.pttl(key), key).toBeGreaterThan(0);
    }
  });
});
