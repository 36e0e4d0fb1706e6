// The lease against a real Redis: one holder at a time as far as Redis can tell, and a holder who
// knows by its own clock when it is not one any more.

import { describe, expect, it, onTestFinished } from 'vitest';
import type { RealmKeys } from '../../src/cluster/keys.ts';
import { RedisLease } from '../../src/cluster/lease.ts';
import type { Links } from '../../src/cluster/links.ts';
import { quiet } from '../support/postgres.ts';
import { NO_REDIS, readyOf, redisUrl, testKeys, testLinks, until } from '../support/redis.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const LIFE_MS = 400;

function leaseOf(links: Links, keys: RealmKeys, node: string) {
  const { commands: redis } = links;
  const lease = new RedisLease({ redis, keys, node, log: quiet, lifeMs: LIFE_MS });
  onTestFinished(() => lease.close());
  const seen = { isHeld: false, losses: 0 };
  lease.onLost(() => {
    seen.losses++;
    seen.isHeld = false;
  });
  const seek = () =>
    lease.acquire().then(isHeld => {
      seen.isHeld = isHeld;
      return isHeld;
    });
  return { lease, seen, seek };
}

const after = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe.skipIf(redisUrl === null)(`the lease${NO_REDIS}`, () => {
  it('has one holder, for as long as he renews it', async () => {
    const { keys } = testKeys();
    const links = await testLinks('a');
    const [one, other] = [leaseOf(links, keys, 'a'), leaseOf(links, keys, 'b')];
    expect(await one.seek()).toBe(true);
    void other.seek();
    for (let i = 0; i < 10; i++) {
      await after(LIFE_MS / 4);
      expect(await links.commands.get(keys.lease)).toBe('a');
      const restMs = await links.commands.pttl(keys.lease);
      expect(restMs).toBeGreaterThan(0);
      expect(restMs).toBeLessThanOrEqual(LIFE_MS);
    }
    expect([one.seen, other.seen]).toEqual([
      { isHeld: true, losses: 0 },
      { isHeld: false, losses: 0 },
    ]);
  });

  it('that is given up is the next one’s at once, and no loss', async () => {
    const { keys } = testKeys();
    const links = await testLinks('a');
    const [one, other] = [leaseOf(links, keys, 'a'), leaseOf(links, keys, 'b')];
    await one.seek();
    void other.seek();
    const beganMs = performance.now();
    await one.lease.giveUp();
    await until(() => other.seen.isHeld, 'the other has it');
    expect(performance.now() - beganMs).toBeLessThan(LIFE_MS);
    expect(one.seen.losses).toBe(0);
  });

  it('of a holder who is gone without a word ends with its life', async () => {
    const { keys } = testKeys();
    const links = await testLinks('a');
    const [one, other] = [leaseOf(links, keys, 'a'), leaseOf(links, keys, 'b')];
    await one.seek();
    one.lease.close();
    const beganMs = performance.now();
    expect(await other.seek()).toBe(true);
    expect(performance.now() - beganMs).toBeGreaterThan(LIFE_MS / 2);
  });

  it('that another one has is lost, once, and may be sought again', async () => {
    const { keys } = testKeys();
    const links = await testLinks('a');
    const { seek, seen } = leaseOf(links, keys, 'a');
    await seek();
    await links.commands.set(keys.lease, 'b', 'PX', LIFE_MS);
    await until(() => seen.losses > 0, 'the loss is told');
    await after(LIFE_MS);
    expect(seen).toEqual({ isHeld: false, losses: 1 });
    expect(await seek()).toBe(true);
    expect(await links.commands.get(keys.lease)).toBe('a');
  });

  it('is neither renewed nor given up by whoever does not hold it', async () => {
    const { keys } = testKeys();
    const links = await testLinks('a');
    const { lease, seek } = leaseOf(links, keys, 'a');
    await links.commands.set(keys.lease, 'b', 'PX', 5_000);
    void seek();
    await after(LIFE_MS);
    await lease.giveUp();
    expect(await links.commands.get(keys.lease)).toBe('b');
    expect(await links.commands.pttl(keys.lease)).toBeLessThanOrEqual(5_000 - LIFE_MS / 2);
  });

  it('that is emptied away is taken by another, and the holder hears of it', async () => {
    const { keys } = testKeys();
    const links = await testLinks('a');
    const { seek, seen } = leaseOf(links, keys, 'a');
    await seek();
    await links.commands.del(keys.lease);
    await until(() => seen.losses > 0, 'the loss is told');
  });

  it('is sought no more after the end, and then not kept', async () => {
    const { keys } = testKeys();
    const links = await testLinks('a');
    const { lease, seek } = leaseOf(links, keys, 'a');
    const sought = seek();
    lease.close();
    expect(await sought).toBe(false);
    expect(await seek()).toBe(false);
    await after(LIFE_MS / 4);
    expect(await links.commands.get(keys.lease)).toBeNull();
  });
});

