import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    // Stories wait for servers most of the time: a core of its own for each would be wasted.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 20_000,
    hookTimeout: 60_000,
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
