// A WebSocket client that is nothing but a TCP connection: it sends whatever bytes a test wants,
// and reads only when told to.

import { connect, type Socket } from 'node:net';

export class RawSocket {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', chunk => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    socket.on('close', () => {
      this.ended = true;
    });
    socket.on('error', () => {});
  }

  static connect(port: number): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new RawSocket(socket)));
      socket.once('error', reject);
    });
  }

  /** Connects and upgrades; what was received after the response is kept. */
  static async upgraded(port: number, headers: Record<string, string> = {}): Promise<RawSocket> {
    const raw = await RawSocket.connect(port);
    raw.write(upgradeRequest(headers));
    const head = await raw.head();
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(head);
    return raw;
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  /** The head of an HTTP response; it is taken from what was received. */
  async head(): Promise<string> {
    await this.until(() => this.ended || this.#received.includes('\r\n\r\n'));
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return this.#received.toString('latin1');
    const head = this.#received.subarray(0, end).toString('latin1');
    this.#received = this.#received.subarray(end + 4);
    return head;
  }

  /** Everything received so far. */
  get received(): Buffer {
    return this.#received;
  }

  /** The WebSocket frames received so far: opcode and payload. */
  frames(): { opcode: number; payload: Buffer }[] {
    const frames: { opcode: number; payload: Buffer }[] = [];
    let at = 0;
    while (at + 2 <= this.#received.length) {
      const opcode = (this.#received[at] as number) & 15;
      let length = (this.#received[at + 1] as number) & 127;
      let start = at + 2;
      if (length === 126) {
        length = this.#received.readUInt16BE(start);
        start += 2;
      } else if (length === 127) {
        length = Number(this.#received.readBigUInt64BE(start));
        start += 8;
      }
      if (start + length > this.#received.length) break;
      frames.push({ opcode, payload: this.#received.subarray(start, start + length) });
      at = start + length;
    }
    return frames;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async until(holds: () => boolean, timeoutMs = 5_000): Promise<void> {
    const endsAtMs = Date.now() + timeoutMs;
    while (!holds()) {
      if (Date.now() > endsAtMs) throw new Error(`waited in vain for ${holds}`);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }
}

export function upgradeRequest(headers: Record<string, string> = {}, path = '/ws'): string {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== '');
  return `GET ${path} HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`;
}

export interface FrameShape {
  readonly opcode?: number;
  readonly fin?: boolean;
  /** The reserved bits, as they stand in the first byte: 0x40, 0x20, 0x10. */
  readonly reserved?: number;
  readonly masked?: boolean;
}

/** One frame of a client, as bytes: binary, final and masked unless said otherwise. */
export function clientFrame(payload: Uint8Array, shape: FrameShape = {}): Buffer {
  const { opcode = 2, fin = true, reserved = 0, masked = true } = shape;
  const head: number[] = [(fin ? 0x80 : 0) | reserved | opcode];
  const maskBit = masked ? 0x80 : 0;
  if (payload.length < 126) head.push(maskBit | payload.length);
  else if (payload.length < 65_536) {
    head.push(maskBit | 126, payload.length >> 8, payload.length & 255);
  } else {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(payload.length));
    head.push(maskBit | 127, ...length);
  }
  if (!masked) return Buffer.concat([Buffer.from(head), payload]);
  const mask = [0x12, 0x34, 0x56, 0x78];
  const body = Buffer.from(payload);
  for (let i = 0; i < body.length; i++) body[i] = (body[i] as number) ^ (mask[i % 4] as number);
  return Buffer.concat([Buffer.from([...head, ...mask]), body]);
}
