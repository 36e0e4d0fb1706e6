// A WebSocket client on a plain TCP socket, for load: what is sent was framed beforehand, and goes
// out in one write per chunk received; what comes in is handed on as a range of the read buffer,
// which all sockets share. So a command costs the client about a microsecond, and the machine's
// time goes to the server. Server frames must come unmasked and unfragmented, as ours do.

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface SocketListener {
  /** Bytes came in: called before the frames in them. */
  chunk(): void;
  /** One frame's payload is `bytes` from `start` to `end`. The buffer is reused on return. */
  frame(socket: RawSocket, bytes: Buffer, start: number, end: number): void;
  /** The connection ended, other than by `end` or `reset`. */
  closed(socket: RawSocket, reason: string): void;
}

export interface Endpoint {
  readonly port: number;
  readonly path?: string;
  /** Further header lines of the upgrade, each without its line end. */
  readonly headers?: readonly string[];
}

const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const FINAL = 0x80;
const MASKED = 0x80;
const MASK_BYTES = 4;
const OUT_BYTES = 32 * 1024;
const readBuffer = Buffer.allocUnsafeSlow(512 * 1024);
const HEADERS_END = Buffer.from('\r\n\r\n');

/**
 * A complete client frame. The masking key is zero, which is legal and leaves the payload as is.
 */
export function clientFrame(payload: Uint8Array, kind: keyof typeof OPCODE = 'binary'): Buffer {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : 2;
  if (length > 0xffff) throw new RangeError('A frame of the bench is at most 65,535 bytes.');
  const frame = Buffer.alloc(2 + lengthBytes + MASK_BYTES + length);
  frame[0] = FINAL | OPCODE[kind];
  frame[1] = MASKED | (lengthBytes === 0 ? length : 126);
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2);
  frame.set(payload, 2 + lengthBytes + MASK_BYTES);
  return frame;
}

export class RawSocket {
  listener: SocketListener;
  /** Bytes received since the upgrade. */
  bytesReceived = 0;
  #socket: Socket | null = null;
  #opened: { resolve: () => void; reject: (error: Error) => void } | null = null;
  #isUpgraded = false;
  #ended = false;
  /** The beginning of a frame whose end is still to come. */
  #rest: Buffer | null = null;
  readonly #out = Buffer.allocUnsafe(OUT_BYTES);
  #outLength = 0;

  constructor(listener: SocketListener) {
    this.listener = listener;
  }

  /** Resolves when the connection is upgraded; rejects when it is refused or breaks before. */
  open(endpoint: Endpoint): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
      const socket = connect({
        host: '127.0.0.1',
        port: endpoint.port,
        noDelay: true,
        onread: {
          buffer: readBuffer,
          callback: length => {
            this.#receive(readBuffer, length);
            return true;
          },
        },
      });
      this.#socket = socket;
      socket.on('connect', () => socket.write(upgradeRequest(endpoint)));
      socket.on('error', error => this.#close(error.message));
      socket.on('close', () => this.#close('the server closed the connection'));
    });
  }

  /** Appends a frame made by {@link clientFrame}; it leaves with the next flush. */
  send(frame: Uint8Array): void {
    if (this.#outLength + frame.length > OUT_BYTES) this.flush();
    if (frame.length > OUT_BYTES) {
      this.#socket?.write(Buffer.from(frame));
      return;
    }
    this.#out.set(frame, this.#outLength);
    this.#outLength += frame.length;
  }

  flush(): void {
    if (this.#outLength === 0) return;
    const chunk = Buffer.allocUnsafe(this.#outLength);
    this.#out.copy(chunk, 0, 0, this.#outLength);
    this.#outLength = 0;
    this.#socket?.write(chunk);
  }

  /** Closes without a word to the listener. */
  end(): void {
    this.#ended = true;
    this.#socket?.destroy();
  }

  /** As `end`, but the port is free again at once. */
  reset(): void {
    this.#ended = true;
    this.#socket?.resetAndDestroy();
  }

  #close(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket?.destroy();
    if (this.#opened !== null) this.#opened.reject(new Error(`No connection: ${reason}`));
    else this.listener.closed(this, reason);
    this.#opened = null;
  }

  #receive(chunk: Buffer, length: number): void {
    let bytes = chunk;
    let end = length;
    if (this.#rest !== null) {
      bytes = Buffer.concat([this.#rest, chunk.subarray(0, length)]);
      end = bytes.length;
      this.#rest = null;
    }
    let start = 0;
    if (!this.#isUpgraded) {
      const headersEnd = bytes.subarray(0, end).indexOf(HEADERS_END);
      if (headersEnd < 0) {
        this.#rest = Buffer.from(bytes.subarray(0, end));
        return;
      }
      start = headersEnd + HEADERS_END.length;
      if (!this.#upgraded(bytes.toString('latin1', 0, headersEnd))) return;
    }
    this.bytesReceived += length;
    this.listener.chunk();
    const done = this.#frames(bytes, start, end);
    if (done < end) this.#rest = Buffer.from(bytes.subarray(done, end));
    this.flush();
  }

  #upgraded(head: string): boolean {
    if (!head.startsWith('HTTP/1.1 101')) {
      this.#close(head.split('\r\n', 1)[0] as string);
      return false;
    }
    this.#isUpgraded = true;
    this.#opened?.resolve();
    this.#opened = null;
    return true;
  }

  /** Hands on all complete frames; returns where the first incomplete one starts. */
  #frames(bytes: Buffer, from: number, end: number): number {
    let position = from;
    while (position + 2 <= end && !this.#ended) {
      const short = bytes[position + 1] as number;
      let start = position + 2;
      let size = short;
      if (short >= 126) {
        start += short === 126 ? 2 : 8;
        if (start > end) break;
        size = short === 126 ? bytes.readUInt16BE(start - 2) : bytes.readUInt32BE(start - 4);
      }
      if (start + size > end) break;
      this.#frame(bytes, bytes[position] as number, start, start + size);
      position = start + size;
    }
    return position;
  }

  #frame(bytes: Buffer, first: number, start: number, end: number): void {
    switch (first) {
      case FINAL | OPCODE.binary:
      case FINAL | OPCODE.text:
        this.listener.frame(this, bytes, start, end);
        return;
      case FINAL | OPCODE.ping:
        this.send(clientFrame(bytes.subarray(start, end), 'pong'));
        return;
      case FINAL | OPCODE.pong:
        return;
      case FINAL | OPCODE.close: {
        const code = end - start >= 2 ? bytes.readUInt16BE(start) : 1005;
        this.#close(`closed with ${code} ${bytes.toString('utf8', Math.min(start + 2, end), end)}`);
        return;
      }
      default:
        this.#close(`a frame that starts with ${first}, which this client does not read`);
    }
  }
}

function upgradeRequest({ port, path = '/ws', headers = [] }: Endpoint): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...headers,
    '',
    '',
  ].join('\r\n');
}
