// The command line of the bench. Everything has a default per scenario; what is given here wins.

import { parseArgs } from 'node:util';
import type { DatabaseKind } from './bench-realm.ts';

export interface Options {
  readonly scenarios: readonly string[];
  readonly database: DatabaseKind;
  readonly json: boolean;
  /** Commands carry idempotency keys. */
  readonly keys: boolean;
  /** Null: the scenario's own. */
  readonly seconds: number | null;
  readonly sockets: number | null;
  readonly inFlight: number | null;
  readonly rate: number | null;
  readonly players: number | null;
  readonly rounds: number | null;
  /** Folder for processor profiles of the server. */
  readonly profile: string | null;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws {UsageError} for anything that is not understood. Null: help is wanted. */
export function readOptions(args: readonly string[], known: readonly string[]): Options | null {
  const { values, positionals } = parse(args);
  if (values.help === true || positionals.length === 0) return null;
  for (const name of positionals) {
    if (name !== 'all' && !known.includes(name)) throw new UsageError(`No scenario "${name}".`);
  }
  const { database = 'postgres' } = values;
  if (database !== 'postgres' && database !== 'pglite') {
    throw new UsageError(`--database ${database}: expected postgres or pglite.`);
  }
  return {
    scenarios: positionals.includes('all') ? known : positionals,
    database,
    json: values.json === true,
    keys: values.keys === true,
    seconds: positive('seconds', values.seconds),
    sockets: positive('sockets', values.sockets),
    inFlight: positive('in-flight', values['in-flight']),
    rate: positive('rate', values.rate),
    players: positive('players', values.players),
    rounds: positive('rounds', values.rounds),
    profile: values.profile ?? null,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        json: { type: 'boolean' },
        keys: { type: 'boolean' },
        database: { type: 'string' },
        seconds: { type: 'string' },
        sockets: { type: 'string' },
        'in-flight': { type: 'string' },
        rate: { type: 'string' },
        players: { type: 'string' },
        rounds: { type: 'string' },
        profile: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function positive(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new UsageError(`--${name} ${text}: expected a whole number from 1 up.`);
}
