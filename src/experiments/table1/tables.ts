import { type overSeeds, radiusColumns } from '../../analysis/accuracy-table'
import { bestOverRuns } from '../../analysis/envelope'
import { comparePaired } from '../../analysis/paired-comparison'
import { PAPER, type PaperTable, paperTable } from '../../analysis/paper-tables'
import type { EnvelopeLogs } from '../../analysis/plots'
import { signedPoints } from '../../analysis/table/signed-points'
import type { Cell, Table } from '../../analysis/tables'
import { votingMembers } from '../../config/methods/trained'
import type { Evidence } from '../../logs/outcome'
import type { ArmOutcome, ExperimentOutcome } from '../outcome'
import type { Scale } from '../scale'
import { trainingPasses } from './passes'
import { keyOf, SYSTEMS, type System } from './systems'

/** A system with its arms, one per noise level. */
interface SystemOutcome {
  readonly system: System
  readonly arms: readonly ArmOutcome[]
}

/** Returns the systems of an outcome, in the order of Table 1. */
function systemsOf({ arms }: Pick<ExperimentOutcome, 'arms'>): SystemOutcome[] {
  return SYSTEMS.flatMap(system => {
    const own = arms.filter(({ arm, sigma }) => arm.key === keyOf(system.key, sigma))
    return own.length === 0 ? [] : [{ system, arms: own }]
  })
}

/** Returns one curve per system, with its best noise level at each radius. */
export function systemCurves(outcome: ExperimentOutcome): EnvelopeLogs[] {
  return systemsOf(outcome).map(({ system, arms }) => ({ label: system.label, runs: arms }))
}

/**
 * Returns a table in the form of Table 1: the best noise level at each radius, with its certified and clean accuracy; the paper's own
 * below.
 */
export function systemsTable(outcome: ExperimentOutcome): Table {
  const { scale } = outcome
  const radii = positive(scale.radii)
  const papers = paperOf(scale)
  return {
    caption:
      'Certified accuracy in percent at ℓ2 radius r, of the noise level that is best there, and in parentheses its accuracy at radius 0' +
      (papers === undefined ? '' : `; below it ${papers.title} of the paper (${PAPER})`),
    columns: [{ header: 'system' }, ...radiusColumns(radii, { best: 'largest' })],
    rows: systemsOf(outcome).flatMap(({ system, arms }) => {
      const own = bestOf(arms, radii).map(
        ({ accuracy, cleanAccuracy }): Cell => ({ value: percent(accuracy), clean: percent(cleanAccuracy) }),
      )
      const row = papers?.rows.find(({ label }) => nameOf(label) === system.paper)
      if (papers === undefined || row === undefined) return [[system.label, ...own]]
      const published = radii.map((radius): Cell => {
        const place = papers.radii.indexOf(radius)
        const value = row.accuracies[place] ?? null
        return value === null ? null : { value, clean: row.clean?.[place] ?? null }
      })
      return [
        [system.label, ...own],
        [`${system.label}, the paper`, ...published],
      ]
    }),
    ...(scale.sigmas.length > 1 && {
      notes: [
        'The best of several noise levels is chosen on the test images themselves, as in the paper: it flatters every system, most where many noise levels are close.',
      ],
    }),
  }
}

/** Compares each system's best noise level at a radius with the best of FT-CADIS, image by image. */
export function pairedEnvelopeTable(outcome: ExperimentOutcome): Table[] {
  const { scale, indices, experiment } = outcome
  const radii = positive(scale.radii)
  const systems = systemsOf(outcome)
  const reference = systems.find(({ system }) => system.key === experiment.reference)
  if (reference === undefined) return []
  const bestReference = bestOf(reference.arms, radii)
  return [
    {
      caption:
        `Differences to ${reference.system.label} in percentage points, each at its own best noise level, image by image (${indices.length} images), ` +
        'with the ends of 95 % bootstrap intervals over images; the choice of the noise level is not in the intervals',
      columns: [{ header: 'system' }, ...radii.map(radius => ({ header: `r = ${radius}` }))],
      rows: systems
        .filter(other => other !== reference)
        .map(({ system, arms }) => [
          system.label,
          ...bestOf(arms, radii).map(({ run }, position) => {
            const radius = radii[position] ?? 0
            const other = bestReference[position]?.run.arm.logs ?? []
            const [at] = comparePaired(run.arm.logs, other, { radii: [radius] }).certifiedAccuracy
            return at === undefined
              ? null
              : `${signedPoints(at.difference)} (${signedPoints(at.lower)} to ${signedPoints(at.upper)})`
          }),
        ]),
    },
  ]
}

/** Returns the cost of a system: a training at one noise level, and the certification of one image. */
export function costTable(outcome: ExperimentOutcome): Table {
  return {
    caption:
      'What a system takes: to train one noise level (the mean over noise levels and seeds, all members of an ensemble together), and to ' +
      'certify one image. A pass is an image through a network, forward or backward, at most where that depends on the images',
    columns: [
      { header: 'system' },
      { header: 'trainable', digits: 0 },
      { header: 'passes (M)', digits: 2 },
      { header: 'training (s)', digits: 0 },
      { header: 'copies an image', digits: 0 },
      { header: 'networks a copy', digits: 0 },
    ],
    rows: systemsOf(outcome).map(({ system, arms }) => [system.label, ...costs(arms, outcome.scale)]),
    notes: ['Seconds are of the machine that trained; other programs on it slow all systems.'],
  }
}

function costs(arms: readonly ArmOutcome[], scale: Scale): Cell[] {
  const [first] = arms
  if (first === undefined) return []
  const { isTrained, config, training } = first
  const runs = first.arm.members ?? 1
  const rows = arms.flatMap(({ logs }) => logs.flat())
  const votes = rows.flatMap(({ evidence }) => (evidence === undefined ? [] : copiesOf(evidence)))
  return [
    isTrained ? runs * (training?.trainableParameters ?? 0) : 0,
    isTrained ? (runs * meanOf(arms.map(arm => trainingPasses(arm.config, scale)))) / 1e6 : 0,
    isTrained
      ? meanOf(
          arms.flatMap(({ updates }) =>
            updates.map(seed => seed.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000),
          ),
        )
      : 0,
    votes.length === 0 ? null : meanOf(votes),
    runs * (isTrained ? votingMembers(config.method) : 1),
  ]
}

/** Returns the noisy copies of an image, over all noise levels; the selector of ACES sees those of its network. */
function copiesOf({ parts = [], n0, n }: Evidence): number {
  const others = parts.filter(({ of }) => of !== 'selector')
  return others.reduce((sum, part) => sum + part.n0 + part.n, n0 + n)
}

function bestOf(arms: readonly ArmOutcome[], radii: readonly number[]) {
  return bestOverRuns(
    arms.map(arm => ({ arm, logs: arm.logs.map(rows => ({ rows })) })),
    radii,
  )
}

/** Returns the paper's Table 1, if it has the scale's data. */
function paperOf({ name }: Scale): PaperTable | undefined {
  return name === 'cifar10' || name === 'imagenet' ? paperTable(`table1_${name}`) : undefined
}

/** Returns the name of a system without its authors. */
function nameOf(label: string): string {
  return label.replace(/\s*\(.*/, '')
}

function positive(radii: readonly number[]): number[] {
  return radii.filter(radius => radius > 0)
}

function percent(share: ReturnType<typeof overSeeds>): number {
  return 100 * (typeof share === 'number' ? share : share.mean)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
