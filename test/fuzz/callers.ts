// Who sends what the fuzz makes: sockets of players, and of the game, which acts for players too. A
// caller keeps several requests on their way, repeats a key now and then, and notes every answer.
// Invariant: of what a schema accepts each request is answered, with an outcome that is decided or
// says what is wrong; anything else is a finding.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Payload } from '../../protocol/commands/registry.ts';
import type { Random } from '../sim/random.ts';
import { PLAYERS } from '../support/extreme-world.ts';
import type { Answered, JudgeSocket } from '../support/judge-socket.ts';
import { testKey } from '../support/test-key.ts';
import type { FuzzRequest, Requests } from './requests.ts';
import type { Tally } from './tally.ts';

const IN_FLIGHT = 8;
/** So many of the last keys are used again by chance. */
const KEYS_KEPT = 16;
const KEYED_PERCENT = 50;
const REPEATED_PERCENT = 10;
const ANSWER_MS = 20_000;
/** A player who sends more than 50 frames a second is taken for a flood. */
const PAUSE_MS = 200;

/** Opens a socket with the token of a player, or of the game. */
export type Open = () => Promise<JudgeSocket>;

export interface CallerOptions {
  readonly name: string;
  /** Acts for the players in turn; else each request is the caller's own. */
  readonly actsForPlayers: boolean;
  readonly open: Open;
  readonly random: Random;
  readonly requests: Requests;
  readonly tally: Tally;
}

export class Caller {
  readonly #options: CallerOptions;
  readonly #keys: string[] = [];
  #socket: JudgeSocket | null = null;
  #nextKey = 1;
  #nextId = 1;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** Sends until the time is over, by the monotonic clock. */
  async run(untilMs: number): Promise<void> {
    this.#socket = await this.#options.open();
    const lanes = Array.from({ length: IN_FLIGHT }, async () => {
      while (performance.now() < untilMs) {
        await this.#send(this.#options.requests.next());
        if (!this.#options.actsForPlayers) await sleep(PAUSE_MS);
      }
    });
    await Promise.all(lanes);
    this.#socket.destroy();
  }

  async #send(request: FuzzRequest): Promise<void> {
    const { tally, actsForPlayers, random } = this.#options;
    const { command, payload } = request;
    const isSession = command.startsWith('session.');
    const key = isSession ? null : this.#key();
    const player = actsForPlayers && !isSession && random.chance(70) ? random.pick(PLAYERS) : null;
    const to = { ...(key === null ? {} : { key }), ...(player === null ? {} : { player }) };
    const socket = this.#socket as JudgeSocket;
    const answer = await answered(
      socket.tell(this.#nextId++, command, payload as Payload<typeof command>, to),
    );
    if (answer === 'late') tally.find(request, `no answer within ${ANSWER_MS / 1_000} s`);
    else if (answer === null) await this.#reopen(request, socket);
    else tally.note(request, answer);
  }

  /** The server closed the socket: with whatever was on its way, of which one is noted. */
  async #reopen(request: FuzzRequest, closed: JudgeSocket): Promise<void> {
    const { tally, open, name } = this.#options;
    if (this.#socket !== closed) return;
    tally.find(request, `the socket of ${name} was closed with ${await closed.closed}`);
    this.#socket = await open();
  }

  #key(): string | null {
    const { random, name } = this.#options;
    if (!random.chance(KEYED_PERCENT)) return null;
    if (this.#keys.length > 0 && random.chance(REPEATED_PERCENT)) return random.pick(this.#keys);
    const key = testKey(name, this.#nextKey++);
    this.#keys.push(key);
    if (this.#keys.length > KEYS_KEPT) this.#keys.shift();
    return key;
  }
}

async function answered(answer: Promise<Answered | null>): Promise<Answered | null | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>(resolve => {
    timer = setTimeout(() => resolve('late'), ANSWER_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
