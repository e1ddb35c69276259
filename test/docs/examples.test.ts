import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { programOfExamples } from '../support/examples-of-comments'
import { TYPESCRIPT } from '../support/typescript'

it('the examples in comments of what is public run, and give what they say', async () => {
  const { names, text } = programOfExamples()
  expect(names.length).toBeGreaterThan(15)
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-examples-'))
  try {
    await writeFile(join(folder, 'program.ts'), text)
    const { path } = await resolveInterpreter()
    // Programs that read the command line say what they take.
    const { stderr } = await execa('node', [...TYPESCRIPT, join(folder, 'program.ts'), '--help'], {
      cwd: PACKAGE_FOLDER,
      env: { PYTHON_BIN: path },
      reject: false,
    })
    expect(stderr.split('\n')).toEqual(names.map(name => `ran ${name}`))
  } finally {
    await rm(folder, { recursive: true })
  }
}, 120_000)
