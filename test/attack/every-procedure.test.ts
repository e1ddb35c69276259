import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  type AttackOptions,
  type AttackRow,
  attack,
  type CertificationConfigInput,
  type CertificationRow,
  type CertificationRunConfigInput,
  certify,
  finetune,
  presets,
  type Session,
  torch,
} from '../../src'
import { pairWithAttacks, requireUnbroken, statedClass } from '../../src/internal'
import { CLASSIFIER, connectForTest, DENOISER } from '../support/digits'
import { casesOf, IS_SLOW_RUN } from '../support/slow'

/** With so small an α, not one of these certificates is false by chance. */
const ALPHA = 1e-6
const SIGMA = 0.25
const IMAGES = IS_SLOW_RUN ? 8 : 3
/** On a machine that may have other work. */
const TIMEOUT_MS = 300_000
const DENOISED = { denoiser: { source: 'diffusers' as const, path: DENOISER } }
const SMALL: AttackOptions = { starts: 1, steps: 10, noises: 8, rounds: 6, votes: 200 }

let session: Session
let folder: string
let ofOne: readonly AttackRow[]
/** Fine-tuned, so that it differs from the classifier. */
let member: Awaited<ReturnType<typeof finetune>> | undefined
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-attack-'))
  const config = settings('certify')
  await certify(session, config)
  ofOne = (await attack(session, config, SMALL)).log.rows
}, TIMEOUT_MS)
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

const settings = (
  name: string,
  certification: CertificationConfigInput = {},
): CertificationRunConfigInput => ({
  output: join(folder, name),
  smoothing: { ...DENOISED, sigma: SIGMA },
  classifier: { source: 'timm', path: CLASSIFIER },
  data: { source: 'digits' },
  certification: { n0: 100, n: 2000, alpha: ALPHA, batch: 500, images: { first: IMAGES }, ...certification },
})

/** Every certified radius is smaller than the smallest change; and some image has both. */
function requireRoom(certificates: readonly CertificationRow[], attacks: readonly AttackRow[]): void {
  const gaps = pairWithAttacks(certificates, attacks)
  requireUnbroken(gaps, { chance: 2 * ALPHA })
  const both = gaps.filter(({ certified = 0, attacked }) => certified > 0 && Number.isFinite(attacked))
  expect(both.length).toBeGreaterThan(1)
}

it.each<[string, CertificationConfigInput]>([
  ['CERTIFY', {}],
  ['CERTIFY of all images together', { familyWise: true }],
  ['CERTIFY with the randomised bound', { confidence: 'randomised' }],
  ['a grid of radii', { adaptive: { radii: [0, 0.1, 0.2, 0.3, 0.4, 0.5] } }],
  ['as many votes as a radius takes', { adaptive: { maxRadiusLoss: 0.02 } }],
  ['adaptive sampling at one radius', { adaptive: { radius: 0.15, rounds: [500, 2000] } }],
  ['PixelDP', { procedure: { kind: 'pixel-dp' } }],
])('%s certifies nothing that an attack changes', async (name, certification) => {
  const { rows } = await certify(session, settings(name, certification))
  requireRoom(rows, ofOne)
})

it.each(
  casesOf<[string, CertificationConfigInput['procedure'], Partial<CertificationRunConfigInput>]>(
    [
      [
        'ACES',
        { kind: 'aces', threshold: 0.9 },
        { aces: { core: { classifier: { source: 'timm', path: CLASSIFIER } } } },
      ],
      ['PixelDP by scores', { kind: 'pixel-dp', split: 'halves', by: 'scores' }, {}],
    ],
    // The router has several noise levels too.
    [['a cascade', { kind: 'cascade', sigmas: [0.4, SIGMA] }, { smoothing: { ...DENOISED, sigma: 0.4 } }]],
  ),
)(
  '%s certifies nothing that an attack on what it certifies changes',
  async (name, procedure, root) => {
    const config = { ...settings(name, { procedure }), ...root }
    const { rows } = await certify(session, config)
    const { log } = await attack(session, config, SMALL)
    requireRoom(rows, log.rows)
    expect(log.metadata.configuration.procedure).toMatchObject({ kind: 'attack', of: procedure })
    const predicted = attack(session, config, {
      ...SMALL,
      confirm: 'predict',
      log: join(folder, 'other.tsv'),
    })
    await expect(predicted).rejects.toThrow(/PREDICT asks one smoothed classifier/)
  },
  TIMEOUT_MS,
)

it(
  'a router certifies nothing that an attack on it and its experts changes',
  async () => {
    // It has never been trained: its choices follow from the weights alone.
    const untrained = await torch.loadClassifier(session, {
      ...{ source: 'timm', path: CLASSIFIER, numClasses: 2, tuning: { kind: 'full' } },
    })
    const path = join(folder, 'router-network')
    await untrained.save(path)
    session.free(untrained)
    const procedure = { kind: 'router' as const, sigma: SIGMA, sigmas: [SIGMA, 0.4], agreement: 0.1 }
    const config = {
      ...settings('router', { procedure }),
      router: {
        network: { classifier: { source: 'timm' as const, path } },
        others: [{ path: CLASSIFIER }],
      },
    }
    const { rows } = await certify(session, config)
    const { log } = await attack(session, config, SMALL)
    requireRoom(rows, log.rows)
    expect(log.metadata.configuration.procedure).toMatchObject({ kind: 'attack', of: procedure })
  },
  TIMEOUT_MS,
)

type Ensemble = Omit<NonNullable<CertificationRunConfigInput['ensemble']>, 'others'>

it.each<[string, Ensemble]>(
  casesOf<[string, Ensemble]>(
    [['an ensemble by consensus', { by: 'logits', consensus: 1 }]],
    [['an ensemble', { by: 'votes' }]],
  ),
)(
  '%s certifies nothing that an attack on it changes',
  async (name, ensemble) => {
    const output = join(folder, 'member')
    const run = presets.digits({ sigma: SIGMA, denoiser: DENOISER, classifier: CLASSIFIER, output })
    const hooks = { stopAfterUpdates: 4, evaluationImages: 20, eventFiles: false, progress: false }
    member ??= await finetune(session, run, hooks)
    const config = {
      ...settings(name, { images: { first: 3 } }),
      ensemble: { ...ensemble, others: [{ checkpoint: member.checkpoint }] },
    }
    const { rows } = await certify(session, config)
    const { log } = await attack(session, config, SMALL)
    requireRoom(rows, log.rows)
  },
  TIMEOUT_MS,
)

it.each(
  casesOf<NonNullable<CertificationConfigInput['purify']>>(
    [{ kind: 'local', sigma: 0.1, votes: 3 }],
    [{ kind: 'reverse', steps: 2, votes: 2 }],
  ),
)(
  'a classifier that draws noise itself certifies nothing that an attack on it changes: $kind',
  async purify => {
    const config = settings(purify.kind, { purify, images: { first: 3 } })
    const { rows } = await certify(session, config)
    // The settings of the attack need not say it: the log does.
    const { log } = await attack(session, settings(purify.kind, { images: { first: 3 } }), SMALL)
    requireRoom(rows, log.rows)
    expect(log.metadata.configuration.purify).toEqual(purify)
  },
  TIMEOUT_MS,
)

it('what states no class is not attacked', () => {
  expect(statedClass({ kind: 'abstains' })).toBeUndefined()
  expect(statedClass({ kind: 'certified-at', class: 1, radii: [], refused: [0.5] })).toBeUndefined()
  expect(statedClass({ kind: 'certified-at', class: 1, radii: [0.5], refused: [] })).toBe(1)
})
