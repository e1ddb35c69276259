import { defineConfig } from 'vitest/config'

/** The tests that start no Python, of what stryker.config.json mutates. */
export default defineConfig({
  test: {
    // Mutants are switched in the code: it runs many times slower.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: [
      'test/method/{noise-level,select-images,smoothed}.test.ts',
      'test/certification/{adaptive-settings,arm-logs,batch-size,log-configuration,merge-shards,one-ahead}.test.ts',
      'test/certification/{shards,smoothed-input,statement,statistics}.test.ts',
      'test/certification/adaptive/*.test.ts',
      'test/training/{schedules,parameter-groups}.test.ts',
    ],
  },
})
