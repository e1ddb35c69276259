import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type CertificationRunConfigInput,
  ConfigError,
  certify,
  dryRun,
  predict,
  type Session,
} from '../../src'
import { presets } from '../../src/config/presets'
import { exists } from '../../src/files/exists'
import { pathText, systemPath } from '../../src/files/system-path'
import { notesOnInputRange, notesOnSigma } from '../../src/smoothing/notes'
import { CLASSIFIER, connectForTest, DENOISER } from '../support/digits'
import { greyImage, greySettings, writeGreyImages } from '../support/tiny-images'

describe('data as people keep them', () => {
  let session: Session
  let folder: string
  beforeAll(async () => {
    session = await connectForTest()
  })
  afterAll(() => session.close())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-odd-data-'))
    await writeGreyImages(join(folder, 'A'), { dark: 10, light: 240 })
  })
  afterEach(() => rm(folder, { recursive: true }))

  const settings = (others: object = {}, data: object = {}) =>
    ({
      ...greySettings(join(folder, 'A'), { data }),
      certification: { n0: 16, n: 64, batch: 64, images: { first: 3 } },
      output: folder,
      ...others,
    }) as CertificationRunConfigInput

  it.each<[string, object, object, RegExp]>([
    [
      'of other channels than the denoiser takes',
      { smoothing: { sigma: 0.25, denoiser: { source: 'diffusers', path: DENOISER } } },
      {},
      /The denoiser takes images of 1 channel, and those of the data have 3\. Set data\.channels to 1/,
    ],
    [
      'of other channels than the classifier takes',
      { classifier: { source: 'timm', path: CLASSIFIER } },
      {},
      /The classifier takes images of 1 channel, and those of the data have 3\. Set data\.channels to 1/,
    ],
    [
      'of channels that suit the classifier and not the denoiser',
      {
        smoothing: { sigma: 0.25, denoiser: { source: 'diffusers', path: DENOISER } },
        classifier: {
          ...settingsOfClassifier(),
          inputRange: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
        },
      },
      {},
      /denoiser takes images of 1 channel, .* Give a denoiser of images of 3: denoiser and classifier see the same/,
    ],
    [
      'of another size than the classifier takes',
      { classifier: { source: 'timm', path: CLASSIFIER } },
      { channels: 1, imageSize: 16, resizeSize: 16 },
      /The classifier takes images of 8 pixels in height, and gets 16\. Set classifier\.resize to 8 for a square, or \[8, width\], .* or data\.imageSize to that/,
    ],
    [
      'that its normalisation is not for',
      { classifier: { ...settingsOfClassifier(), inputRange: { mean: [0.5, 0.5], std: [0.5, 0.5] } } },
      {},
      /classifier\.inputRange has a mean of 2 channels, and images of the data have 3\. Give one number, or one for each channel/,
    ],
  ])('%s are refused by one image before any work', async (_what, others, data, message) => {
    const certified = certify(session, settings(others, data), { log: join(folder, 'log.tsv') })
    await expect(certified).rejects.toThrow(ConfigError)
    await expect(certified).rejects.toThrow(message)
    expect(await exists(join(folder, 'log.tsv'))).toBe(false)
  })

  it('are tried before training too', async () => {
    const { problems } = await dryRun(session, {
      ...presets.digits({ sigma: 0.25, output: join(folder, 'run') }),
      data: { ...greySettings(join(folder, 'A')).data },
    })
    expect(problems).toContainEqual(expect.stringMatching(/takes images of 1 channel/))
  })

  it('are told of what is left out, and of one class in all images', async () => {
    await writeFile(join(folder, 'A', 'val', 'dark', '._0.ppm'), 'Mac OS X')
    await writeFile(join(folder, 'A', 'val', 'dark', 'photo.heic'), '')
    const notes: string[] = []
    await certify(session, settings(), { log: join(folder, 'log.tsv'), onNote: note => notes.push(note) })
    expect(notes).toEqual([
      expect.stringMatching(/Left out of '.*val', as no image of the data: 1 hidden, 1 \.heic\./),
      expect.stringMatching(
        /All 3 images to certify are of one class, "dark".* over-classes:3 draws equally from all classes/,
      ),
    ])
  })

  it('name the classes in predict', async () => {
    const files = [join(folder, 'A', 'val', 'light', '0.ppm')]
    const named = async (data: object) =>
      (await predict(session, settings({}, data), { files })).map(({ className }) => className)
    expect(await named({})).toEqual(['light'])
    expect(await named({ classes: { dark: 1, light: 0 } })).toEqual(['dark'])
    expect(await named({ path: join(folder, 'nowhere') })).toEqual([null])
  })

  it('name the classes in predict where they are published ones', async () => {
    const files = [join(folder, 'A', 'val', 'dark', '0.ppm')]
    const prediction = async (data: object) =>
      (
        await predict(
          session,
          settings({ data, classifier: { ...settingsOfClassifier(), arguments: { classes: 10 } } }),
          { files },
        )
      )[0]
    const ofDigits = await prediction({ source: 'digits' })
    expect(ofDigits).toMatchObject({ prediction: 0, className: '0' })
    expect(await prediction({ source: 'cifar10', path: folder })).toMatchObject({ className: null })
  })

  it('may have names that are not UTF-8', async () => {
    const name = Buffer.concat([Buffer.from(join(folder, 'caf')), Buffer.of(0xe9), Buffer.from('.ppm')])
    await writeFile(name, greyImage(250))
    const [prediction] = await predict(session, settings(), { files: [pathText(name)] })
    expect(prediction?.className).toBe('light')
    expect(systemPath(prediction?.file ?? '')).toEqual(name)
    await writeFile(name, 'nothing')
    await expect(predict(session, settings(), { files: [pathText(name)] })).rejects.toThrow(
      /caf\\xe9\.ppm': no image format is recognised/,
    )
  })
})

