import { defineConfig } from 'vitest/config'
import { run, settings } from './vitest.config.mjs'

/** Checks that take minutes, for the time before a release: runs that are killed twenty times at random moments, ten minutes of
 * damaged files for the readers, every method from scratch on digits and by its preset on the command line, and every case of
 * tables of which `npm test` takes the first ones. */
export default defineConfig({
  ...settings,
  test: {
    ...settings.test,
    ...run,
    include: [
      'test/training/{compiled-classifier,distributed,killed}.test.ts',
      'test/objectives/{every-kind,learns-digits}.test.ts',
      'test/cli/table1-{runs,systems}.test.ts',
      'test/reliability/{fuzz-readers,fuzz-weights,strangers-folder}.test.ts',
      'test/installed-package.test.ts',
      'test/attack/every-procedure.test.ts',
      'test/certification/queue/schedules.test.ts',
      'test/cli/commands/{certify,export-architectures}.test.ts',
    ],
    env: {
      ...settings.test.env,
      FT_CADIS_SLOW: '1',
      FT_CADIS_KILLS: '20',
      FT_CADIS_FROM_SCRATCH: process.env.FT_CADIS_FROM_SCRATCH ?? 'all',
      FT_CADIS_TABLE1: process.env.FT_CADIS_TABLE1 ?? 'all',
      FT_CADIS_FUZZ_SECONDS: process.env.FT_CADIS_FUZZ_SECONDS ?? '600',
    },
    testTimeout: 1_800_000,
  },
})
