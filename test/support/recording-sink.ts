// A gateway for the tests of the realm: it notes what is announced to whom. The test says who
// listens.

import { decodeServerFrame, type ServerEvent } from '../../protocol/codec.ts';
import type { MeEvent } from '../../protocol/events.ts';
import type { FeedSink } from '../../src/gateway/port.ts';

export class RecordingSink implements FeedSink {
  /** Public channels, players and windows that somebody listens to. */
  readonly subscribed = new Set<string>();
  readonly listeners = new Set<string>();
  readonly windows = new Set<number>();
  readonly frames: ServerEvent[] = [];
  readonly privately: { player: string; sequence: number; event: MeEvent }[] = [];
  readonly windowFrames: { players: readonly string[]; window: number; event: ServerEvent }[] = [];
  readonly endedWindows: number[] = [];

  publish(channel: string, frame: Uint8Array): void {
    const event = decodeEvent(frame);
    if (event.channel !== channel) throw new Error(`${event.channel} was sent on ${channel}.`);
    this.frames.push(event);
  }

  hasSubscribers(channel: string): boolean {
    return this.subscribed.has(channel);
  }

  hasPrivateListeners(): boolean {
    return this.listeners.size > 0;
  }

  listensPrivately(player: string): boolean {
    return this.listeners.has(player);
  }

  publishPrivate(player: string, sequence: number, event: MeEvent): void {
    this.privately.push({ player, sequence, event });
  }

  listensToWindow(window: number): boolean {
    return this.windows.has(window);
  }

  publishWindow(players: readonly [string, string], window: number, frame: Uint8Array): void {
    this.windowFrames.push({ players, window, event: decodeEvent(frame) });
  }

  endWindow(window: number): void {
    this.endedWindows.push(window);
  }
}

/** A frame that must be an event. */
export function decodeEvent(frame: Uint8Array): ServerEvent {
  const event = decodeServerFrame(frame);
  if (event?.type !== 'event') throw new Error('An event frame was expected.');
  return event;
}
