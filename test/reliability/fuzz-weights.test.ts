import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { PYTHON_FOLDER } from '../../src/environment/paths'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

/** `npm run test:slow` takes ten minutes, from its own seed; FT_CADIS_FUZZ_SEED repeats one. */
const SECONDS = Number(process.env.FT_CADIS_FUZZ_SECONDS ?? 5)
const SEED = process.env.FT_CADIS_FUZZ_SEED ?? (SECONDS > 60 ? String(Date.now()) : '1')
const STARTING_MS = 120_000

test(
  `damaged and hostile weights and adapters end in one clear error, from seed ${SEED}`,
  async () => {
    const { path } = await resolveInterpreter()
    const pythonPath = [PYTHON_FOLDER, process.env.PYTHONPATH].filter(Boolean).join(delimiter)
    const program = join(PACKAGE_FOLDER, 'test', 'python', 'fuzz_weights.py')
    const finished = await execa(path, ['-W', 'ignore', program, String(SECONDS), SEED], {
      env: { PYTHONPATH: pythonPath },
      all: true,
      reject: false,
    })
    expect(finished.exitCode, finished.all).toBe(0)
    expect(finished.all).toMatch(/^[1-9]\d* files, up to seed \d+/m)
  },
  SECONDS * 1000 + STARTING_MS,
)
