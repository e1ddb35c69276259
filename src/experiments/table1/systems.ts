import { ablations } from '../../config/ablations'
import type { ProcedureConfig } from '../../config/certified/procedure-schema'
import { parseUnknownConfig, type RunConfig } from '../../config/schema'
import { TABLE1_PRESETS, table1Preset, unreleasedFields } from '../../config/table1'
import type { Table1Entry } from '../../config/table1/entry'
import type { Arm } from '../definition'
import type { Scale } from '../scale'
import { DIGITS, DIGITS_DENOISER, DIGITS_ENTROPY, digitsScore } from './digits'

/** An arm without its names, or a clause why a system has none at a scale and noise level. */
type SystemArm = Omit<Arm, 'key' | 'label' | 'sigma'> | { readonly leftOut: string }

/** A row of Table 1. */
export interface System {
  readonly key: string
  readonly label: string
  /** Prefix of the row in the paper. */
  readonly paper: string
  readonly arm: (scale: Scale, sigma: number) => SystemArm
}

/** Replaced for each seed. */
const SOFT_LABELS = 'soft-labels'

/** Returns the settings of a method that trains from scratch on noisy images, by its name in `presets.table1`. */
function onNoisyImages(
  name: keyof typeof DIGITS,
  {
    members = () => 1,
    softLabels,
    procedure,
  }: { members?: (scale: Scale) => number; softLabels?: boolean; procedure?: ProcedureConfig } = {},
): System['arm'] {
  return (scale, sigma) => {
    const preset = TABLE1_PRESETS.find(each => each.name === `table1.${name}`)
    const arm = (config: NonNullable<Arm['config']>): SystemArm => ({
      config: base => certifiedBy(procedure, { ...config(base), certification: base.certification }),
      members: members(scale),
      ...(softLabels && {
        // As many copies as in the released code, if votes cost little compared with the training.
        softLabels: { of: keyOf('gaussian', sigma), n: scale.name === 'digits' ? 100 : 10_000 },
      }),
    })
    if (scale.name === 'digits') return arm(base => fromEntry(base, DIGITS[name](sigma)))
    const { name: published } = scale
    if (!preset?.scales.includes(published)) return { leftOut: 'no settings were released' }
    const unreleased = unreleasedFields(preset, { scale: published, sigma })
    if (unreleased.length > 0) return { leftOut: `not released: ${unreleased.join(', ')}` }
    return arm(base =>
      table1Preset(preset, published).config({
        ...{ sigma, data: pathOf(base), output: base.output },
        ...(softLabels && { above: { method: { predictions: SOFT_LABELS } } }),
      }),
    )
  }
}

function certifiedBy(procedure: ProcedureConfig | undefined, config: RunConfig): RunConfig {
  return procedure === undefined
    ? config
    : { ...config, certification: { ...config.certification, procedure } }
}

function pathOf({ data }: RunConfig): string | undefined {
  return 'path' in data ? data.path : undefined
}

function fromEntry(base: RunConfig, { method, optimisation, classifier }: Table1Entry): RunConfig {
  const { smoothing, data, output, certification, checkpoints, threads } = base
  const settings = {
    smoothing: { sigma: smoothing.sigma, denoiser: { source: 'none' } },
    method: { ...method, ...(method.kind === 'cat-rs' && { predictions: SOFT_LABELS }) },
    ...{ classifier, data, optimisation, output, certification, checkpoints, threads },
  }
  return parseUnknownConfig(settings)
}

/** Makes an arm that starts from the scale's networks, which MNIST lacks. */
function behindDenoiser(arm: Omit<Arm, 'key' | 'label' | 'sigma'>): System['arm'] {
  return ({ name }) => (name === 'mnist' ? { leftOut: 'MNIST has no denoiser' } : arm)
}

/** Makes an arm with a trained denoiser in front of the off-the-shelf classifier, which only the digits have. */
function behindTrained(
  entry: (sigma: number) => typeof DIGITS_DENOISER | ReturnType<typeof digitsScore>,
): System['arm'] {
  return ({ name }, sigma) =>
    name === 'digits'
      ? {
          config: ({ smoothing, ...others }) => {
            const { denoiser, ...training } = entry(sigma)
            return parseUnknownConfig({
              ...others,
              ...training,
              smoothing: { sigma: smoothing.sigma, denoiser },
            })
          },
        }
      : { leftOut: 'no denoiser of its kind that was trained for this classifier was released' }
}

