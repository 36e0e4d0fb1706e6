// How an audit goes on in small steps: it counts what it looks at, and yields after each step's
// worth. So whoever runs it can do other things in between; nothing may change the state meanwhile.

/** An audit that is going on: gives way after each step, and says at its end what it found. */
export type Steps<Outcome = void> = Generator<void, Outcome>;

/** Things that are looked at in one step: some hundred microseconds. */
const STEP_THINGS = 1_000;

export class Pace {
  #looked = 0;

  /** One more thing was looked at. Whether it is time to yield. */
  step(): boolean {
    this.#looked++;
    return this.#looked % STEP_THINGS === 0;
  }
}