describe('a folder that says how its classifier was trained', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-range-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const mean = [0.485, 0.456, 0.406]
  const std = [0.229, 0.224, 0.225]
  const notes = (classifier: object, checkpoint?: string) =>
    notesOnInputRange({
      classifier: { path: folder, inputRange: 'symmetric', ...classifier } as never,
      ...(checkpoint !== undefined && { checkpoint }),
    })

  it.each([
    ['timm', 'config.json', { pretrained_cfg: { mean, std } }],
    ['transformers', 'preprocessor_config.json', { image_mean: mean, image_std: std }],
  ])('is compared with the settings: %s', async (source, file, content) => {
    expect(await notes({ source })).toEqual([])
    await writeFile(join(folder, file), JSON.stringify(content))
    expect(await notes({ source })).toEqual([
      expect.stringMatching(
        /trained with mean \[0\.485, .* but classifier\.inputRange is "symmetric"\. .*set classifier\.inputRange/,
      ),
    ])
    expect(await notes({ source, inputRange: { mean, std } })).toEqual([])
    expect(await notes({ source, inputRange: { mean: [0.5], std } })).toHaveLength(1)
    expect(await notes({ source }, 'checkpoint')).toEqual([])
  })

  it('says nothing where it agrees, or says nothing itself', async () => {
    await writeFile(
      join(folder, 'config.json'),
      JSON.stringify({ pretrained_cfg: { mean: 0.5, std: [0.5, 0.5, 0.5] } }),
    )
    expect(await notes({ source: 'timm' })).toEqual([])
    await writeFile(join(folder, 'config.json'), '{}')
    expect(await notes({ source: 'timm' })).toEqual([])
    await writeFile(join(folder, 'model.safetensors'), '')
    expect(await notes({ source: 'timm', path: join(folder, 'model.safetensors') })).toEqual([])
  })
})

function settingsOfClassifier() {
  return greySettings('.').classifier
}

it('notes a noise level that hides every image, and what it would be of pixels from 0 to 255', () => {
  expect(notesOnSigma({ sigma: 50 })).toEqual([
    'sigma is 50, for pixels in [0, 1]: such noise hides every image, and a certificate then says that all images get one class. Published values are 0.12 to 1. If it is of pixels from 0 to 255, give 0.196.',
  ])
  expect(notesOnSigma({ sigma: 1 })).toEqual([])
  // Noise on features has another scale.
  expect(notesOnSigma({ sigma: 50, noiseAfter: 'first-layer' })).toEqual([])
})
