import { afterEach, describe, expect, test } from 'vitest';
import { encodeRequest } from '../../protocol/codec.ts';
import { TRANSPORT_BYTES_MAX } from '../../protocol/limits.ts';
import { type Fixture, sleep, startGateway } from '../support/gateway-fixture.ts';
import { clientFrame, type FrameShape, RawSocket } from '../support/raw-socket.ts';

const open: RawSocket[] = [];
afterEach(() => {
  for (const raw of open.splice(0)) raw.destroy();
});

async function entered(fixture: Fixture, player = 'game'): Promise<RawSocket> {
  const raw = await RawSocket.upgraded(fixture.port);
  open.push(raw);
  const token = await fixture.token(player, 'service');
  raw.write(clientFrame(encodeRequest(0, 'session.open', { token })));
  await raw.until(() => raw.frames().length === 1);
  return raw;
}

const ping = (id: number): Uint8Array => encodeRequest(id, 'session.ping', {});
const CLOSE = 8;

/** The server goes on: another socket is let in and answered. */
async function stillServes(fixture: Fixture): Promise<void> {
  const client = await fixture.enter('witness');
  expect((await client.ask('session.ping', {})).outcome).toBe('ok');
}

describe('frames that break the protocol of WebSocket', () => {
  const text = Buffer.from('x');
  const broken: [string, [Uint8Array, FrameShape][]][] = [
    ['compression that was not agreed', [[text, { reserved: 0x40 }]]],
    ['a reserved bit', [[text, { reserved: 0x20 }]]],
    ['an opcode that does not exist', [[text, { opcode: 3 }]]],
    ['a control opcode that does not exist', [[text, { opcode: 11 }]]],
    ['a fragmented ping', [[text, { opcode: 9, fin: false }]]],
    ['a ping of 126 bytes', [[Buffer.alloc(126), { opcode: 9 }]]],
    ['a continuation of nothing', [[text, { opcode: 0 }]]],
    [
      'a text frame inside a fragmented one',
      [
        [text, { fin: false }],
        [text, { opcode: 1 }],
      ],
    ],
    ['text that is not UTF-8', [[Buffer.from([0xff, 0xfe]), { opcode: 1 }]]],
    ['a frame beyond the transport bound', [[Buffer.alloc(TRANSPORT_BYTES_MAX + 1), {}]]],
    [
      'fragments beyond the transport bound',
      [
        [Buffer.alloc(TRANSPORT_BYTES_MAX - 8), { fin: false }],
        [Buffer.alloc(64), { opcode: 0 }],
      ],
    ],
  ];

  test.each(broken)('%s ends the connection and nothing else', async (_name, frames) => {
    const fixture = await startGateway();
    const raw = await entered(fixture);
    for (const [payload, shape] of frames) raw.write(clientFrame(payload, shape));
    await raw.until(() => raw.ended);
    expect(raw.frames().filter(frame => frame.opcode !== CLOSE)).toHaveLength(1);
    await stillServes(fixture);
  });

  test('a length of 2^63 ends the connection', async () => {
    const fixture = await startGateway();
    const raw = await entered(fixture);
    raw.write(Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]));
    await raw.until(() => raw.ended);
    await stillServes(fixture);
  });

  test('an unmasked frame is never a command', async () => {
    const fixture = await startGateway();
    const raw = await entered(fixture);
    const purchase = encodeRequest(1, 'purchases.create', { listing: 1, quantity: 1 });
    raw.write(clientFrame(purchase, { masked: false }));
    await sleep(100);
    expect(fixture.realm.submitted).toHaveLength(0);
    await stillServes(fixture);
  });

  test.each([
    ['code 0', Buffer.from([0, 0])],
    ['code 999', Buffer.from([3, 231])],
    ['code 1005', Buffer.from([3, 237])],
    ['code 5000', Buffer.from([19, 136])],
    ['one byte', Buffer.from([3])],
    ['a reason that is not UTF-8', Buffer.from([3, 232, 0xff, 0xfe])],
  ])('a close with %s closes exactly once', async (_name, payload) => {
    const fixture = await startGateway();
    const raw = await entered(fixture);
    raw.write(clientFrame(payload, { opcode: CLOSE }));
    await raw.until(() => raw.ended);
    const metrics = await fixture.gateway.registry.metrics();
    const closes = [...metrics.matchAll(/^tradepost_closed_sockets_total\{.*\} (\d+)/gm)];
    expect(closes.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(1);
    expect(metrics).toContain('tradepost_sockets 0');
    await stillServes(fixture);
  });
});

describe('how bytes arrive', () => {
  test('a frame that comes byte by byte is a frame', async () => {
    const fixture = await startGateway();
    const raw = await entered(fixture);
    for (const byte of clientFrame(ping(1))) {
      raw.write(Buffer.from([byte]));
      await sleep(1);
    }
    await raw.until(() => raw.frames().length === 2);
  });

  test('a command in fragments is one command', async () => {
    const fixture = await startGateway();
    const raw = await entered(fixture);
    const whole = ping(1);
    raw.write(clientFrame(whole.subarray(0, 5), { fin: false }));
    raw.write(clientFrame(whole.subarray(5), { opcode: 0 }));
    await raw.until(() => raw.frames().length === 2);
  });

  test('a thousand commands in one segment get a thousand replies in order', async () => {
    const fixture = await startGateway();
    const raw = await entered(fixture);
    const frames = Array.from({ length: 1_000 }, (_, i) =>
      clientFrame(encodeRequest(i + 1_000, 'purchases.create', { listing: 1, quantity: 1 })),
    );
    raw.write(Buffer.concat(frames));
    await raw.until(() => raw.frames().length === 1_001);
    const ids = raw
      .frames()
      .slice(1)
      .map(({ payload }) => payload.readUInt16BE(2));
    expect(ids).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1_000));
  });

  test('a command right before the close is taken, one after it is not', async () => {
    const fixture = await startGateway();
    const raw = await entered(fixture);
    const purchase = (id: number) =>
      clientFrame(encodeRequest(id, 'purchases.create', { listing: 1, quantity: 1 }));
    const close = clientFrame(Buffer.from([3, 232]), { opcode: CLOSE });
    raw.write(Buffer.concat([purchase(1), close, purchase(2)]));
    await raw.until(() => raw.ended);
    await sleep(50);
    expect(fixture.realm.submitted.map(request => request.id)).toEqual([1]);
    await stillServes(fixture);
  });
});
