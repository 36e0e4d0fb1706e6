// A leader that wants to go, as the candidates see it: the lease goes to one that is ready, without
// a moment in which nobody has it; and when somebody dies, hangs or stops on the way, to another.

import { describe, expect, it, onTestFinished } from 'vitest';
import type { RealmKeys } from '../../src/cluster/keys.ts';
import { RedisLease } from '../../src/cluster/lease.ts';
import type { Links } from '../../src/cluster/links.ts';
import { quiet } from '../support/postgres.ts';
import { NO_REDIS, redisUrl, testKeys, testLinks, until } from '../support/redis.ts';

const LIFE_MS = 2_000;

const after = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

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
    expect((next?.seen.sinceMs ?? 0) - passedMs).toBeLessThan(500);
    await after(150);
    expect(other?.seen).toMatchObject({ leads: false, asked: [] });
    expect(leader.seen.losses).toBe(0);
  });

  it('does not wait when there is nobody else', async () => {
    const { leader } = await course();
    const beganMs = performance.now();
    expect(await leader.lease.summon(5_000)).toBe(false);
    expect(performance.now() - beganMs).toBeLessThan(3_000);
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
