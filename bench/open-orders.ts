// Orders that a load has placed and that still rest as far as it knows: what its cancels choose
// from. Others may fill them first; such a cancel is rejected, as in life.

import type { Exchange } from './exchange.ts';
import { type FrameTemplate, namePlace, numberPlace, template } from './frame-template.ts';
import type { Random } from './random.ts';
import type { RawSocket } from './raw-socket.ts';
import { firstInteger, readEnd } from './reply.ts';

const ORDERS_MAX = 2 ** 16;
const OPEN_STATUS_LENGTH = 0xa4;
const STATUS_KEY_BYTES = 7;

export type Side = 'buy' | 'sell';

/** What {@link Exchange.send} carries along with a request that places an order. */
export function placingTag(side: Side, player: number): number {
  return 4 * player + (side === 'buy' ? 1 : 2);
}

export class OpenOrders {
  readonly #random: Random;
  readonly #ids = new Float64Array(ORDERS_MAX);
  readonly #tags = new Float64Array(ORDERS_MAX);
  #count = 0;
  readonly #cancels: Readonly<Record<Side, FrameTemplate>> = {
    buy: template('bids.cancel', { bid: numberPlace(1) }, { player: namePlace(1) }),
    sell: template('listings.cancel', { listing: numberPlace(1) }, { player: namePlace(1) }),
  };

  constructor(random: Random) {
    this.#random = random;
  }

  get count(): number {
    return this.#count;
  }

  /** Remembers what rests of an order just placed. As {@link Exchange.onAnswer}. */
  answered(outcome: number, tag: number, bytes: Buffer, bodyStart: number): void {
    if (outcome !== 0 || (tag & 3) === 0) return;
    const id = firstInteger(bytes, bodyStart);
    if (bytes[readEnd() + STATUS_KEY_BYTES] !== OPEN_STATUS_LENGTH) return;
    const at = this.#count < ORDERS_MAX ? this.#count++ : this.#random.below(ORDERS_MAX);
    this.#ids[at] = id;
    this.#tags[at] = tag;
  }

  /** Cancels one of them, any; there must be one. */
  cancel(exchange: Exchange, socket: RawSocket, sinceMs: number): void {
    const at = this.#random.below(this.#count);
    const tag = this.#tags[at] as number;
    const frame = this.#cancels[(tag & 3) === 1 ? 'buy' : 'sell'];
    frame.number(1, this.#ids[at] as number);
    frame.name(1, Math.floor(tag / 4));
    this.#count -= 1;
    this.#ids[at] = this.#ids[this.#count] as number;
    this.#tags[at] = this.#tags[this.#count] as number;
    exchange.send(socket, frame, 0, sinceMs);
  }
}
