// How subscribers read the frames of each server: ours by the chain of sequences, the peers' by the
// counter that their messages carry for this purpose.

import { decodeServerFrame } from '../protocol/codec.ts';
import type { BookSides } from '../protocol/events.ts';
import { type FrameReader, GAP } from './audience.ts';
import { clientFrame } from './raw-socket.ts';
import { readEnd, readUint, skipText } from './reply.ts';

/** The request id of session.open, which must come before anything else is sent. */
export const OPENING_ID = 1;

const EVENT_HEADER = 0x96;
const DELTA_KEY = 0xa5;
const SNAPSHOT_KEY = 0xa8;
const ZERO = 48;
const UNSET = 0;

/**
 * Reads book deltas of channels whose names end in their two-digit numbers. All subscribers get the
 * same bytes, so the levels in a frame are counted once per sequence. The first reply opens the
 * session: `subscribing` is sent then. `joined` is called for each snapshot.
 */
export function bookReader(subscribing: Uint8Array, joined: () => void): FrameReader {
  const levels = new Map<number, number>();
  return (socket, chain, bytes, start, end) => {
    if (bytes[start] !== EVENT_HEADER) {
      if (bytes[start + 1] === OPENING_ID) socket.send(subscribing);
      return 0;
    }
    const nameEnd = skipText(bytes, start + 1);
    const channel = digit(bytes, nameEnd - 2) * 10 + digit(bytes, nameEnd - 1);
    readUint(bytes, nameEnd);
    const sequence = readUint(bytes, readEnd());
    const previous = readUint(bytes, readEnd());
    const kind = bytes[readEnd()];
    const last = chain[channel] as number;
    chain[channel] = sequence;
    if (kind === SNAPSHOT_KEY) joined();
    else if (previous !== last) return GAP;
    if (kind !== DELTA_KEY) return 0;
    let count = levels.get(sequence);
    if (count === undefined) {
      count = countLevels(bytes.subarray(start, end));
      if (levels.size > 10_000) levels.clear();
      levels.set(sequence, count);
    }
    return count;
  };
}

function countLevels(frame: Uint8Array): number {
  const event = decodeServerFrame(frame);
  if (event?.type !== 'event') throw new Error('A frame of the feed cannot be read.');
  const { bids, asks } = event.data as BookSides;
  return bids.length + asks.length;
}

function digit(bytes: Buffer, at: number): number {
  return (bytes[at] as number) - ZERO;
}

const SEQUENCE_KEY = Buffer.from('"sequence":1');
const SEQUENCE_DIGITS = 8;

/** Reads text messages with a `"sequence":1ddddddd`, on plain sockets. */
export function textReader(): FrameReader {
  let offset = -1;
  return (_socket, chain, bytes, start, end) => {
    if (offset < 0) {
      offset = bytes.subarray(start, end).indexOf(SEQUENCE_KEY) + SEQUENCE_KEY.length - 1;
    }
    let sequence = 0;
    for (let at = start + offset; at < start + offset + SEQUENCE_DIGITS; at++) {
      sequence = sequence * 10 + digit(bytes, at);
    }
    const last = chain[0] as number;
    chain[0] = sequence;
    return last === UNSET || sequence === last + 1 ? 1 : GAP;
  };
}

/** The same behind the packets of socket.io (Engine.IO 4). `joined`: the namespace is open. */
export function socketIoReader(joined: () => void): FrameReader {
  const read = textReader();
  const connect = clientFrame(Buffer.from('40'), 'text');
  const pong = clientFrame(Buffer.from('3'), 'text');
  return (socket, chain, bytes, start, end) => {
    switch (bytes.toString('latin1', start, Math.min(start + 2, end))) {
      case '42':
        return read(socket, chain, bytes, start, end);
      case '40':
        joined();
        return 0;
      case '2':
        socket.send(pong);
        return 0;
      default:
        if (bytes[start] === ZERO) socket.send(connect);
        return 0;
    }
  };
}