describe.skipIf(redisUrl === null)(`a holder whose thread was busy${NO_REDIS}`, () => {
  /** Keeps this thread until `ms` after now. */
  const busy = (ms: number) => {
    const endsAtMs = performance.now() + ms;
    while (performance.now() < endsAtMs);
  };

  it('while Redis answered has the lease: he reads before he gives up', async () => {
    const { keys } = testKeys();
    const links = await testLinks('a');
    const { seek, seen } = leaseOf(links, keys, 'a');
    await seek();
    const { commands } = links;
    const ask = commands.eval.bind(commands);
    let blocks = 0;
    Object.assign(commands, {
      eval: (...of: Parameters<typeof ask>) => {
        const answer = ask(...of);
        // It is on its way, and renews: meanwhile the rest of the last life passes.
        if (blocks++ < 5) process.nextTick(busy, LIFE_MS * 0.7);
        return answer;
      },
    });
    await until(() => blocks > 5, 'it was renewed after that');
    expect(seen).toEqual({ isHeld: true, losses: 0 });
  });

  it('for longer than a life has lost it, and is told', async () => {
    const { keys } = testKeys();
    const links = await testLinks('a');
    const { seek, seen } = leaseOf(links, keys, 'a');
    await seek();
    busy(LIFE_MS * 1.2);
    await until(() => seen.losses > 0, 'the loss is told');
    expect(seen.losses).toBe(1);
  });
});

describe.skipIf(redisUrl === null)(`a holder who cannot reach Redis${NO_REDIS}`, () => {
  async function behindProxy() {
    const { keys } = testKeys();
    const url = new URL(redisUrl as string);
    const port = Number(url.port || 6379);
    const proxy = await TcpProxy.open({ host: url.hostname, port });
    onTestFinished(() => proxy.close());
    url.host = `127.0.0.1:${proxy.port}`;
    const links = await testLinks('a', url.href);
    return { proxy, links, ...leaseOf(links, keys, 'a') };
  }

  it('has lost it when its life is over by his own clock', async () => {
    const { proxy, seek, seen } = await behindProxy();
    await seek();
    const beganMs = performance.now();
    proxy.refuse();
    await until(() => seen.losses > 0, 'the loss is told');
    expect(performance.now() - beganMs).toBeLessThan(LIFE_MS * 2);
  });

  it('has lost it also when answers do not come, and does not wait for them', async () => {
    const { proxy, seek, seen } = await behindProxy();
    await seek();
    const beganMs = performance.now();
    proxy.delayMs = 10_000;
    await until(() => seen.losses > 0, 'the loss is told');
    expect(performance.now() - beganMs).toBeLessThan(LIFE_MS * 2);
  });

  it('gets it again when Redis is back', async () => {
    const { proxy, links, seek, seen } = await behindProxy();
    await seek();
    proxy.refuse();
    await until(() => seen.losses > 0, 'the loss is told');
    void seek();
    proxy.allow();
    await readyOf(links.commands);
    await until(() => seen.isHeld, 'it is held again');
  });
});
