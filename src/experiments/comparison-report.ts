import { accuracyTable, acrBySeedTable, type LabelledLogs } from '../analysis/accuracy-table'
import { certifiedAccuracyPerClass } from '../analysis/certified-accuracy'
import { certifiedAccuracyFigure } from '../analysis/plots'
import type { Report } from '../analysis/report'
import type { Table } from '../analysis/tables'
import { sampleGrid } from '../runs/report/sample-grid'
import type { DenoisedSamples } from '../runs/watchers/denoised-samples'
import { type TrainedArm, trainingSections } from './training-section'

/** One method of a comparison, over one or several seeds. */
export interface ComparedArm extends LabelledLogs, TrainedArm {}

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
      { kind: 'charts', charts: [await certifiedAccuracyFigure(arms)] },
      ...(arms.some(({ logs }) => logs.length > 1)
        ? [{ kind: 'table', table: acrBySeedTable(arms) } as const]
        : []),
      { kind: 'table', title: 'By class', table: perClassTable(arms, { classes, radius: radii[0] ?? 0 }) },
      { kind: 'table', table: perClassTable(arms, { classes, radius: middleOf(radii) }) },
      ...(await trainingSections(arms, ['selectiveCrossEntropy', 'adversarial', 'loss', 'allKeptShare'])),
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
