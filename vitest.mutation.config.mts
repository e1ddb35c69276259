import { defineConfig } from 'vitest/config'

/** The tests that start no Python, of what stryker.config.json mutates. */
const WITHOUT_PYTHON = [
  'test/method/{noise-level,select-images,smoothed}.test.ts',
  'test/certification/{adaptive-settings,arm-logs,batch-size,log-configuration,merge-shards,one-ahead}.test.ts',
  'test/certification/{shards,smoothed-input,statement,statistics}.test.ts',
  'test/certification/adaptive/*.test.ts',
  'test/training/{schedules,parameter-groups}.test.ts',
]

/** The tests of files that are tested with Python. */
const WITH_PYTHON = [
  'test/method/{batch-statistics,noise-and-denoise,objective,selection-tensors}.test.ts',
  'test/fixtures-check/check-fixtures.test.ts',
  'test/certification/{certify,certify-launched,choose-images,load-networks,predict}.test.ts',
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
