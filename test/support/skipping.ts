// Tests that need what this machine may not have: skipped by name and reason.

import { type TestOptions, test } from 'vitest';

type Run = () => Promise<void>;

/** `test`, or a test that is skipped by name and reason. */
export function skipping(reason: string | null) {
  return (title: string, options: TestOptions, run: Run): void => {
    if (reason === null) test(title, options, run);
    else test.skip(`${title} (skipped: ${reason})`, options, run);
  };
}
