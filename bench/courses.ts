// Work that takes several commands, one after the other: a trade window from the invitation to the
// swap, an offer and its acceptance. Many such courses run side by side, each with one command
// under way; the longest idle one begins next. They do not begin all at once, or each batch of the
// server would be of one kind. Which commands a course has is for the scenario to say.

import { decodeServerFrame } from '../protocol/codec.ts';
import type { Exchange } from './exchange.ts';
import type { FrameTemplate } from './frame-template.ts';
import type { Source } from './load.ts';
import { Meter } from './meter.ts';
import type { RawSocket } from './raw-socket.ts';

export interface CoursePlan {
  /** How many there are; each begins anew when it has ended. */
  readonly courses: number;
  /** Commands of one course. */
  readonly steps: number;
  /** The command of a step. */
  readonly frame: (course: number, step: number) => FrameTemplate;
  /** What the answer to a step says: its body is `bytes` from `bodyStart` on. */
  readonly answered: (course: number, step: number, bytes: Buffer, bodyStart: number) => void;
  /** Where a step is sent from; left out: wherever there is room. */
  readonly socketOf?: (course: number, step: number) => RawSocket;
}

const OK = 0;
/** Nothing was executed: the step is sent again. */
const UNAVAILABLE = 3;

export class Courses {
  /** Whole courses: how many, and how long each took. */
  readonly meter = new Meter();
  /** Courses given up because a command of theirs was refused. */
  refused = 0;
  readonly #exchange: Exchange;
  readonly #plan: CoursePlan;
  readonly #steps: Uint8Array;
  readonly #startedMs: Float64Array;
  /** Courses whose next command may leave. */
  readonly #ready: number[] = [];
  /** A ring of those that wait to begin, the longest idle one first. */
  readonly #idle: Uint32Array;
  #idleFirst = 0;
  /** Courses that were asked for at the start, and begin when others have done their first step. */
  #owed = 0;
  #asked = 0;
  #isUnderWay = false;
  #idleCount: number;

  constructor(exchange: Exchange, plan: CoursePlan) {
    this.#exchange = exchange;
    this.#plan = plan;
    this.#steps = new Uint8Array(plan.courses);
    this.#startedMs = new Float64Array(plan.courses);
    this.#idle = Uint32Array.from({ length: plan.courses }, (_, course) => course);
    this.#idleCount = plan.courses;
  }

  /** Courses that came to their end since the beginning. */
  get done(): number {
    return this.meter.totals[OK] as number;
  }

  /** Sends the next command of one course, if there is one that may go on or begin. */
  readonly source: Source = (socket, sinceMs) => {
    const course = this.#ready.pop();
    if (course !== undefined) {
      this.#send(course, socket, sinceMs);
    } else if (this.#isUnderWay || this.#asked++ % this.#plan.steps === 0) {
      this.#begin(socket, sinceMs);
    } else if (this.#owed < this.#idleCount) {
      this.#owed += 1;
    }
  };

  readonly answered: Exchange['onAnswer'] = (socket, outcome, course, bytes, bodyStart) => {
    this.#isUnderWay = true;
    if (outcome === UNAVAILABLE) {
      this.#ready.push(course);
      return;
    }
    if (outcome !== OK) {
      this.refused += 1;
      return;
    }
    const step = this.#steps[course] as number;
    this.#plan.answered(course, step, bytes, bodyStart);
    const isLast = step + 1 === this.#plan.steps;
    this.#steps[course] = isLast ? 0 : step + 1;
    if (isLast) this.#end(course);
    else this.#ready.push(course);
    if (step > 0 || this.#owed === 0) return;
    this.#owed -= 1;
    this.#begin(socket, this.#exchange.nowMs);
  };

  /** What the first refusal said, for people; null when there was none. */
  whyRefused(): string | null {
    const { firstRejection, firstFailure } = this.#exchange;
    const answer = this.refused === 0 ? null : (firstRejection ?? firstFailure);
    return answer === null ? null : JSON.stringify(decodeServerFrame(answer));
  }

  #end(course: number): void {
    this.meter.record(OK, this.#exchange.nowMs - (this.#startedMs[course] as number));
    const ring = this.#idle;
    ring[(this.#idleFirst + this.#idleCount) % ring.length] = course;
    this.#idleCount += 1;
  }

  #begin(socket: RawSocket, sinceMs: number): void {
    if (this.#idleCount === 0) return;
    const course = this.#idle[this.#idleFirst] as number;
    this.#idleFirst = (this.#idleFirst + 1) % this.#idle.length;
    this.#idleCount -= 1;
    this.#startedMs[course] = sinceMs;
    this.#send(course, socket, sinceMs);
  }

  #send(course: number, socket: RawSocket, sinceMs: number): void {
    const step = this.#steps[course] as number;
    const from = this.#plan.socketOf?.(course, step) ?? socket;
    this.#exchange.send(from, this.#plan.frame(course, step), course, sinceMs);
    if (from !== socket) from.flush();
  }
}
