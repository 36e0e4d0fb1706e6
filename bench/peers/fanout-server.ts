// The peers of `fanout`: what one would write with `ws` or with socket.io. On the parent's word it
// sends so many messages to everybody: a delta of one price level each, with a counter in it.

import { createServer } from 'node:http';
import { Server as SocketIo } from 'socket.io';
import { WebSocketServer } from 'ws';

const FIRST = 10_000_000;
let sequence = FIRST;

/** As large as our delta of one level. */
function nextDelta() {
  sequence += 1;
  const quantity = 10 + (sequence % 2);
  return { channel: 'book:i0000000', sequence, bids: [[1_000, quantity, 1]], asks: [] };
}

function wsPublisher(http: ReturnType<typeof createServer>): () => void {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  return () => {
    const frame = Buffer.from(JSON.stringify(nextDelta()));
    for (const client of server.clients) client.send(frame, { binary: false });
  };
}

function socketIoPublisher(http: ReturnType<typeof createServer>): () => void {
  const server = new SocketIo(http, { transports: ['websocket'], perMessageDeflate: false });
  return () => {
    server.emit('delta', nextDelta());
  };
}

const http = createServer();
const publish = process.argv[2] === 'ws' ? wsPublisher(http) : socketIoPublisher(http);
process.on('message', (count: number) => {
  for (let index = 0; index < count; index++) publish();
});
process.on('disconnect', () => process.exit(0));
http.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ws://127.0.0.1:${(http.address() as { port: number }).port}\n`);
});
