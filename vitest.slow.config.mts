import { defineConfig } from 'vitest/config'
import config from './vitest.config.mjs'

/**
 * Checks that take minutes, for the time before a release: runs that are killed twenty times at random moments, and readers that
 * are given damaged files.
 */
export default defineConfig({
  test: {
    ...config.test,
    include: ['test/training/{distributed,killed}.test.ts', 'test/reliability/fuzz-weights.test.ts'],
    env: { ...config.test?.env, FT_CADIS_KILLS: '20', FT_CADIS_FUZZ_SECONDS: '600' },
    testTimeout: 1_800_000,
  },
})
