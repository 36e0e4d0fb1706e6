// Long work on a thread that others need too: it is done in slices, and between two of them the
// others have their turn. Ask `isDue` after each small step; when it is, await `take`.

const SLICE_MS = 10;

export class Breath {
  #sinceMs = performance.now();

  /** Whether this slice has lasted long enough. */
  get isDue(): boolean {
    return performance.now() - this.#sinceMs >= SLICE_MS;
  }

  /** Lets everything else have its turn, then begins the next slice. */
  async take(): Promise<void> {
    await new Promise<void>(resolve => setImmediate(resolve));
    this.#sinceMs = performance.now();
  }
}

/** Runs what goes on in small steps to its end, with a breath whenever one is due. */
export async function inSlices<Outcome>(steps: Generator<void, Outcome>): Promise<Outcome> {
  const breath = new Breath();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (breath.isDue) await breath.take();
  }
}
