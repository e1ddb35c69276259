import { defineConfig } from 'vitest/config'

/** The tests that start no Python, of what stryker.config.json mutates. */
export default defineConfig({
  test: {
    include: [
      'test/method/{noise-level,select-images,smoothed}.test.ts',
      'test/certification/{statistics,shards,merge-shards}.test.ts',
      'test/certification/adaptive/*.test.ts',
      'test/training/{schedules,parameter-groups}.test.ts',
    ],
  },
})
