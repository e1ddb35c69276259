import { defineConfig } from 'vitest/config'

/** The tests that start no Python, of what stryker.config.json mutates. */
const WITHOUT_PYTHON = [
  'test/smoothing/{noise-level,smoothed-file}.test.ts',
  'test/objectives/ft-cadis/{check-selection,select-images}.test.ts',
  'test/certification/{log-configuration,statistics}.test.ts',
  'test/certification/queue/*.test.ts',
  'test/logs/{arm-logs,merge-shards,shards}.test.ts',
  'test/certification/adaptive/*.test.ts',
  'test/statistics/*.test.ts',
  'test/training/{schedules,parameter-groups}.test.ts',
  'test/fixtures-check/released-counting.test.ts',
]

/** The tests of files that are tested with Python. */
const WITH_PYTHON = [
  'test/objectives/ft-cadis/{batch-statistics,compose,selection-tensors}.test.ts',
  'test/smoothing/{load-networks,smoothing}.test.ts',
  'test/fixtures-check/check-fixtures.test.ts',
  'test/certification/{certify,certify-launched,choose-images,predict}.test.ts',
]

export default defineConfig({
  test: {
    // Mutants are switched in the code: it runs many times slower.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: { OMP_NUM_THREADS: '1' },
    include: process.env.FT_CADIS_MUTATE_WITH_PYTHON ? WITH_PYTHON : WITHOUT_PYTHON,
  },
})
