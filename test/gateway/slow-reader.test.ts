import { afterEach, describe, expect, test } from 'vitest';
import { decodeServerFrame, encodeEvent, encodeRequest } from '../../protocol/codec.ts';
import { emptyEvent, type Fixture, sleep, startGateway } from '../support/gateway-fixture.ts';
import { clientFrame, RawSocket } from '../support/raw-socket.ts';

const open: RawSocket[] = [];
afterEach(() => {
  for (const raw of open.splice(0)) raw.destroy();
});

const LOAD = 'x'.repeat(60_000);
const CLOSE = 8;

/** A raw socket that follows `channels` and reads nothing after the snapshots. */
async function stuck(fixture: Fixture, player: string, channels: string[]): Promise<RawSocket> {
  const raw = await RawSocket.upgraded(fixture.port);
  open.push(raw);
  const token = await fixture.token(player, 'service');
  raw.write(clientFrame(encodeRequest(0, 'session.open', { token })));
  raw.write(clientFrame(encodeRequest(1, 'session.subscribe', { channels })));
  // A subscriber that came too early would be refused: opening takes a moment.
  await raw.until(() => raw.frames().length >= 2);
  raw.write(clientFrame(encodeRequest(2, 'session.subscribe', { channels })));
  await raw.until(() => raw.frames().length >= 3 + channels.length);
  raw.pause();
  return raw;
}

function publish({ gateway, realm }: Fixture, channel: string): void {
  const previous = realm.sequence;
  realm.sequence += 1;
  const data = { trades: [], load: LOAD };
  gateway.publish(
    channel,
    encodeEvent(channel, realm.epoch, realm.sequence, previous, 'delta', data),
  );
}

const privateEvent = { ...emptyEvent(1), load: LOAD };

async function metric({ gateway }: Fixture, line: RegExp): Promise<number> {
  return Number(line.exec(await gateway.registry.metrics())?.[1] ?? Number.NaN);
}

describe('slow readers of public channels', () => {
  test('are paused, miss nothing that matters, and slow nobody down', async () => {
    const fixture = await startGateway();
    const slow = await stuck(fixture, 'slow', ['book:ore', 'trades:ore']);
    const quick = await fixture.enter('quick');
    await quick.ask('session.subscribe', { channels: ['book:ore'] });
    let published = 0;
    const deadlineMs = Date.now() + 4_000;
    while (!((await metric(fixture, /tradepost_slow_reader_pauses_total (\d+)/)) > 0)) {
      expect(Date.now()).toBeLessThan(deadlineMs);
      for (let i = 0; i < 4; i++) publish(fixture, 'book:ore');
      published += 4;
      await sleep(10);
    }
    // Paused: nothing piles up any more, whatever is published.
    const buffered = () => metric(fixture, /tradepost_buffered_bytes (\d+)/);
    const before = await buffered();
    for (let i = 0; i < 20; i++) publish(fixture, 'book:ore');
    published += 20;
    expect((await quick.received('book:ore', published + 1)).length).toBe(published + 1);
    expect(await buffered()).toBeLessThanOrEqual(before);
    expect(fixture.gateway.hasSubscribers('book:ore')).toBe(true);

    const last = fixture.realm.sequence;
    slow.resume();
    const stories = () =>
      slow
        .frames()
        .map(({ payload }) => decodeServerFrame(new Uint8Array(payload)))
        .flatMap(frame => (frame?.type === 'event' ? [frame] : []));
    await slow.until(() =>
      ['book:ore', 'trades:ore'].every(channel =>
        stories().some(
          ({ channel: name, kind, sequence }) =>
            name === channel && kind === 'snapshot' && sequence === last,
        ),
      ),
    );
    // From the last snapshot on the chain is whole again.
    publish(fixture, 'book:ore');
    await slow.until(() => stories().at(-1)?.previousSequence === last);
  });
});

