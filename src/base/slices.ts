// Long work on the thread that has to answer others meanwhile: in slices of a few milliseconds,
// with whatever waits in between.

/** What others wait for at most. */
const SLICE_MS = 10;

/** Runs what goes on in small steps to its end, and gives way after each slice of them. */
export async function inSlices<Outcome>(steps: Generator<void, Outcome>): Promise<Outcome> {
  for (;;) {
    const untilMs = performance.now() + SLICE_MS;
    while (performance.now() < untilMs) {
      const { done, value } = steps.next();
      if (done === true) return value;
    }
    await new Promise<void>(resolve => setImmediate(resolve));
  }
}
