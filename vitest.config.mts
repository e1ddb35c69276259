import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.mjs'

export default defineConfig({
  // Examples import the package by its name.
  resolve: {
    alias: [{ find: /^ft-cadis$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    // One more than the cores of a small machine: tests wait for the processes that they start.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    env: {
      // Workers with two torch threads each would wait for one another.
      OMP_NUM_THREADS: '1',
      // `npm run types` checks types. A launched process of this package would check them all again, for 14 s.
      TS_NODE_TRANSPILE_ONLY: '1',
    },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