/**
 * ACES by the entropy of Consistency's classifier, without a trained selector; the core is the off-the-shelf classifier. The published
 * cores are networks of other code.
 */
const aces: System['arm'] = (scale, sigma) => {
  if (scale.name !== 'digits') return { leftOut: 'its core network is not one of this scale' }
  const procedure = { kind: 'aces', threshold: DIGITS_ENTROPY, radiusZero: 'sound' } as const
  const found = onNoisyImages('consistency', { procedure })(scale, sigma)
  return 'leftOut' in found ? found : { ...found, core: ({ classifier }) => classifier }
}

/** Multi-scale smoothing of the off-the-shelf classifier, at σ, its half and its quarter; for σ = 1 the published noise levels. */
const multiScale: System['arm'] = (scale, sigma) => {
  const procedure: ProcedureConfig = {
    ...{ kind: 'cascade', sigmas: [sigma, sigma / 2, sigma / 4] },
    ...{ threshold: 0.5, rule: 'sound', clean: false },
  }
  return behindDenoiser({ isTrained: false, config: base => certifiedBy(procedure, base) })(scale, sigma)
}

/** Returns the number of networks in an ensemble of Horváth et al.; three if time is short. */
function boosted({ name }: Scale): number {
  return name === 'cifar10' ? 10 : 3
}

/** The systems of Table 1 that this package trains, in its order. */
export const SYSTEMS: readonly System[] = [
  {
    ...{ key: 'pixel-dp', label: 'PixelDP', paper: 'PixelDP' },
    arm: onNoisyImages('pixel-dp', { procedure: { kind: 'pixel-dp', split: 'halves' } }),
  },
  { key: 'gaussian', label: 'Gaussian', paper: 'Gaussian', arm: onNoisyImages('gaussian') },
  { key: 'stability', label: 'Stability training', paper: 'Stability', arm: onNoisyImages('stability') },
  { key: 'smooth-adv', label: 'SmoothAdv', paper: 'SmoothAdv', arm: onNoisyImages('smooth-adv') },
  { key: 'consistency', label: 'Consistency', paper: 'Consistency', arm: onNoisyImages('consistency') },
  { key: 'macer', label: 'MACER', paper: 'MACER', arm: onNoisyImages('macer') },
  {
    ...{ key: 'boosting', label: 'Boosting (of Consistency)', paper: 'Boosting' },
    arm: onNoisyImages('consistency', { members: boosted }),
  },
  { key: 'drt', label: 'DRT', paper: 'DRT', arm: onNoisyImages('diverse-ensemble') },
  { key: 'smooth-mix', label: 'SmoothMix', paper: 'SmoothMix', arm: onNoisyImages('smooth-mix') },
  { key: 'aces', label: 'ACES (of Consistency)', paper: 'ACES', arm: aces },
  {
    ...{ key: 'cat-rs', label: 'CAT-RS', paper: 'CAT-RS' },
    arm: onNoisyImages('cat-rs', { softLabels: true }),
  },
  {
    ...{ key: 'denoised', label: 'Denoised', paper: 'Denoised' },
    arm: behindTrained(() => DIGITS_DENOISER),
  },
  {
    ...{ key: 'score', label: 'Score-based Denoised', paper: 'Score-based Denoised' },
    arm: behindTrained(digitsScore),
  },
  {
    ...{ key: 'off-the-shelf', label: 'Diffusion Denoised', paper: 'Diffusion Denoised' },
    arm: behindDenoiser({ isTrained: false }),
  },
  {
    ...{ key: 'cross-entropy', label: 'Diffusion Denoised + fine-tuning' },
    paper: 'Diffusion Denoised + fine-tuning',
    arm: behindDenoiser({ config: ablations.table5.crossEntropyOnly }),
  },
  {
    ...{ key: 'multi-scale', label: 'Multi-scale Denoised', paper: 'Multi-scale Denoised' },
    arm: multiScale,
  },
  { key: 'ft-cadis', label: 'FT-CADIS', paper: 'FT-CADIS', arm: behindDenoiser({}) },
]

export function keyOf(system: string, sigma: number): string {
  return `${system}-sigma-${sigma}`
}
