import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type AnyObjective,
  ConfigError,
  defineConfig,
  defineObjective,
  dryRun,
  type Evaluation,
  finetune,
  logProbabilities,
  type Objective,
  presets,
  type RunDefinition,
  type RunDefinitionInput,
  readRun,
  type Session,
  type SimpleForm,
  torch,
} from '../../src'
import { renderReport } from '../../src/analysis/report'
import { OBJECTIVES, type Place, readCheckpoint } from '../../src/internal'
import { runReport } from '../../src/runs/report/run-report'
import { CLASSIFIER, connectForTest } from '../support/digits'
import { finetuneCollecting } from '../support/finetune-collecting'

type PlainForm = SimpleForm<{ readonly kind: 'plain' }, 'crossEntropy'>

const once = { least: 1, most: 1 }
const crossEntropyOf = (
  classifier: torch.Classifier,
  clean_BCHW: torch.Tensor<'BCHW'>,
  labels_B: torch.Tensor<'B'>,
) => {
  const clean_MBCHW = torch.unflatten(torch.flatten(clean_BCHW, 'B', 'N'), 'N', { as: 'MB', count: 1 })
  const logProbabilities_MBK = logProbabilities(classifier, clean_MBCHW, 1)
  return torch.sum(torch.mul(torch.pick(logProbabilities_MBK, 'K', labels_B), -1))
}

/** The least that an objective can be: cross-entropy on clean images, in one program. */
const PLAIN: Objective<PlainForm> = {
  kind: 'plain',
  settings: z.strictObject({ kind: z.literal('plain') }),
  copies: () => 1,
  loss: ({ networks: { classifier }, batch, clean_BCHW, imagesPerUpdate }) => {
    const crossEntropy = classifier.training(() => crossEntropyOf(classifier, clean_BCHW, batch.labels_B))
    return { total: torch.div(crossEntropy, imagesPerUpdate), sums: { crossEntropy } }
  },
  sums: ['crossEntropy'],
  metrics: { crossEntropy: { label: 'CE', caption: 'Cross-entropy.', tag: 'loss/cross_entropy' } },
  passes: () => ({ denoiserForward: 0, classifierForward: once, classifierBackward: once }),
  footprint: () => ({ graphs: 1, attacked: 0, frozenCopies: 0 }),
}