describe('slow readers of private events', () => {
  test('are closed slowConsumer, which they learn when they read again', async () => {
    const fixture = await startGateway();
    const slow = await stuck(fixture, 'slow', ['me']);
    const other = await fixture.enter('other');
    await other.ask('session.subscribe', { channels: ['me'] });
    const closes = () =>
      metric(fixture, /tradepost_closed_sockets_total\{close="slowConsumer"\} (\d+)/);
    let sequence = 1_000;
    const deadlineMs = Date.now() + 4_000;
    while ((await closes()) === 0) {
      expect(Date.now()).toBeLessThan(deadlineMs);
      for (let i = 0; i < 4; i++) {
        sequence += 1;
        fixture.gateway.publishPrivate('slow', sequence, privateEvent);
      }
      await sleep(2);
    }
    expect((await other.ask('session.ping', {})).outcome).toBe('ok');
    slow.resume();
    await slow.until(() => slow.ended);
    const frames = slow.frames();
    expect(frames.at(-1)?.opcode).toBe(CLOSE);
    expect(frames.at(-1)?.payload.readUInt16BE(0)).toBe(4508);
    // Nothing was dropped in between: the chain is whole up to the close.
    const events = frames
      .map(({ payload }) => decodeServerFrame(new Uint8Array(payload)))
      .flatMap(frame => (frame?.type === 'event' && frame.kind === 'event' ? [frame] : []));
    for (let i = 1; i < events.length; i++) {
      expect(events[i]?.previousSequence).toBe(events[i - 1]?.sequence);
    }
    expect(events.length).toBeGreaterThan(1);
  });

  test('of a window are closed just so, without a gap before the end', async () => {
    const fixture = await startGateway();
    fixture.realm.windowPlayers.set(1, ['slow', 'other']);
    const slow = await stuck(fixture, 'slow', ['window:1']);
    const other = await fixture.enter('other');
    await other.ask('session.subscribe', { channels: ['window:1'] });
    const closes = () =>
      metric(fixture, /tradepost_closed_sockets_total\{close="slowConsumer"\} (\d+)/);
    const { gateway, realm } = fixture;
    const deadlineMs = Date.now() + 4_000;
    let published = 0;
    while ((await closes()) === 0) {
      expect(Date.now()).toBeLessThan(deadlineMs);
      for (let i = 0; i < 4; i++, published++) {
        const at = ++realm.sequence;
        const frame = encodeEvent('window:1', realm.epoch, at, at - 1, 'event', { load: LOAD });
        gateway.publishWindow(['slow', 'other'], 1, frame);
      }
      await sleep(2);
    }
    await other.received('window:1', published + 1);
    slow.resume();
    await slow.until(() => slow.ended);
    const frames = slow.frames();
    expect(frames.at(-1)?.opcode).toBe(CLOSE);
    expect(frames.at(-1)?.payload.readUInt16BE(0)).toBe(4508);
    const events = frames
      .map(({ payload }) => decodeServerFrame(new Uint8Array(payload)))
      .flatMap(frame => (frame?.type === 'event' ? [frame] : []));
    for (let i = 1; i < events.length; i++) {
      expect(events[i]?.previousSequence).toBe(events[i - 1]?.sequence);
    }
    expect(events.length).toBeGreaterThan(1);
  });

  test('one that overfills its buffer in one go is cut off', async () => {
    const fixture = await startGateway();
    const slow = await stuck(fixture, 'slow', ['me']);
    // More than socket and kernel hold, before anything else can run.
    for (let i = 0; i < 800; i++) fixture.gateway.publishPrivate('slow', 1_000 + i, privateEvent);
    const closes = () =>
      metric(fixture, /tradepost_closed_sockets_total\{close="slowConsumer"\} (\d+)/);
    await sleep(20);
    expect(await closes()).toBe(1);
    slow.resume();
    await slow.until(() => slow.ended);
  });
});

describe('answers', () => {
  const closed = (fixture: Fixture) =>
    metric(fixture, /tradepost_closed_sockets_total\{close="slowConsumer"\} (\d+)/);

  /** Asks until answers are refused; returns how many were taken. */
  async function pileUp(slow: RawSocket, fixture: Fixture): Promise<number> {
    const { realm } = fixture;
    realm.answerRead = async () => ({ outcome: 'ok', body: { load: LOAD } });
    for (let id = 10; id < 1_000; id++) {
      const before = realm.reads.length;
      slow.write(clientFrame(encodeRequest(id, 'wallet.get', {})));
      const endsAtMs = Date.now() + 150;
      while (realm.reads.length === before && Date.now() < endsAtMs) await sleep(1);
      if (realm.reads.length === before) return before;
    }
    throw new Error('Nothing was refused.');
  }

  test('that nobody reads are refused, and close the socket when it takes nothing', async () => {
    const fixture = await startGateway({ config: { stallTimeoutMs: 600 } });
    const slow = await stuck(fixture, 'slow', ['me']);
    const taken = await pileUp(slow, fixture);
    // What the kernel takes, and a megabyte.
    expect(taken * LOAD.length).toBeLessThan(16 * 1024 * 1024);
    expect(await closed(fixture)).toBe(0);
    const endsAtMs = Date.now() + 4_000;
    while ((await closed(fixture)) === 0) {
      expect(Date.now()).toBeLessThan(endsAtMs);
      await sleep(20);
    }
  });

  test('that are read, however slowly, close nothing: each of them arrives', async () => {
    const fixture = await startGateway({ config: { stallTimeoutMs: 1_000 } });
    const slow = await stuck(fixture, 'slow', ['me']);
    const taken = await pileUp(slow, fixture);
    // Longer than a socket may stall, little by little.
    for (let goal = 400_000; goal < 0.7 * taken * LOAD.length; goal += 400_000) {
      slow.resume();
      await slow.until(() => slow.received.length >= goal);
      slow.pause();
      await sleep(200);
    }
    expect(await closed(fixture)).toBe(0);
    slow.resume();
    const replies = () =>
      slow
        .frames()
        .map(({ payload }) => decodeServerFrame(new Uint8Array(payload)))
        .flatMap(frame => (frame?.type === 'reply' ? [frame] : []));
    const loads = () => replies().filter(({ body }) => body.load === LOAD);
    await slow.until(() => loads().length === taken, 10_000);
    expect(replies().filter(({ body }) => body.code === 'TOO_MANY_IN_FLIGHT')).not.toEqual([]);
    slow.write(clientFrame(encodeRequest(5_000, 'session.ping', {})));
    await slow.until(() => replies().at(-1)?.id === 5_000);
  });

  test('do not use up the room of private events, which still close a slow reader', async () => {
    const fixture = await startGateway();
    const slow = await stuck(fixture, 'slow', ['me']);
    await pileUp(slow, fixture);
    expect(await closed(fixture)).toBe(0);
    // 900 KB of events beside a megabyte of answers.
    for (let i = 0; i < 15; i++) fixture.gateway.publishPrivate('slow', 1_000 + i, privateEvent);
    await sleep(30);
    expect(await closed(fixture)).toBe(0);
    for (let i = 15; i < 40; i++) fixture.gateway.publishPrivate('slow', 1_000 + i, privateEvent);
    await sleep(30);
    expect(await closed(fixture)).toBe(1);
  });
});
