import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.mjs'

/** What every test file needs, whichever command runs it. */
export const settings = {
  // Examples import the package by its name.
  resolve: {
    alias: [{ find: /^ft-cadis$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) }],
  },
  test: {
    pool: 'forks' as const,
    env: {
      // Workers with two torch threads each would wait for one another.
      OMP_NUM_THREADS: '1',
      // `npm run types` checks types. A launched process of this package would check them all again, for 14 s.
      TS_NODE_TRANSPILE_ONLY: '1',
    },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
}

/** Of the whole run. */
export const run = {
  globalSetup: ['test/global-setup.ts'],
  // One more than the cores of a small machine: tests wait for the processes that they start.
  maxWorkers: 3,
  sequence: { sequencer: LongestFirst },
}

/** Tests that share Node processes: they leave them as they found them, and most take less time than to import what they test. */
const TOGETHER = [
  '{analysis,bench,logs,runs,smoothing,statistics,terminal,verify}/*',
  // `sources` adds to the tables of sources, `write` replaces a module of Node.
  'config/!(sources)',
  'files/!(write)',
  'runs/report/*',
  'certification/{adaptive,certifiers,queue}/*',
  'cli/{sweep,train}/*',
  'objectives/{cat-rs,ft-cadis}/*',
].map(files => `test/${files}.test.ts`)

export default defineConfig({
  test: {
    ...run,
    projects: [
      { ...settings, test: { ...settings.test, name: 'together', include: TOGETHER, isolate: false } },
      {
        ...settings,
        test: {
          ...settings.test,
          name: 'alone',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...TOGETHER],
        },
      },
    ],
  },
})
