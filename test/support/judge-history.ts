// What the judge wrote down: every command it sent and what it was told about it.

import type { EngineCommand, Payload } from '../../protocol/commands/registry.ts';
import type { Outcome } from '../../protocol/rejects.ts';
import { testKey } from './test-key.ts';

/** One command, and everything that is known of it. */
export interface Spoken {
  /** Request id, key and place in the history. */
  readonly id: number;
  readonly player: string;
  readonly command: EngineCommand;
  readonly payload: Payload<EngineCommand>;
  /** 'pending': no answer came. */
  outcome: Outcome | 'pending';
  frame: Buffer;
  body: Readonly<Record<string, unknown>>;
}

export const PLAYERS = 24;
export const ITEMS = ['ore', 'wood', 'silk'];
export const START_COINS = 1_000_000_000_000;
export const START_UNITS = 1_000_000_000;

/** The last one, number `PLAYERS`, owns nothing: what is taken from him is rejected. */
export function playerName(n: number): string {
  return `player-${n}`;
}

export function keyOf({ id }: Spoken): string {
  return testKey('judge', id);
}

/** The error for a promise that was not kept. */
export function broken(what: string, { frame: _, ...spoken }: Spoken, found: unknown): Error {
  const text = `${JSON.stringify(spoken)}\n found: ${JSON.stringify(found)}`;
  return new Error(`Command ${spoken.id}: ${what}.\n ${text}`);
}
