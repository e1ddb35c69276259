import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { runHere } from '../../support/run-here'

const GOLDEN = join(__dirname, '..', '..', 'fixtures')

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fixtures-'))
  return () => rm(folder, { recursive: true })
})

/** Runs the command on the folder. The files in it need no Python. */
function run(...options: string[]) {
  return runHere('check-fixtures', folder, '--python', '/nowhere/python', ...options)
}

it('ends with exit code 0 and prints figures, skips with their reasons and absent files', async () => {
  await copyFile(join(GOLDEN, 'certify.json'), join(folder, 'certify.json'))
  await copyFile(join(GOLDEN, 'curves.json'), join(folder, 'curves.json'))
  const { stdout: printed, exitCode } = await run()
  expect(printed).toMatch(
    /^ok +certify\.json +397 cases +\d+ values +worst error \S+ of \S+ allowed, at \S+$/m,
  )
  expect(printed).toMatch(/skipped radii_printed \(.+\) of cases\[0\], cases\[1\], cases\[2\] and 313 more/)
  expect(printed).toContain('(no --logs given)')
  expect(printed).toMatch(/^Not in the folder: loss\.json, .+ unet\.$/m)
  expect(printed).toContain('Everything compared agrees.')
  expect(exitCode).toBe(0)
})

it('ends with exit code 1, names file and case of a miss and shows the first ten', async () => {
  const document = JSON.parse(await readFile(join(GOLDEN, 'timesteps.json'), 'utf8'))
  document.cases[0].rows[1].t_star += 1
  document.cases[1].index = document.cases[1].index.map(() => 3)
  await writeFile(join(folder, 'timesteps.json'), JSON.stringify(document))
  const { stdout: printed, exitCode } = await run()
  expect(printed).toMatch(/^MISS timesteps\.json/m)
  expect(printed).toContain('cases[0] (cifar10).rows[1].t_star: expected 1159, got 1158')
  expect(printed).toMatch(/ {2}and \d+ more/)
  expect(printed).toContain('Not as expected: timesteps.json.')
  expect(exitCode).toBe(1)
})

it('ends with exit code 1 for an unknown file', async () => {
  await writeFile(join(folder, 'notes.txt'), '')
  const { stdout, exitCode } = await run()
  expect(stdout).toContain('Not as expected: notes.txt.')
  expect(exitCode).toBe(1)
})

it('ends with exit code 1 and one message where a file needs Python and there is none', async () => {
  await copyFile(join(GOLDEN, 'clip_grad.json'), join(folder, 'clip_grad.json'))
  const { stderr, exitCode } = await run()
  expect(stderr).toMatch(/^error: --python names \/nowhere\/python, which does not exist\./)
  expect(exitCode).toBe(1)
})
