import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/support/slowest-first.js';

export default defineConfig({
  test: {
    pool: 'forks',
    // Stories wait for servers most of the time: a core of its own for each would be wasted.
    maxWorkers: availableParallelism() + 1,
    // As on a machine that is busy with much else. What has failed says so long before.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Clients and servers of others have races of their own. A second attempt is always named: `second-attempts.mjs`.
    retry: process.env.CI ? 1 : 0,
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/!(story)/**/*.test.ts'] },
      },
      // Stories share servers, which start when there are stories to run.
      {
        extends: true,
        test: {
          name: 'story',
          include: ['test/story/**/*.test.ts'],
          globalSetup: ['test/support/story/shared-servers.ts'],
        },
      },
    ],
  },
});
