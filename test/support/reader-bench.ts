// A reader of the command stream on a real Redis: what it hands over, passes, loses and refuses.

import { onTestFinished } from 'vitest';
import { RedisCommandReader } from '../../src/cluster/command-reader.ts';
import type { CommandBatch } from '../../src/cluster/messages.ts';
import type { ReceivedBatch } from '../../src/cluster/port.ts';
import { commandsOf } from './fake-cluster.ts';
import { recordingLog } from './recording-log.ts';
import { testEnvelope, testKeys, testLinks, testRefused } from './redis.ts';

type Take = (received: ReceivedBatch) => Promise<void> | null;

export const after = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
/** Longer than the reader goes between two looks at the stream. */
export const CARE_MS = 1_300;

export function batch(command: string, more: Partial<CommandBatch> = {}): CommandBatch {
  const sender = 'player' as const;
  const commands = [{ n: 1, player: 'alice', key: null, sender, command, payload: {} }];
  const sentAtMs = performance.timeOrigin + performance.now();
  const head = {
    node: 'a',
    incarnation: 1,
    count: 1,
    sentAtMs: Math.round(sentAtMs),
    lifeMs: 5_000,
  };
  return { ...head, commands, ...more };
}

export async function openReader() {
  const key = testKeys().keys.commands;
  const links = await testLinks('leader');
  const received: { command: string; offset: string; isLate: boolean }[] = [];
  const lost: { node: string; batches: number }[] = [];
  const { log, errors } = recordingLog();
  const { refused, reasons } = testRefused(log);
  const envelope = testEnvelope();
  /** Entries that are passed with nothing in them to execute. */
  const passed: string[] = [];
  const note = ({ batch, offset, isLate }: ReceivedBatch) => {
    if (batch === null) passed.push(offset);
    else received.push({ command: commandsOf(batch.commands)[0] ?? '', offset, isLate });
  };
  const newReader = () => {
    const { commands } = links;
    const reading = links.openReading();
    const reader = new RedisCommandReader({ reading, commands, key, envelope, refused, log });
    reader.onLost(what => lost.push(what));
    onTestFinished(() => reader.stop());
    return reader;
  };
  const start = (offset = '', take: Take = () => null) => {
    const reader = newReader();
    reader.start(offset, one => {
      note(one);
      return take(one);
    });
    return reader;
  };
  /** Adds an entry and returns its id. */
  const add = async (one: CommandBatch, id = '*') =>
    (await links.commands.xadd(key, id, 'c', envelope.seal(key, 'commands', one))) as string;
  const names = () => received.map(({ command }) => command);
  const bench = { key, redis: links.commands, envelope, received, passed, lost, errors, reasons };
  return { ...bench, start, add, names };
}