describe('an objective', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-forms-'))
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  /** Three updates of 400 images in an epoch. */
  function definition(
    name: string,
    objective: AnyObjective,
    changes: Partial<RunDefinitionInput> = {},
  ): RunDefinition {
    const { smoothing, optimisation, ...base } = presets.digits({
      ...{ classifier: CLASSIFIER, output: join(folder, name) },
    })
    return defineConfig({
      ...base,
      objectives: [objective],
      smoothing: { ...smoothing, denoiser: { source: 'none' } },
      method: { kind: 'plain' },
      optimisation: { ...optimisation, epochs: 1, warmupEpochs: 0, imagesPerUpdate: 400 },
      ...changes,
    })
  }
  const optimisation = (changes: object) => ({
    ...{ ...definition('any', defineObjective(PLAIN)).config.optimisation, ...changes },
  })

  async function train(run: RunDefinition, hooks: object = {}) {
    const { networks, smoothing, ...rest } = await finetuneCollecting(session, run, {
      ...{ evaluationImages: 40, eventFiles: false },
      ...hooks,
    })
    session.free([networks, smoothing])
    return rest
  }

  it('of one program takes one answer for a micro-batch', async () => {
    const run = definition('one', defineObjective(PLAIN))
    const { updates, epochs } = await train(run)
    expect(updates.map(({ roundTrips }) => roundTrips)).toEqual([1, 1, 1])
    for (const { loss, metrics } of updates)
      expect(metrics).toEqual({ crossEntropy: expect.closeTo(loss, 5) })
    expect(Object.keys(epochs[0]?.metrics ?? {})).toEqual(['noisy', 'clean'])
    const halves = optimisation({ imagesPerMicroBatch: 200 })
    const parts = await train(definition('parts', defineObjective(PLAIN), { optimisation: halves }))
    expect(parts.updates.map(({ roundTrips }) => roundTrips)).toEqual([2, 2, 2])
    // Nothing is drawn, so the parts are the whole but for rounding.
    for (const [index, { loss }] of parts.updates.entries()) {
      expect(loss).toBeCloseTo(updates[index]?.loss ?? 0, 4)
    }
  })

  it('of one program may decide by chance, and count what it decided', async () => {
    type Chance = Omit<
      SimpleForm<{ readonly kind: 'plain' }, 'crossEntropy' | 'doubled'>,
      'decision' | 'given'
    > & {
      readonly decision: { readonly isDoubled: boolean }
      readonly given: { readonly factor: torch.Tensor<''> }
    }
    const { settings, copies, passes, footprint } = PLAIN
    const chance: Objective<Chance> = {
      ...{ kind: 'plain', settings, copies, passes, footprint },
      decide: (judgement, { labels, random }) => {
        expect({ judgement, labels }).toEqual({ judgement: null, labels: [] })
        return { isDoubled: random() < 0.5 }
      },
      count: ({ isDoubled }) => ({ doubled: isDoubled ? 1 : 0 }),
      given: ({ isDoubled }, { networks }) => ({
        factor: torch.tensor(networks.classifier.session, isDoubled ? 2 : 1, { axes: '' }),
      }),
      loss: (inputs, { given: { factor } }) => {
        const { networks, batch, clean_BCHW, imagesPerUpdate } = inputs
        const crossEntropy = crossEntropyOf(networks.classifier, clean_BCHW, batch.labels_B)
        return { total: torch.div(torch.mul(crossEntropy, factor), imagesPerUpdate), sums: { crossEntropy } }
      },
      sums: ['crossEntropy', 'doubled'],
      metrics: {
        crossEntropy: { label: 'CE', caption: 'Cross-entropy.', tag: 'loss/cross_entropy' },
        doubled: {
          label: 'doubled',
          caption: 'Micro-batches that count twice.',
          tag: 'a/b',
          of: ({ doubled }) => doubled,
        },
      },
    }
    const eighths = optimisation({ imagesPerMicroBatch: 50 })
    const run = (name: string) => definition(name, defineObjective(chance), { optimisation: eighths })
    const { updates } = await train(run('chance'))
    const doubled = updates.map(({ metrics }) => metrics.doubled)
    expect(doubled.every(count => Number(count) > 0 && Number(count) < 8)).toBe(true)
    for (const { loss, metrics } of updates) {
      expect(loss).toBeGreaterThan(Number(metrics.crossEntropy))
      expect(loss).toBeLessThan(2 * Number(metrics.crossEntropy))
    }
    const again = await train(run('again'))
    expect(again.updates.map(({ loss }) => loss)).toEqual(updates.map(({ loss }) => loss))
  })

  it('that is not a sum over micro-batches is refused with several of them', async () => {
    const whole = defineObjective<PlainForm>({ ...PLAIN, isAdditive: false })
    const halves = optimisation({ imagesPerMicroBatch: 200 })
    const refused = finetune(session, definition('halves', whole, { optimisation: halves }))
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow(
      'The loss of the method plain is not a sum over micro-batches, but an update has 2 of them. Train in one process, and leave optimisation.imagesPerMicroBatch out.',
    )
    const { updates } = await train(definition('whole', whole), { stopAfterUpdates: 1, updatesOnly: true })
    expect(updates).toHaveLength(1)
  })

  it('whose metric has the name of one of the trainer is refused before the first step', async () => {
    const clash = defineObjective<PlainForm>({
      ...PLAIN,
      metrics: { loss: { label: 'loss', caption: 'A loss.', tag: 'a/b', of: () => 1 } },
    })
    const refused = finetune(session, definition('clash', clash))
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow(
      'The method plain has a metric or a sum loss, which every run has already.',
    )
    expect(await readdir(join(folder, 'clash')).catch(() => [])).not.toContain('metrics.jsonl')
  })

  it('says how many classes its head has', async () => {
    const more = defineObjective<PlainForm>({ ...PLAIN, head: ({ classes }) => classes.length + 1 })
    const refused = finetune(session, definition('head', more))
    await expect(refused).rejects.toThrow(ConfigError)
    const message =
      "The method takes a head of 11 classes, but that of the classifier has 10. Set classifier.numClasses to 11 (of source 'python': the classes that classifier.factory makes)."
    await expect(refused).rejects.toThrow(message)
    const { problems } = await dryRun(session, definition('head', more))
    expect(problems).toContain(message)
    const { classifier } = presets.digits({ classifier: CLASSIFIER, output: 'run' })
    const wide = definition('wide', more, { classifier: { ...classifier, numClasses: 11 } })
    const { updates } = await train(wide, { stopAfterUpdates: 1 })
    expect(updates[0]?.taken).toBe(true)
    expect(
      (await dryRun(session, definition('planned', more, { classifier: wide.config.classifier }))).problems,
    ).toEqual([])
  })

  /** Accuracy and cross-entropy on clean test images. */
  const evaluation = (look: Evaluation['look'], is: Evaluation['best']['is']): Evaluation => ({
    look,
    metrics: {
      testLoss: {
        label: 'test loss',
        caption: 'Cross-entropy on test images.',
        tag: 'test/loss',
        isExact: true,
      },
    },
    best: { metric: 'testLoss', is },
  })
  const testLoss: Evaluation['look'] = ({ networks: { classifier }, clean_BCHW, labels_B }) => ({
    testLoss: torch.noGrad(classifier.session, () => crossEntropyOf(classifier, clean_BCHW, labels_B)),
  })

  it.each(['smallest', 'largest'] as const)(
    'is judged by its own evaluation, whose %s value is best',
    async is => {
      const judged = defineObjective<PlainForm>({ ...PLAIN, evaluation: evaluation(testLoss, is) })
      const run = definition(is, judged, {
        // Too fast, so that the loss on test images goes up and down.
        optimisation: optimisation({ epochs: 4, learningRate: 0.02 }),
        checkpoints: { keepLast: 1, keepBest: true },
      })
      // Steps that are too large where the loss is to rise, so that neither the first epoch nor the last is the best.
      const rates = is === 'smallest' ? [0.02, 3e-3, 3e-3, 1] : [1e-3, 0.05, 1e-3, 1e-3]
      const schedule = ({ epoch }: Place) => ({ learningRate: rates[epoch - 1] ?? 0 })
      const { epochs, checkpoint } = await train(run, { schedule })
      const values = epochs.map(({ metrics }) => Number(metrics.testLoss))
      expect(Object.keys(epochs[0]?.metrics ?? {})).toEqual(['testLoss'])
      const value = is === 'smallest' ? Math.min(...values) : Math.max(...values)
      const best = { epoch: values.indexOf(value) + 1, value }
      expect([2, 3]).toContain(best.epoch)
      expect((await readCheckpoint(checkpoint)).state.best).toEqual(best)
      expect((await readdir(join(folder, is, 'checkpoints'))).sort()).toEqual([
        `epoch-0${best.epoch}`,
        'epoch-04',
      ])
      const page = renderReport(await runReport([{ name: 'mine', run: await readRun(join(folder, is)) }]))
      expect(page).toContain(`${value.toPrecision(4)} (epoch ${best.epoch})`)
      expect(page).toContain('Cross-entropy on test images.')
      expect(page).not.toContain('Accuracy on clean test images')
      const { objective } = JSON.parse(await readFile(join(folder, is, 'config.json'), 'utf8'))
      expect(objective).toMatchObject({
        metrics: { crossEntropy: { label: 'CE', caption: 'Cross-entropy.', tag: 'loss/cross_entropy' } },
        evaluation: { best: { metric: 'testLoss', is } },
      })
    },
  )

  it('may have an evaluation that is not finite: no epoch is the best, and the run continues', async () => {
    const nothing: Evaluation['look'] = inputs => {
      const { testLoss: loss } = testLoss(inputs)
      if (loss == null) throw new RangeError('It has a loss.')
      return { testLoss: torch.log(torch.mul(torch.square(loss), -1)) }
    }
    const judged = defineObjective<PlainForm>({ ...PLAIN, evaluation: evaluation(nothing, 'smallest') })
    const run = definition('nan', judged, { optimisation: optimisation({ epochs: 2 }) })
    const { epochs, checkpoint } = await train(run)
    expect(epochs.map(({ metrics }) => metrics.testLoss)).toEqual([Number.NaN, Number.NaN])
    expect((await readCheckpoint(checkpoint)).state.best).toBeNull()
    expect((await train(run, { existing: 'resume' })).updates).toEqual([])
    const { epochs: read } = await readRun(join(folder, 'nan'))
    expect(read.map(({ metrics }) => metrics.testLoss)).toEqual([null, null])
  })

  it('is refused where its evaluation leaves a metric out', async () => {
    const judged = defineObjective<PlainForm>({ ...PLAIN, evaluation: evaluation(() => ({}), 'smallest') })
    const refused = train(definition('left-out', judged), { stopAfterUpdates: 1 })
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow(/The evaluation has a metric testLoss, but its look returned/)
  })

  it('that decides nothing takes no rule', async () => {
    const rule = () => null
    const refused = finetune<PlainForm>(session, definition('rule', defineObjective(PLAIN)), { rule })
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow('The method plain decides nothing, so no rule can take its place.')
  })

  it('is refused by its settings, by its kind, and where none is given', async () => {
    const plain = defineObjective(PLAIN)
    expect(() => definition('a', plain, { method: { kind: 'plain', extra: 1 } })).toThrow(
      'method.extra: unknown, expected no such field.',
    )
    expect(() => definition('a', plain, { objectives: [plain, plain] })).toThrow(
      'objectives: there are two of the kind plain, expected one.',
    )
    const taken = defineObjective<SimpleForm<{ readonly kind: 'ft-cadis' }, 'crossEntropy'>>({
      ...PLAIN,
      kind: 'ft-cadis',
      settings: z.object({ kind: z.literal('ft-cadis') }),
    } as never)
    expect(() => definition('a', taken)).toThrow(
      'objectives: there are two of the kind ft-cadis, expected one.',
    )
    const members = defineObjective({ ...PLAIN, trains: 'members' })
    expect(() => definition('a', members)).toThrow(
      'objectives: plain trains members, but an objective of a script trains the classifier.',
    )
    expect(() => definition('a', plain, { objectives: [] })).toThrow(
      /method\.kind: expected .* got "plain"\./,
    )
    const { config } = definition('a', plain)
    await expect(finetune(session, { config, objectives: [] })).rejects.toThrow(
      `method.kind: expected ${Object.keys(OBJECTIVES).join(' or ')}, got plain.`,
    )
    // Own objectives may stand beside those of this package.
    const { method } = presets.digits({ output: 'run' })
    expect(definition('a', plain, { method }).config.method).toEqual(method)
  })
})
