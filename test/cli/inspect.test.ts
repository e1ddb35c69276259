import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseUnknownConfig } from '../../src'
import { smoothedSource } from '../../src/cli/smoothed-source'
import { CLASSIFIER, DENOISER } from '../support/digits'
import { runSupportScript } from '../support/run-example'
import { rows, writeRun } from '../support/run-folders'
import { runHere } from '../support/run-here'

const TIMEOUT_MS = 240_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-inspect-'))
  await runSupportScript('own_photos.py', folder)
}, TIMEOUT_MS)
afterAll(() => rm(folder, { recursive: true }))

const [photos, model] = ['photos', 'model.pth'].map(name => () => join(folder, name)) as [
  () => string,
  () => string,
]

const inspect = (...words: string[]) => runHere('inspect', ...words)

describe('inspect', () => {
  it(
    'writes a configuration of class folders and weights that certify and train take',
    async () => {
      const config = join(folder, 'config.json')
      const words = [photos(), model(), '--write', config]
      const { stdout: text, stderr } = await inspect(...words, '--radius', '0.6', '--tuning', 'full')
      expect(stderr).toBe('')
      expect(text).toMatch(/classes +3, in this order: cat \(40\), coffee \(40\), flower \(40\)/)
      expect(text).toMatch(/images +120; shorter side 4\d to 5\d pixels/)
      expect(text).toMatch(/a classifier: timm's resnet10t|model\.pth: timm's resnet10t/)
      expect(text).toMatch(
        /\n {2}clean accuracy (9\d|100) % of 120 images with the mean and std of timm's default for this architecture; used in the configuration\n/,
      )
      expect(text).toMatch(/\n {2}images +3 channels, trained at \d+ pixels a side; accepts other sizes\n/)
      expect(text).toContain(
        `npx ft-cadis certify --config ${config} --images over-classes:12 --adaptive --n 1000\n`,
      )
      expect(text).toContain(
        `npx ft-cadis train --config ${config}\n  npx ft-cadis certify runs/own --images over-classes:12 --adaptive --n 1000`,
      )

      const settings = parseUnknownConfig(JSON.parse(await readFile(config, 'utf8')))
      expect(settings).toMatchObject({
        smoothing: { sigma: 0.3, denoiser: { source: 'none' } },
        classifier: {
          source: 'timm',
          name: 'resnet10t',
          path: model(),
          inputRange: { mean: [0.485, 0.456, 0.406] },
        },
        data: { source: 'folder', path: photos(), imageSize: 32, resizeSize: 32, testShare: 0.2 },
        method: { kind: 'gaussian' },
        optimisation: { epochs: 30, imagesPerUpdate: 32 },
      })
      const source = await smoothedSource(undefined, { config })
      expect(source.config).toMatchObject({ smoothing: settings.smoothing, classifier: settings.classifier })
      expect(await inspect(...words)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('is there already'),
      })
    },
    TIMEOUT_MS,
  )

  it(
    'proposes a size of images that are not square where it is asked for',
    async () => {
      const said = JSON.parse((await inspect(photos(), model(), '--image-size', '24x32', '--json')).stdout)
      expect(said.settings.data).toMatchObject({ imageSize: [24, 32], resizeSize: [24, 32] })
      expect(said.settings.classifier).not.toHaveProperty('resize')
      expect(said.lines).toContainEqual(expect.stringMatching(/^clean accuracy \d+ % of 120 images/))
    },
    TIMEOUT_MS,
  )

  it(
    'keeps the input range where the class folders are in another order than the logits, and names the order',
    async () => {
      const renamed = join(folder, 'renamed')
      await cp(photos(), renamed, { recursive: true })
      await rename(join(renamed, 'cat'), join(renamed, 'zz-cat'))
      const said = JSON.parse((await inspect(renamed, model(), '--json')).stdout)
      expect(said.settings.classifier.inputRange).toMatchObject({ mean: [0.485, 0.456, 0.406] })
      expect(said.lines).toContainEqual(
        expect.stringMatching(
          /likely cause is the order of the classes: .*would be (9\d|100) %\. Set data\.classes to \["zz-cat","coffee","flower"\]/,
        ),
      )
    },
    TIMEOUT_MS,
  )

  it(
    'says the σ range of a denoiser and the head and inputs of a classifier',
    async () => {
      const { stdout: text } = await inspect(DENOISER, CLASSIFIER)
      expect(text).toMatch(/a UNet2DModel of diffusers\n {2}parameters {2}190,369\n/)
      expect(text).toMatch(/sigma +0\.0\d+ to 78\.\d, 1000 timesteps/)
      expect(text).toMatch(/head +10 classes, without names/)
      expect(text).toMatch(/inputs +mean \[0\.5\], std \[0\.5\], according to its folder$/m)
    },
    TIMEOUT_MS,
  )

  it(
    'describes a run, with the commands that take it, and lists the files that its training holds out',
    async () => {
      const run = join(folder, 'runs', 'held-out')
      const part = { classes: ['cat', 'coffee', 'flower'], digest: '0123456789abcdef' }
      await writeRun(run, {
        ...{ rows: rows(12), images: { train: { ...part, images: 96 }, test: { ...part, images: 24 } } },
        data: {
          ...{ source: 'folder', path: photos(), imageSize: 32, resizeSize: 32, testShare: 0.2 },
          ...{ augment: true, workers: 0, onCorrupt: 'fail' },
        },
      })

      const { stdout: text } = await inspect(run)
      expect(text).toContain(`${run}: a run of this package\n  method      ft-cadis\n`)
      expect(text).toMatch(/\n {2}state {7}finished, epoch 3 of 3\n {2}sigma {7}0\.75\n/)
      expect(text).toMatch(/\n {2}classes {5}cat, coffee, flower\n/)
      expect(text).toMatch(/\n {2}images {6}96 for training, 24 for tests\n {2}certified {3}not yet\n/)
      expect(text).toContain(`npx ft-cadis inspect ${run} --test-files`)

      expect(text).toMatch(/certify it: .*certify .*\n.*classify: +.*predict --model/)

      const files = (await inspect(run, '--test-files')).stdout.split('\n')
      expect(files).toHaveLength(24)
      expect(new Set(files.map(file => basename(dirname(file)))).size).toBe(3)
      await Promise.all(files.map(file => readFile(file)))

      expect((await inspect(run, model())).stderr).toContain(
        `${run} is a run, which has its configuration already.`,
      )
      await writeRun(run, {
        data: {
          source: 'synthetic',
          trainImages: 4,
          testImages: 2,
          classes: 2,
          imageSize: 8,
          channels: 1,
          workers: 0,
        },
      })
      expect((await inspect(run)).stdout).not.toContain('--test-files')
      expect((await inspect(run, '--test-files')).stderr).toContain(
        'The images of synthetic are not single files.',
      )
      expect((await inspect(photos(), '--test-files')).stderr).toContain(
        '--test-files: expected one run folder',
      )
    },
    TIMEOUT_MS,
  )

  it(
    'advises to train weights whose head does not have the classes, not to certify them',
    async () => {
      const two = join(folder, 'two')
      await mkdir(two)
      for (const name of ['cat', 'coffee']) await symlink(join(photos(), name), join(two, name))
      const { stdout: text } = await inspect(two, model(), '--write', join(folder, 'two.json'))
      expect(text).toContain('The head has 3 classes and the folder 2')
      expect(text).not.toMatch(/as it is:|certify --config/)
      expect(text).toContain(`npx ft-cadis train --config ${join(folder, 'two.json')}`)
    },
    TIMEOUT_MS,
  )

  it(
    'prints the same as JSON',
    async () => {
      const said = JSON.parse((await inspect(DENOISER, '--json')).stdout)
      expect(said.found).toMatchObject([{ path: DENOISER, found: { kind: 'denoiser', imageSize: 8 } }])
    },
    TIMEOUT_MS,
  )

  it(
    'refuses two of a kind, and a configuration of too little',
    async () => {
      const refused = async (...words: string[]) => {
        const { exitCode, stderr } = await inspect(...words)
        expect(exitCode).toBe(1)
        return stderr
      }
      const write = join(folder, 'none.json')
      await writeFile(join(folder, 'text.pth'), 'no weights')
      expect(await refused(DENOISER, DENOISER)).toMatch(/are denoisers, expected one/)
      expect(await refused(photos(), '--write', write)).toMatch(/needs the weights of a classifier/)
      expect(await refused(model(), '--write', write)).toMatch(/needs a folder of images, which none/)
      const misfit =
        /do not fit the given architecture resnet18 .*, but resnet10t of timm\. Leave --architecture out/
      expect(await refused(model(), '--architecture', 'resnet18')).toMatch(misfit)
      const misnamed = [photos(), model(), '--architecture', 'resnet18', '--write', write]
      expect(await refused(...misnamed)).toMatch(misfit)
      await expect(readFile(write)).rejects.toThrow(/ENOENT/)
      expect(await refused(join(folder, 'text.pth'))).toMatch(/is not a PyTorch weight file/)
    },
    TIMEOUT_MS,
  )
})
