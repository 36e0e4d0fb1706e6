// An HTTP/1.1 client on plain keep-alive connections, one request at a time each: enough to load a
// peer without being its bottleneck. Answers must have a Content-Length.

import { connect, type Socket } from 'node:net';

const HEADERS_END = '\r\n\r\n';

export class RawHttp {
  readonly #socket: Socket;
  #received = '';
  #answered: ((status: number) => void) | null = null;

  constructor(port: number, failed: (error: Error) => void) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.setEncoding('latin1').on('data', text => this.#receive(String(text)));
    this.#socket.on('error', failed);
  }

  /** Posts JSON; `answered` gets the status of the answer. */
  post(path: string, body: string, answered: (status: number) => void): void {
    this.#answered = answered;
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  end(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const headersEnd = this.#received.indexOf(HEADERS_END);
    if (headersEnd < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < headersEnd + HEADERS_END.length + length) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = '';
    this.#answered?.(status);
  }
}
