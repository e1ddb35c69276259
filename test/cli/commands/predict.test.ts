import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runHere } from '../../support/run-here'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-cli-predict-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Two 8x8 grey PNG files: a digit, and another in a folder. */
const PICTURES = {
  'six.png':
    'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAARklEQVR4nCXFQRGAIBAAwB3HABeBCDagAhGIYCONYAM1ARGwgRH0wX4Wsa1AbWOtjNMXJTEL/cr3Qfqq1E2ePccSEOfbqx/WWA/8aWmRdQAAAABJRU5ErkJggg==',
  'folder/zero.png':
    'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAARklEQVR4nAXBARVAMBQAwHt7AojwG1gEEaaBKBqIIgINkGAamAbusC17gf7d5ho6+ZgM8SRuvpBEY7gkrVfiQj7Lm8FaR/ysfBITYKlPvQAAAABJRU5ErkJggg==',
}

const run = (...words: string[]) => runHere('predict', ...words, '--preset', 'digits', '--sigma', '0.25')

it('classifies files and folders, as a table for people or programs', async () => {
  await mkdir(join(folder, 'folder'))
  for (const [name, png] of Object.entries(PICTURES)) {
    await writeFile(join(folder, name), Buffer.from(png, 'base64'))
  }
  await writeFile(join(folder, 'folder', 'notes.txt'), 'no image')
  const { stdout, exitCode } = await run(
    join(folder, 'six.png'),
    join(folder, 'folder'),
    ...['--n0', '16', '--n', '64', '--threads', '1', '--csv'],
  )
  expect(exitCode).toBe(0)
  const [header, six, zero, ...others] = stdout.split('\n')
  expect(header).toBe('image,class,verdict,radius,p-value,votes,of')
  expect(six).toMatch(new RegExp(`^${join(folder, 'six.png')},6,certified,0\\.\\d{5,},.*,64$`))
  expect(zero).toMatch(new RegExp(`^${join(folder, 'folder', 'zero.png')},0,`))
  expect(others).toEqual([])
})

it.each([
  ['uniform', 'ℓ1', 0.4036],
  ['discrete-gaussian', 'ℓ2', 0.4564],
])(
  'says of which norm the radius is, for people and programs: of %s noise %s',
  async (noise, norm, radius) => {
    const six = join(folder, 'six.png')
    await writeFile(six, Buffer.from(PICTURES['six.png'], 'base64'))
    const settings = ['--n0', '16', '--n', '200', '--threads', '1', '--noise', noise]
    const table = await run(six, ...settings)
    expect(table.stdout).toContain(`certified ${norm} radius`)
    expect(table.stdout).toMatch(
      /\ncertified: the class is stable within the radius\. It may still be wrong\.$/,
    )
    const { norm: named, predictions } = JSON.parse((await run(six, ...settings, '--json')).stdout)
    expect(named).toBe(norm === 'ℓ1' ? 'l1' : 'l2')
    expect(predictions[0].radius).toBeCloseTo(radius, 3)
  },
)

it('takes the classifier as the first path where no option names one', async () => {
  const smoothed = join(folder, 'smoothed.json')
  await writeFile(smoothed, '{}')
  const predict = (...words: string[]) => runHere('predict', ...words)
  const alone = await predict(folder)
  expect(alone.stderr).toMatch(/ is a smoothed classifier, and no image is named after it\. Name image files/)
  // It is read as one.
  const damaged = await predict(folder, 'six.png')
  expect(damaged.stderr).toMatch(/smoothed\.json /)
  expect([alone.exitCode, damaged.exitCode]).toEqual([1, 1])
  // With a classifier it is a folder of images.
  expect((await run(folder)).stderr).toContain(`${folder} has no image files`)
})

it('asks for its own options where no classifier is named', async () => {
  const { stderr, exitCode } = await runHere('predict', 'six.png')
  expect({ stderr, exitCode }).toEqual({
    stderr:
      'error: Specify exactly one of --model, --config or --preset; got none. Name the folder of a run or of a checkpoint by --model, or one of the two options.',
    exitCode: 1,
  })
})

it('names the folder of the classifier that is not there', async () => {
  const missing = join(folder, 'photo')
  for (const words of [[missing, 'six.png'], [missing]]) {
    expect(await runHere('predict', ...words)).toEqual({
      stdout: '',
      stderr: `error: The folder ${missing} does not exist. Give the folder of a run, or of one of its checkpoints.`,
      exitCode: 1,
    })
  }
})

it('says which file is missing, and that a folder has no images', async () => {
  const empty = await run(folder)
  expect(empty.stderr).toMatch(/^error: .* has no image files\. Name files such as/)
  expect(empty.exitCode).toBe(1)
})
