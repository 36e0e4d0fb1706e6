// The client of the bench against a WebSocket server that is not ours, and by hand.

import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { clientFrame, RawSocket, type SocketListener } from '../../bench/raw-socket.ts';

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Collects what a socket gets. */
function listen() {
  const frames: Buffer[] = [];
  let closed: (reason: string) => void = () => {};
  const reason = new Promise<string>(resolve => {
    closed = resolve;
  });
  const listener: SocketListener = {
    chunk: () => {},
    frame: (_socket, bytes, start, end) => frames.push(Buffer.from(bytes.subarray(start, end))),
    closed: (_socket, why) => closed(why),
  };
  const socket = new RawSocket(listener);
  closing.push(() => socket.end());
  return { socket, frames, reason };
}

/** A server that sends back what it gets. */
async function startEcho(): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  closing.push(() => server.close());
  server.on('connection', socket => {
    socket.on('message', (bytes, isBinary) => {
      if (String(bytes) === 'leave') socket.close(4_001, 'as you wish');
      else socket.send(bytes, { binary: isBinary });
    });
  });
  await new Promise(resolve => server.once('listening', resolve));
  return (server.address() as { port: number }).port;
}

/** A server that upgrades anything and then sends `chunks`, one at a time. */
async function startScript(chunks: readonly Buffer[]): Promise<number> {
  const server: Server = createServer(socket => {
    socket.once('data', async () => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      for (const chunk of chunks) {
        await new Promise(resolve => setTimeout(resolve, 5));
        socket.write(chunk);
      }
    });
    socket.on('error', () => {});
  });
  closing.push(() => server.close());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

test('frames of every length class come back as they were sent', async () => {
  const port = await startEcho();
  const { socket, frames } = listen();
  await socket.open({ port, path: '/' });
  const sent = [0, 1, 125, 126, 127, 1_000, 20_000, 65_535].map(size => Buffer.alloc(size, size));
  for (const payload of sent) socket.send(clientFrame(payload));
  socket.flush();
  await expect.poll(() => frames.length).toBe(sent.length);
  for (const [index, payload] of sent.entries()) expect(frames[index]?.equals(payload)).toBe(true);
});

test('text frames are told from binary ones', async () => {
  const port = await startEcho();
  const { socket, frames } = listen();
  await socket.open({ port, path: '/' });
  socket.send(clientFrame(Buffer.from('grüße'), 'text'));
  socket.flush();
  await expect.poll(() => frames.map(String)).toEqual(['grüße']);
});

test('a frame that is cut anywhere is put together again', async () => {
  const payload = Buffer.alloc(300, 7);
  const frame = Buffer.concat([Buffer.from([0x82, 126, 1, 44]), payload]);
  for (const cut of [1, 2, 3, 4, 150, 303]) {
    const port = await startScript([
      Buffer.concat([frame, frame.subarray(0, cut)]),
      Buffer.concat([frame.subarray(cut), frame]),
    ]);
    const { socket, frames } = listen();
    await socket.open({ port });
    await expect.poll(() => frames.length).toBe(3);
    for (const got of frames) expect(got.equals(payload)).toBe(true);
  }
});

test('a close frame is told with its code and reason', async () => {
  const port = await startEcho();
  const { socket, reason } = listen();
  await socket.open({ port, path: '/' });
  socket.send(clientFrame(Buffer.from('leave'), 'text'));
  socket.flush();
  expect(await reason).toBe('closed with 4001 as you wish');
});

test('a fragmented or masked frame of the server ends the connection', async () => {
  for (const first of [0x02, 0xc2]) {
    const port = await startScript([Buffer.from([first, 1, 0])]);
    const { socket, reason } = listen();
    await socket.open({ port });
    expect(await reason).toContain(`starts with ${first}`);
  }
});

test('a refused upgrade rejects with the status line', async () => {
  const server = createServer(socket => {
    socket.once('data', () => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'));
  });
  closing.push(() => server.close());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { socket } = listen();
  const { port } = server.address() as { port: number };
  await expect(socket.open({ port })).rejects.toThrow('401 Unauthorized');
});
