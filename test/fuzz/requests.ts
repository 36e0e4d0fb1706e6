// What the fuzz sends: payloads that the schemas of all commands accept. Making one takes longer
// than sending it, so some of each command are kept and sent again, and one is made anew now and
// then. The seed decides all of it.

import fc from 'fast-check';
import { COMMANDS, type CommandName } from '../../protocol/commands/registry.ts';
import type { Random } from '../sim/random.ts';
import { arbitraryPayload } from '../support/arbitrary-payloads.ts';
import { preferencesAt } from '../support/extreme-world.ts';

/** Payloads of a command that are kept, and how often another one takes the place of one. */
const KEPT = 40;
const NEW_PERCENT = 10;
/** Ids that commands name: those of the first things, and of the last ones of any kind. */
const IDS = [...Array.from({ length: 40 }, (_, index) => index + 1), 2 ** 31, 2 ** 53 - 1];

/** On a socket that is a player's; what opens and ends a session has tests of its own. */
const NAMES = (Object.keys(COMMANDS) as CommandName[]).filter(
  name => name !== 'session.open' && name !== 'sessions.end',
);

export interface FuzzRequest {
  readonly command: CommandName;
  readonly payload: unknown;
}

export class Requests {
  readonly #random: Random;
  readonly #arbitraries: ReadonlyMap<CommandName, fc.Arbitrary<unknown>>;
  readonly #kept = new Map<CommandName, unknown[]>();

  constructor(random: Random, nowMs: number) {
    this.#random = random;
    const prefer = preferencesAt(nowMs, IDS);
    this.#arbitraries = new Map(NAMES.map(name => [name, arbitraryPayload(name, prefer)]));
  }

  /** All commands in turn, by chance. */
  next(): FuzzRequest {
    const command = this.#random.pick(NAMES);
    const kept = this.#kept.get(command) ?? [];
    this.#kept.set(command, kept);
    if (kept.length > 0 && !this.#random.chance(NEW_PERCENT)) {
      return { command, payload: this.#random.pick(kept) };
    }
    const payload = this.#make(command);
    if (kept.length < KEPT) kept.push(payload);
    else kept[this.#random.between(0, KEPT - 1)] = payload;
    return { command, payload };
  }

  #make(command: CommandName): unknown {
    const arbitrary = this.#arbitraries.get(command) as fc.Arbitrary<unknown>;
    const [payload] = fc.sample(arbitrary, { numRuns: 1, seed: this.#random.between(1, 2 ** 31) });
    return payload;
  }
}
