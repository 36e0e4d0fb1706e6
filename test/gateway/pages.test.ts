import { describe, expect, test } from 'vitest';
import { SCRAPE_AGE_MS } from '../../src/gateway/http.ts';
import { ListenError } from '../../src/gateway/listening.ts';
import { LoopDelay } from '../../src/gateway/loop-delay.ts';
import { sleep, startGateway } from '../support/gateway-fixture.ts';

describe('pages', () => {
  test('/health answers as soon as the process listens', async () => {
    const { port } = await startGateway({ attach: false });
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    expect([response.status, await response.text()]).toEqual([200, 'alive\n']);
  });

  test('/ready says why not', async () => {
    const { port, realm, gateway } = await startGateway();
    const ready = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/ready`);
      return { status: response.status, body: (await response.json()) as object };
    };
    expect(await ready()).toEqual({
      status: 200,
      body: {
        leading: true,
        databaseReachable: true,
        projectionLagMs: 3,
        quarantined: 0,
        clockSure: true,
        refusal: null,
        ready: true,
        draining: false,
      },
    });
    realm.ready = { ...realm.ready, databaseReachable: false, ready: false };
    expect(await ready()).toMatchObject({ status: 503, body: { databaseReachable: false } });
    realm.ready = { ...realm.ready, databaseReachable: true, ready: true };
    gateway.drain();
    expect(await ready()).toMatchObject({ status: 503, body: { draining: true, ready: false } });
  });

  test('/ready is 503 without a realm', async () => {
    const { port } = await startGateway({ attach: false });
    expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(503);
  });

  test('/metrics counts commands, sockets, closes and latency', async () => {
    const { opsPort, enter, connect, realm } = await startGateway();
    const client = await enter('alice');
    await connect();
    await client.ask('purchases.create', { listing: 1, quantity: 1 });
    realm.answer = () => ({ outcome: 'rejected', body: { code: 'SELF_TRADE', message: '' } });
    await client.ask('purchases.create', { listing: 1, quantity: 1 });
    await client.ask('wallet.get', {});
    await client.ask('wallet.grant', { player: 'a', asset: 'ore', quantity: 1 });
    const gone = await enter('bob');
    gone.terminate();
    await gone.ended;
    const response = await fetch(`http://127.0.0.1:${opsPort}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    for (const line of [
      'tradepost_commands_total{command="purchases.create",outcome="ok"} 1',
      'tradepost_commands_total{command="purchases.create",outcome="rejected"} 1',
      'tradepost_commands_total{command="wallet.get",outcome="ok"} 1',
      'tradepost_commands_total{command="wallet.grant",outcome="invalid"} 1',
      'tradepost_commands_total{command="session.open",outcome="ok"} 2',
      'tradepost_command_seconds_count 2',
      'tradepost_command_seconds_bucket{le="+Inf"} 2',
      'tradepost_read_seconds_count 1',
      'tradepost_sockets 2',
      'tradepost_sessions 1',
      'tradepost_buffered_bytes 0',
      'tradepost_closed_sockets_total{close="lost"} 1',
      'tradepost_closed_sockets_total{close="slowConsumer"} 0',
      'tradepost_event_loop_delay_seconds{quantile="0.99"}',
    ]) {
      expect(text).toContain(line);
    }
    const buckets = [...text.matchAll(/command_seconds_bucket\{le="[^"]+"\} (\d+)/g)];
    const counts = buckets.map(([, count]) => Number(count));
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });
});

describe('what operators see', () => {
  test('is on a port of its own, the state on both', async () => {
    const { port, opsPort } = await startGateway();
    const status = async (at: number, path: string) =>
      (await fetch(`http://127.0.0.1:${at}${path}`)).status;
    for (const path of ['/health', '/ready']) {
      expect([await status(port, path), await status(opsPort, path)], path).toEqual([200, 200]);
    }
    expect([await status(port, '/metrics'), await status(opsPort, '/metrics')]).toEqual([404, 200]);
    expect([await status(opsPort, '/ws'), await status(opsPort, '/')]).toEqual([404, 404]);
  });

  test('is put together once a second, however often it is asked for', async () => {
    const { opsPort, gateway } = await startGateway();
    let scrapes = 0;
    const metrics = gateway.registry.metrics.bind(gateway.registry);
    gateway.registry.metrics = () => {
      scrapes += 1;
      return metrics();
    };
    const scrape = async () => (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
    const texts = await Promise.all(Array.from({ length: 200 }, scrape));
    expect([scrapes, new Set(texts).size]).toEqual([1, 1]);
    await sleep(SCRAPE_AGE_MS + 50);
    await scrape();
    expect(scrapes).toBe(2);
  });

  test('shows a delay to everybody who looks, for a fixed time', async () => {
    const delay = new LoopDelay([0.5, 1], 400);
    await sleep(100);
    const busyUntilMs = performance.now() + 150;
    while (performance.now() < busyUntilMs);
    await sleep(20);
    const looks = Array.from({ length: 10 }, () => delay.seconds()[1] as number);
    for (const worst of looks) expect(worst).toBeGreaterThan(0.1);
    await sleep(1_000);
    expect(delay.seconds()[1]).toBeLessThan(0.1);
    delay.stop();
  });
});

describe('listening', () => {
  test('on a port that is taken is refused', async () => {
    const { port } = await startGateway();
    const second = await startGateway();
    const listening = second.gateway.listen('127.0.0.1', port);
    await expect(listening).rejects.toThrow(ListenError);
    await expect(listening).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: another process has this port.`,
    );
  });

  test('at an address of another machine is refused with what is wrong', async () => {
    const { gateway } = await startGateway();
    // An address of the documentation networks.
    const listening = gateway.listen('192.0.2.1', 7_777);
    await expect(listening).rejects.toThrow('192.0.2.1:7777: HOST is no address of this machine.');
    const looking = gateway.listenOps('192.0.2.1', 7_778);
    await expect(looking).rejects.toThrow('192.0.2.1:7778: OPS_HOST is no address of this');
  });
});
