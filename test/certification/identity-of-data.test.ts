import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type CertificationRunConfigInput,
  ConfigError,
  certify,
  DataError,
  mergeShards,
  predict,
  type Session,
} from '../../src'
import { parseCertificationConfig, parseUnknownConfig } from '../../src/config/schema'
import { connectForTest } from '../support/digits'
import { greyImage, greySettings, writeGreyImages } from '../support/tiny-images'

describe('a log and its data', () => {
  let session: Session
  let folder: string
  beforeAll(async () => {
    session = await connectForTest()
  })
  afterAll(() => session.close())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-identity-'))
    await writeGreyImages(join(folder, 'A'), { dark: 10, light: 240 })
  })
  afterEach(() => rm(folder, { recursive: true }))

  const log = (name = 'log.tsv') => join(folder, name)
  function settings(
    name: string,
    { images = {}, ...options }: Parameters<typeof greySettings>[1] & { images?: object } = {},
  ): CertificationRunConfigInput {
    return {
      ...greySettings(join(folder, name), options),
      certification: { n0: 16, n: 64, batch: 64, ...images },
      output: folder,
    }
  }
  const some = { images: { images: { first: 3 } } }

  it('continues where the data were moved, and says what they are', async () => {
    await certify(session, settings('A', some), { log: log() })
    await rename(join(folder, 'A'), join(folder, 'moved'))
    const { rows, metadata } = await certify(session, settings('moved'), { log: log() })
    expect(rows).toHaveLength(8)
    expect(metadata?.configuration.data).toMatchObject({
      ...{ images: 8, classes: 2, classNames: ['dark', 'light'] },
      digest: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
  })

  it('refuses data of other classes, and merging its shards with theirs', async () => {
    await writeGreyImages(join(folder, 'B'), { bright: 240, night: 10 })
    await certify(session, settings('A', some), { log: log() })
    const before = await readFile(log())
    const other = certify(session, settings('B'), { log: log() })
    await expect(other).rejects.toThrow(ConfigError)
    await expect(other).rejects.toThrow(
      /data.classNames: \["dark","light"\] in the log, \["bright","night"\] now\n {2}data.digest/,
    )
    expect(await readFile(log())).toEqual(before)
    const shards = await Promise.all(
      ['A', 'B'].map(async (name, position) => {
        const shard = { number: position + 1, of: 2 }
        return (await certify(session, settings(name), { log: log('whole.tsv'), shard })).file
      }),
    )
    const merged = mergeShards(shards, { output: log('whole.tsv') })
    await expect(merged).rejects.toThrow(DataError)
    await expect(merged).rejects.toThrow(
      /data.classNames is \["dark","light"\] in .*01-of-02.tsv and \["bright"/,
    )
  })

  it('refuses a file of another size or name among those that it has no row of', async () => {
    await certify(session, settings('A', some), { log: log() })
    await writeFile(
      join(folder, 'A', 'val', 'light', '3.ppm'),
      Buffer.concat([greyImage(1), Buffer.from(' ')]),
    )
    await expect(certify(session, settings('A'), { log: log() })).rejects.toThrow(/ data.digest: /)
  })

  it('compares the pixels of each row before it certifies', async () => {
    // Too large to be read for what the data are.
    const large = (grey: number) => Buffer.concat([greyImage(grey), Buffer.alloc(1_000_000)])
    await writeFile(join(folder, 'A', 'val', 'dark', '1.ppm'), large(11))
    await certify(session, settings('A', some), { log: log() })
    const before = await readFile(log())
    await writeFile(join(folder, 'A', 'val', 'dark', '1.ppm'), large(200))
    const other = certify(session, settings('A'), { log: log() })
    await expect(other).rejects.toThrow(ConfigError)
    await expect(other).rejects.toThrow(
      /image 1: label 0, digest [0-9a-f]{16} in the log, label 0, digest [0-9a-f]{16} now\nGive/,
    )
    expect(await readFile(log())).toEqual(before)
  })

  it('compares what a log of an earlier version says, and tells what that is', async () => {
    await certify(session, settings('A', some), { log: log() })
    const metadata = JSON.parse(await readFile(`${log()}.json`, 'utf8'))
    delete metadata.configuration.data.classNames
    metadata.configuration.data.digest = '0'.repeat(16)
    await writeFile(`${log()}.json`, JSON.stringify(metadata))
    const notes: string[] = []
    const onNote = (note: string) => notes.push(note)
    const { rows } = await certify(session, settings('A'), { log: log(), onNote })
    expect(rows).toHaveLength(8)
    expect(notes.join()).toMatch(/log.tsv is of an earlier version: its rows are compared/)
    await writeFile(join(folder, 'A', 'val', 'dark', '1.ppm'), greyImage(200))
    await expect(certify(session, settings('A'), { log: log() })).rejects.toThrow(/image 1: label 0/)
  })

  it('refuses data whose classes the smoothed classifier calls otherwise', async () => {
    const config = parseCertificationConfig(settings('A'))
    const asked = certify(session, { config, classes: ['light', 'dark'] }, { log: log() })
    await expect(asked).rejects.toThrow(/logit 0 is "light" in the weights, "dark" in the data/)
    await certify(session, { config, classes: ['dark', 'light'] }, { log: log() })
  })

  it('certifies some classes of a head, whose other logits are votes for other classes', async () => {
    const classes = { light: 4, dark: 0 }
    const { rows, metadata } = await certify(session, settings('A', { classes: 5, data: { classes } }), {
      log: log(),
    })
    expect(rows.map(({ label }) => label)).toEqual([0, 0, 0, 0, 4, 4, 4, 4])
    expect(rows.every(({ correct }) => correct)).toBe(true)
    expect(metadata?.configuration.data).toMatchObject({ classNames: ['dark', 'light'], logits: [0, 4] })
    const swapped = { ...settings('A', { classes: 5, data: { classes: { light: 2, dark: 3 } } }) }
    const wrong = await certify(session, swapped, { log: log('wrong.tsv') })
    expect(wrong.rows.map(({ prediction }) => prediction)).toEqual([0, 0, 0, 0, 4, 4, 4, 4])
    const beyond = certify(session, settings('A', { classes: 4, data: { classes } }), {
      log: log('beyond.tsv'),
    })
    await expect(beyond).rejects.toThrow(/"light" the logit 4, but the head of the classifier has 4 classes/)
  })

  it('asks for the order of class folders that are numbers, in certification and prediction', async () => {
    await writeGreyImages(join(folder, 'N'), { 1: 10, 10: 240, 2: 120 }, { images: 1 })
    const images = join(folder, 'N', 'val', '10', '0.ppm')
    const config = (data: object) => settings('N', { classes: 3, data })
    await expect(certify(session, config({}), { log: log() })).rejects.toThrow(
      /1, 10, 2.*1, 2, 10.*data.classes/,
    )
    await expect(predict(session, config({}), { files: [images] })).rejects.toThrow(/1, 10, 2.*1, 2, 10/)
    const { rows } = await certify(session, config({ classes: 'numeric' }), { log: log() })
    expect(rows.map(({ label }) => label)).toEqual([0, 2, 1])
    const listed = config({ classes: ['1', '2', '10'] })
    const [prediction] = await predict(session, listed, { files: [images] })
    expect(prediction).toMatchObject({ prediction: 2, className: '10' })
  })
})

it('classes are listed for training, and may be some in a certification', () => {
  const given = (classes: unknown) => ({ ...greySettings('data', { data: { classes } }), output: 'run' })
  const optimisation = {
    epochs: 1,
    imagesPerUpdate: 4,
    learningRate: 1e-3,
    weightDecay: { start: 0, end: 0 },
  }
  const method = { kind: 'cross-entropy', images: 'clean' }
  const run = (classes: unknown) => parseUnknownConfig({ ...given(classes), method, optimisation })
  for (const classes of ['numeric', 'text', ['b', 'a']]) expect(run(classes).data).toMatchObject({ classes })
  expect(() => run({ b: 0 })).toThrow(/data.classes: expected all class folders in order/)
  expect(() => run('alphabetic')).toThrow(/data.classes/)
  const certification = parseCertificationConfig({ ...given({ b: 3 }), certification: {} })
  expect(certification.data).toMatchObject({ classes: { b: 3 } })
  expect(() => parseCertificationConfig({ ...given({ b: -1 }), certification: {} })).toThrow(/data.classes.b/)
})
