import { describe, expect, test } from 'vitest';
import { type Fixture, sleep, startGateway } from '../support/gateway-fixture.ts';
import { RawSocket, upgradeRequest } from '../support/raw-socket.ts';

/** The status of an upgrade with these headers; an empty value leaves a header out. */
async function status(
  fixture: Fixture,
  headers: Record<string, string>,
  path?: string,
): Promise<string> {
  return (await head(fixture, upgradeRequest(headers, path))).slice(9, 12);
}

async function head(fixture: Fixture, request: string): Promise<string> {
  const raw = await RawSocket.connect(fixture.port);
  raw.write(request);
  const answer = await raw.head();
  raw.destroy();
  return answer;
}

describe('upgrades', () => {
  const config = { origins: ['https://good.com', 'http://localhost:8080'] };

  test.each([
    ['missing, as native clients', '', '101'],
    ['one of ours', 'https://good.com', '101'],
    ['one of ours with its port', 'http://localhost:8080', '101'],
    ['foreign', 'https://evil.com', '403'],
    ['null', 'null', '403'],
    ['ours as a prefix', 'https://good.com.evil', '403'],
    ['upper case', 'HTTPS://GOOD.COM', '403'],
    ['another port', 'https://good.com:8443', '403'],
    ['another scheme', 'http://good.com', '403'],
  ])('origin %s', async (_name, Origin, expected) => {
    expect(await status(await startGateway({ config }), { Origin })).toBe(expected);
  });

  test.each([
    ['no version', { 'Sec-WebSocket-Version': '' }, '426'],
    ['version 8', { 'Sec-WebSocket-Version': '8' }, '426'],
    ['no Upgrade', { Upgrade: '' }, '400'],
    ['another Upgrade', { Upgrade: 'h2c' }, '400'],
    ['no Connection', { Connection: '' }, '400'],
    ['Connection among others', { Connection: 'keep-alive, Upgrade' }, '101'],
    ['no key', { 'Sec-WebSocket-Key': '' }, '426'],
    ['a short key', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, '426'],
    ['a key of 24 characters that are no 16 bytes', { 'Sec-WebSocket-Key': '!'.repeat(24) }, '400'],
    ['our subprotocol among others', { 'Sec-WebSocket-Protocol': 'chat, tradepost' }, '101'],
    ['other subprotocols only', { 'Sec-WebSocket-Protocol': 'chat, tradepost2' }, '400'],
    ['a token, which session.open looks at', { Authorization: 'Bearer a.b.c' }, '101'],
    ['no bearer token', { Authorization: 'Basic YTpi' }, '401'],
    ['a bearer of nothing', { Authorization: 'Bearer ' }, '401'],
  ])('with %s', async (_name, headers: Record<string, string>, expected) => {
    expect(await status(await startGateway(), headers)).toBe(expected);
  });

  test('agree on our subprotocol only, and on no extension', async () => {
    const fixture = await startGateway();
    const answer = await head(
      fixture,
      upgradeRequest({
        'Sec-WebSocket-Protocol': 'chat, tradepost',
        'Sec-WebSocket-Extensions': 'permessage-deflate',
      }),
    );
    expect(answer).toMatch(/sec-websocket-protocol: tradepost/i);
    expect(answer).not.toMatch(/sec-websocket-extensions/i);
    const client = await fixture.connect();
    expect(client.extensions).toBe('');
  });

  test('are refused with the reason and when to come again, while there is no realm', async () => {
    const fixture = await startGateway({ attach: false });
    const raw = await RawSocket.connect(fixture.port);
    raw.write(upgradeRequest({}));
    const answer = await raw.head();
    expect(answer).toMatch(/^HTTP\/1\.1 503 Service Unavailable/);
    expect(answer).toMatch(/retry-after: 1/i);
    await sleep(20);
    expect(raw.received.toString()).toContain('The realm is being loaded.');
    raw.destroy();
  });

  test('work on / and /ws, and nowhere else', async () => {
    const fixture = await startGateway();
    expect(await status(fixture, {}, '/')).toBe('101');
    expect(await status(fixture, {}, '/ws?x=1')).toBe('101');
    for (const path of ['/wss', '//ws', '/ws/../admin', '/%2e%2e', '/health/ws']) {
      expect(await status(fixture, {}, path), path).toBe('404');
    }
  });

  test('a token in the address is no token', async () => {
    const fixture = await startGateway();
    const client = await fixture.connect({ path: `/ws?token=${await fixture.token('alice')}` });
    expect((await client.ask('session.open', {})).outcome).toBe('invalid');
  });

  test('are refused when there is no room', async () => {
    const fixture = await startGateway({ config: { socketsMax: 2 } });
    await fixture.enter('alice');
    const second = await fixture.enter('bob');
    expect(await status(fixture, {})).toBe('503');
    second.terminate();
    await sleep(20);
    expect(await status(fixture, {})).toBe('101');
  });
});

describe('requests that are no upgrades', () => {
  test.each([
    ['GET /ws without a key', 'GET /ws HTTP/1.1\r\nHost: x\r\n\r\n', '426'],
    ['POST /ws', 'POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', '404'],
    ['TRACE /ws', 'TRACE /ws HTTP/1.1\r\nHost: x\r\n\r\n', '404'],
    ['what operators see', 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n', '404'],
    ['an unknown page', 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n', '404'],
    ['a POST to a page', 'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', '404'],
  ])('%s', async (_name, request, expected) => {
    expect((await head(await startGateway(), request)).slice(9, 12)).toBe(expected);
  });

  test.each([
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n'],
    ['no host', 'GET /health HTTP/1.1\r\n\r\n'],
    ['headers beyond 4 KiB', `GET /health HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(9_000)}\r\n\r\n`],
    ['a path of 10 KB', `GET /${'x'.repeat(10_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    [
      'two lengths of one body',
      'POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
  ])('%s is refused and the server goes on', async (_name, request) => {
    const fixture = await startGateway();
    const raw = await RawSocket.connect(fixture.port);
    raw.write(Buffer.from(request, 'latin1'));
    const answer = await raw.head();
    expect(answer).not.toMatch(/^HTTP\/1.1 [123]/);
    raw.destroy();
    const client = await fixture.enter('witness');
    expect((await client.ask('session.ping', {})).outcome).toBe('ok');
  });

  test('connections that begin and say nothing disturb nobody', async () => {
    const fixture = await startGateway();
    const idle = await Promise.all(
      Array.from({ length: 200 }, () => RawSocket.connect(fixture.port)),
    );
    for (const raw of idle) raw.write('GET /ws HT');
    const client = await fixture.enter('witness');
    expect((await client.ask('session.ping', {})).outcome).toBe('ok');
    for (const raw of idle) raw.destroy();
  });
});
