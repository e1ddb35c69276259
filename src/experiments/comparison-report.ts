import type { LabelledLogs } from '../analysis/accuracy-table'
import { accuracyTable } from '../analysis/accuracy-table'
import { averageCertifiedRadius, certifiedAccuracyPerClass } from '../analysis/certified-accuracy'
import { certifiedAccuracyChart, type MetricPanel, trainingChart } from '../analysis/plots'
import type { Chart, Report, ReportSection } from '../analysis/report'
import type { Table } from '../analysis/tables'
import type { CertificationRow } from '../logs/certification-log'
import { sampleGrid } from '../runs/report/sample-grid'
import type { UpdateReport } from '../runs/reports'
import type { DenoisedSamples } from '../runs/watchers/denoised-samples'

/** One method of a comparison, over one or several seeds. */
export interface ComparedArm {
  readonly label: string
  /** The certification log of each seed. */
  readonly logs: readonly (readonly CertificationRow[])[]
  /** The training of the first seed; none for an off-the-shelf classifier. */
  readonly updates?: readonly UpdateReport[]
}

export interface ComparisonOptions {
  readonly title: string
  readonly lead: string
  readonly arms: readonly ComparedArm[]
  /** ℓ2 radii of the tables, on the [0, 1] pixel scale. */
  readonly radii: readonly number[]
  /** Names of the classes. */
  readonly classes: readonly string[]
  readonly samples: readonly DenoisedSamples[]
  /** What the reader should know beside the figures. */
  readonly notes: readonly string[]
}

/** The page of a comparison: table, curves, accuracy by class, training curves, pictures. */
export async function comparisonReport(options: ComparisonOptions): Promise<Report> {
  const { title, lead, arms, radii, classes, samples, notes } = options
  return {
    title,
    lead,
    sections: [
      { kind: 'table', title: 'Certified accuracy', table: accuracyTable(arms, radii) },
      { kind: 'charts', charts: [await curves(arms)] },
      ...(arms.some(({ logs }) => logs.length > 1)
        ? [{ kind: 'table', table: acrBySeedTable(arms) } as const]
        : []),
      { kind: 'table', title: 'By class', table: perClassTable(arms, { classes, radius: radii[0] ?? 0 }) },
      { kind: 'table', table: perClassTable(arms, { classes, radius: middleOf(radii) }) },
      ...(await trainingSection(arms)),
      {
        kind: 'imageGrid',
        title: 'Denoised images',
        grid: sampleGrid(samples, { classes, caption: SAMPLES_CAPTION }),
      },
      { kind: 'text', title: 'What this is', paragraphs: notes },
    ],
  }
}

const SAMPLES_CAPTION =
  'Clean test images and denoised images of them. Green: the off-the-shelf classifier still sees the label, the image ' +
  'is kept. Red: it sees something else, the image counts as hallucinated.'

/** The ACR of every seed, a row a method: no average hides an order that does not hold on each. */
export function acrBySeedTable(
  arms: readonly LabelledLogs[],
  {
    seeds = [...Array(Math.max(...arms.map(({ logs }) => logs.length))).keys()],
  }: { seeds?: readonly number[] } = {},
): Table {
  return {
    caption: 'Average certified radius by seed',
    columns: [{ header: 'method' }, ...seeds.map(seed => ({ header: `seed ${seed}`, digits: 4 }))],
    rows: arms.map(({ label, logs }) => [
      label,
      ...seeds.map((_, position) => {
        const rows = logs[position]
        return rows === undefined ? null : averageCertifiedRadius(rows)
      }),
    ]),
  }
}

async function curves(arms: readonly LabelledLogs[]): Promise<Chart> {
  return {
    svg: await certifiedAccuracyChart(arms, { width: 900, height: 380 }),
    narrowSvg: await certifiedAccuracyChart(arms, { width: 340, height: 300 }),
    caption: 'Certified accuracy against the ℓ2 radius of the perturbation, for pixels in [0, 1].',
    alt: `Certified accuracy against radius for ${arms.map(({ label }) => label).join(', ')}.`,
  }
}

function middleOf(radii: readonly number[]): number {
  return radii[Math.floor(radii.length / 2)] ?? 0
}

/** Certified accuracy of each class: averages hide classes that vanish. */
function perClassTable(
  arms: readonly ComparedArm[],
  { classes, radius }: { classes: readonly string[]; radius: number },
): Table {
  const perArm = arms.map(
    ({ logs }) =>
      new Map(certifiedAccuracyPerClass(logs.flat(), [radius]).map(entry => [entry.label, entry])),
  )
  return {
    caption: `Certified accuracy in percent by class at r = ${radius}`,
    columns: [{ header: 'class' }, ...arms.map(({ label }) => ({ header: label, digits: 0 }))],
    rows: classes.map((name, label) => [
      name,
      ...perArm.map(byClass => {
        const accuracy = byClass.get(label)?.certifiedAccuracy[0]
        return accuracy === undefined ? null : 100 * accuracy
      }),
    ]),
  }
}

async function trainingSection(arms: readonly ComparedArm[]): Promise<ReportSection[]> {
  const trained = arms.filter(({ updates }) => updates !== undefined && updates.length > 0)
  if (trained.length === 0) return []
  const panel = (metric: string, value: (update: UpdateReport) => number): MetricPanel => ({
    metric,
    series: trained.map(({ label, updates = [] }) => ({
      label,
      points: smoothed(updates.map(value)).map((smooth, index) => ({ step: index + 1, value: smooth })),
    })),
  })
  const panels: [MetricPanel, string][] = [
    [
      panel('SCE', update => update.selectiveCrossEntropy),
      'Selective cross-entropy (Eq. 8; Eq. 6 where all images count).',
    ],
    [panel('MAdv', update => update.adversarial), 'Masked adversarial loss (Eq. 9), before λ.'],
    [panel('total', update => update.loss), 'Objective (Eq. 10).'],
    [
      panel('|D_nh| = M (%)', update => 100 * update.allKeptShare),
      'Share of images whose M denoised images are all kept.',
    ],
  ]
  const charts = await Promise.all(
    panels.map(async ([shown, caption]) => ({
      svg: await trainingChart(shown, { width: 320, height: 220 }),
      caption: `${caption} Mean over ${SMOOTHING} updates.`,
      alt: `${shown.metric} against training step.`,
    })),
  )
  return [{ kind: 'charts', title: 'Training', charts }]
}

/** Updates that a training curve averages over. */
const SMOOTHING = 10

function smoothed(values: readonly number[]): number[] {
  return values.map((_, index) => {
    const window = values.slice(Math.max(0, index + 1 - SMOOTHING), index + 1)
    return window.reduce((total, value) => total + value, 0) / window.length
  })
}
