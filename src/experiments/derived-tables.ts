import { overSeeds } from '../analysis/accuracy-table'
import { lInfinityCertifiedAccuracy } from '../analysis/certified-accuracy'
import { bestOverRuns } from '../analysis/envelope'
import { L2 } from '../analysis/norm'
import { parseEpsilon } from '../analysis/paper-comparison'
import { PAPER, paperTable } from '../analysis/paper-tables'
import type { Cell, Table } from '../analysis/tables'
import { ConfigError } from '../errors'
import type { ImageSamples } from './image-samples'
import type { ExperimentOutcome } from './outcome'
import type { Scale } from './scale'

/** Tables that follow from an experiment's certificates without another certification. */

/** A method of Table 1: the arms whose keys start with `key`, one per noise level. */
interface EnvelopeMethod {
  readonly label: string
  readonly key: string
}

/** @throws ConfigError if the radii are not ℓ2 */
function requireL2({ norm, experiment }: Pick<ExperimentOutcome, 'norm' | 'experiment'>): void {
  if (norm === L2) return
  throw new ConfigError(
    `The radii of the experiment ${experiment.name} are of ${norm}, and a table of it is of ℓ2.`,
    {
      remedy: 'Leave the table out, or the arms of uniform noise.',
    },
  )
}

/** Returns the best of a method's noise levels at each radius, as in Table 1. */
export function envelopeOf(outcome: ExperimentOutcome, methods: readonly EnvelopeMethod[]): Table {
  requireL2(outcome)
  const { arms, scale } = outcome
  const radii = scale.radii.filter(radius => radius > 0)
  return {
    caption:
      'At each ℓ2 radius r the noise level with the highest certified accuracy in percent, as Table 1 has it; in parentheses ' +
      'that noise level and the accuracy at radius 0 with it',
    columns: [{ header: 'method' }, ...radii.map(radius => ({ header: `r = ${radius}`, digits: 1 }))],
    rows: methods.map(({ label, key }) => {
      const runs = arms
        .filter(({ arm }) => arm.key.startsWith(`${key}-sigma-`))
        .map(({ sigma, logs }) => ({ sigma, logs: logs.map(rows => ({ rows })) }))
      return [
        label,
        ...bestOverRuns(runs, radii).map(({ accuracy, cleanAccuracy, run }) => {
          const [certified, clean] = [accuracy, cleanAccuracy].map(share =>
            (100 * (typeof share === 'number' ? share : share.mean)).toFixed(1),
          )
          return `${certified} (σ = ${run.sigma}, ${clean})`
        }),
      ]
    }),
  }
}

/**
 * Returns the rows of the paper's Table 1 with the same denoiser and a classifier of the same kind: of ImageNet on that scale, else of
 * CIFAR-10.
 */
export function denoisedRowsOfTable1({ name }: Pick<Scale, 'name'>): Table {
  const table = paperTable(name === 'imagenet' ? 'table1_imagenet' : 'table1_cifar10')
  return {
    caption: `${table.title} of the paper (${PAPER}), ${name === 'imagenet' ? 'ImageNet' : 'CIFAR-10'}: certified accuracy in percent at ℓ2 radius r`,
    columns: [{ header: 'method' }, ...table.radii.map(radius => ({ header: `r = ${radius}`, digits: 1 }))],
    rows: table.rows
      .filter(({ label }) => /^(Diffusion Denoised|FT-CADIS)/.test(label))
      .map(({ label, accuracies }) => [label, ...accuracies]),
  }
}

/** Certified accuracy at ℓ∞ radii (Table 18). */
export function linfTable(outcome: ExperimentOutcome): Table {
  requireL2(outcome)
  const { arms, scale } = outcome
  const epsilons = scale.lInfinity.map(parseEpsilon)
  const { dimensions } = scale
  const equivalent = epsilons.map(
    ({ text, value }) => `${text} is r = ${(value * Math.sqrt(dimensions)).toFixed(3)}`,
  )
  return {
    caption: `Certified accuracy in percent at ℓ∞ radius ε, from an ℓ2 radius r = ε √${dimensions}: ${equivalent.join('; ')}`,
    columns: [{ header: 'arm' }, ...epsilons.map(({ text }) => ({ header: `ε = ${text}`, digits: 1 }))],
    rows: arms.map(({ label, logs }) => [
      label,
      ...epsilons.map(({ value }) =>
        overSeeds(
          logs.map(rows => 100 * (lInfinityCertifiedAccuracy(rows, [value], { dimensions })[0] ?? 0)),
        ),
      ),
    ]),
  }
}

/** Counts the drawn denoised images that each arm assigns to their label, and shows its confidence in the others. */
export function keptTable({ sigmas }: ImageSamples, { arms }: Pick<ExperimentOutcome, 'arms'>): Table {
  const labelOf = (key: string) => arms.find(({ arm }) => arm.key === key)?.label ?? key
  return {
    caption:
      'Denoised images of the page that each arm gives their label, in percent, and its mean confidence in percent',
    columns: [
      { header: 'arm' },
      { header: 'images', digits: 0 },
      { header: 'kept', digits: 1 },
      { header: 'confidence in kept', digits: 1 },
      { header: 'confidence in hallucinated', digits: 1 },
    ],
    rows: sigmas.flatMap(({ images, arms: asked }) =>
      asked.map(({ key, verdicts }): Cell[] => {
        const all = verdicts.flatMap((row, image) =>
          row.map(({ predicted, confidence }) => ({
            isKept: predicted === images[image]?.label,
            confidence,
          })),
        )
        const kept = all.filter(({ isKept }) => isKept)
        return [
          labelOf(key),
          all.length,
          (100 * kept.length) / all.length,
          meanConfidence(kept),
          meanConfidence(all.filter(({ isKept }) => !isKept)),
        ]
      }),
    ),
  }
}

function meanConfidence(verdicts: readonly { readonly confidence: number }[]): Cell {
  if (verdicts.length === 0) return null
  return (100 * verdicts.reduce((sum, { confidence }) => sum + confidence, 0)) / verdicts.length
}
