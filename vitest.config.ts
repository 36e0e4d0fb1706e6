// Tests run from the sources. Worker threads and processes are started from `dist`, which the
// global setup builds first.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    // What is waited for comes late on a busy machine. How late is no matter of these tests.
    expect: { poll: { timeout: 15_000 } },
  },
});
