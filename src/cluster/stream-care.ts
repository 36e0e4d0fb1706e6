// The command stream itself, as a leader keeps it: what is durable is taken off, ids never fall
// below what the journal has seen, and an id that no clock has given (anybody who can add an entry
// chooses its id, and after the greatest one Redis takes no more) ends that stream: it begins anew
// after the journal, as if Redis had been emptied.

import type { Redis } from 'ioredis';
import type { Log } from '../base/log.ts';
import type { RedisClock } from './redis-clock.ts';
import type { Refused } from './refused.ts';
import { compareIds, DIGITS_MAX, idAfter, isPossible, millisecondsOf, START } from './stream-id.ts';

export interface CareOptions {
  readonly commands: Redis;
  readonly key: string;
  readonly clock: RedisClock;
  readonly refused: Refused;
  readonly log: Log;
  /** Entries left the stream unread. How many is not known. */
  readonly lost: () => void;
}

interface State {
  /** The highest id ever added. */
  readonly newest: string;
  /** The id of the last entry that is there. */
  readonly last: string;
  /** The highest id that XDEL took away (Redis 7; else the lowest). */
  readonly deleted: string;
  /** Up to where the stream was cut off after the offset, whose own entry nobody here trims. */
  readonly cutOff: string;
}

/** The field of an entry that only keeps the ids rising. */
export const MARKER = 'm';
/** By how much an id may be ahead of both the clock of Redis and the journal. */
const AHEAD_MAX_MS = 60_000;

/** KEYS stream. ARGV latest millisecond, digits of the number. Returns whether it was ended. */
const END_IF_AHEAD = `if redis.call('exists', KEYS[1]) == 0 then return 0 end
  local info = redis.call('xinfo', 'stream', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      local ms, number = string.match(info[i + 1], '^(%d+)-(%d+)$')
      if tonumber(ms) > tonumber(ARGV[1]) or #number > tonumber(ARGV[2]) then
        return redis.call('del', KEYS[1])
      end
    end
  end
  return 0`;

export class StreamCare {
  readonly #options: CareOptions;
  /** The last entry that was handed over. */
  offset = START;
  /** Everything up to here is durable. */
  released = START;
  #trimmed = START;
  #isLooking = false;
  #hasEnded = false;
  /** The journal stands at an id that no clock has given: an older version took it in. */
  #isAstray = false;
  /** The last id that was found deleted, or cut off, though it was not read. */
  #deleted = START;

  constructor(options: CareOptions) {
    this.#options = options;
  }

  begin(offset: string): void {
    this.#isAstray = offset !== '' && !isPossible(offset);
    this.offset = offset === '' || this.#isAstray ? START : offset;
    this.released = this.offset;
  }

  end(): void {
    this.#hasEnded = true;
  }

  /** Learns the clock of Redis, keeps the ids rising, and takes what is durable off the stream. */
  async look(): Promise<void> {
    if (this.#isLooking || this.#hasEnded) return;
    this.#isLooking = true;
    try {
      await this.#options.clock.learn();
      await this.mend();
      await this.#keepRising();
      await this.#trim();
    } catch (error) {
      this.#options.log.debug({ error: String(error) }, 'the command stream is out of reach');
    } finally {
      this.#isLooking = false;
    }
  }

  /** Before anything is read: nothing that is there can be told from what was executed. */
  async mend(): Promise<void> {
    const { commands, key, clock, log } = this.#options;
    if (clock.nowMs() === null) await clock.learn();
    if (!this.#isAstray) return;
    await commands.del(key);
    this.#isAstray = false;
    log.error('the journal has an id that no clock gave: the command stream begins anew');
    this.#options.lost();
  }

  /** Whether an id may become the offset of the journal. If not: {@link doubt}. */
  believes(id: string): boolean {
    return isPossible(id) && millisecondsOf(id) <= this.#latestMs;
  }

  /**
   * Ends the stream, or takes the entry off it when later ones have believable ids again; unless
   * the clock says better now. What is there must be read again.
   */
  async doubt(id: string): Promise<void> {
    const { commands, key, clock } = this.#options;
    await clock.learn();
    if (this.believes(id) || (await this.#endIfAhead(id))) return;
    await commands.xdel(key, id);
    this.#refuse(id);
  }

  get #latestMs(): number {
    const nowMs = this.#options.clock.nowMs() ?? 0;
    return Math.max(nowMs, millisecondsOf(this.offset)) + AHEAD_MAX_MS;
  }

  #refuse(id: string): void {
    this.#options.refused.note('id', id, 'No clock gave this id: its entry is not taken.');
    this.#options.lost();
  }

  /** Whether the stream has ended. */
  async #endIfAhead(id: string): Promise<boolean> {
    const { commands, key } = this.#options;
    const bounds = [Math.floor(this.#latestMs), DIGITS_MAX];
    const hasEnded = await commands.eval(END_IF_AHEAD, 1, key, ...bounds);
    if (hasEnded !== 1) return false;
    this.#refuse(id);
    await this.#keepRising();
    return true;
  }

  /** After Redis was emptied, or its clock set back: see the head of this file. */
  async #keepRising(): Promise<void> {
    const { commands, key, log } = this.#options;
    const { offset } = this;
    const { newest, last, deleted, cutOff } = await this.#state(offset);
    if (!this.believes(newest)) {
      // What is still there is read first, up to the entry that is not believed.
      if (compareIds(last, offset) <= 0) await this.#endIfAhead(newest);
      return;
    }
    for (const id of [deleted, cutOff]) {
      if (compareIds(id, this.offset) <= 0 || id === this.#deleted) continue;
      this.#deleted = id;
      this.#options.lost();
    }
    if (compareIds(newest, offset) >= 0) return;
    const id = idAfter(offset);
    log.error({ newest, offset }, 'the command stream was emptied: it goes on after the journal');
    try {
      await commands.xadd(key, id, MARKER, '');
    } catch (error) {
      // Somebody added a later entry meanwhile: then the ids are above already.
      if (!String(error).includes('equal or smaller')) throw error;
    }
  }

  async #state(offset: string): Promise<State> {
    let info: unknown[];
    try {
      info = (await this.#options.commands.xinfo('STREAM', this.#options.key)) as unknown[];
    } catch (error) {
      if (!String(error).includes('no such key')) throw error;
      return { newest: START, last: START, deleted: START, cutOff: START };
    }
    const fieldOf = (name: string) => {
      const at = info.indexOf(name);
      return at < 0 ? null : info[at + 1];
    };
    const newest = String(fieldOf('last-generated-id') ?? START);
    const first = fieldOf('first-entry') as [id: string, fields: string[]] | null;
    const last = fieldOf('last-entry') as [id: string, fields: string[]] | null;
    const isWhole =
      offset === START ||
      (first !== null && compareIds(first[0], offset) <= 0) ||
      // The stream was emptied, which was told when this was added.
      first?.[1][0] === MARKER;
    const deleted = String(fieldOf('max-deleted-entry-id') ?? START);
    const cutOff = isWhole ? START : (first?.[0] ?? newest);
    return { newest, last: last?.[0] ?? START, deleted, cutOff };
  }

  async #trim(): Promise<void> {
    const { released } = this;
    if (compareIds(released, this.#trimmed) <= 0) return;
    // The entry at the offset itself stays, so that the stream keeps its newest id in sight.
    await this.#options.commands.xtrim(this.#options.key, 'MINID', released);
    this.#trimmed = released;
  }
}
