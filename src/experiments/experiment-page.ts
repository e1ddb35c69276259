import { certifiedAccuracy } from '../analysis/certified-accuracy'
import { meanOfFinite } from '../analysis/metric-curves'
import { certifiedAccuracyFigure } from '../analysis/plots'
import type { Chart, Fact, Report, ReportSection } from '../analysis/report'
import { imageSections } from './image-samples'
import type { ExperimentOutcome } from './outcome'
import { resultTables } from './result-tables'

/** Makes the page of an experiment: first the differences from the paper, then tables, curves, the paper's numbers, pictures. */
export async function experimentPage(outcome: ExperimentOutcome): Promise<Report> {
  const { experiment, arms, samples } = outcome
  const [accuracy, ...others] = resultTables(outcome)
  return {
    title: `${experiment.title} (${experiment.source})`,
    lead: verdictOf(outcome),
    sections: [
      { kind: 'facts', facts: factsOf(outcome) },
      { kind: 'text', title: 'What differs from the paper', paragraphs: [outcome.scale.differs] },
      ...(accuracy === undefined ? [] : [{ kind: 'table', title: 'Results', table: accuracy } as const]),
      { kind: 'charts', charts: [await curvesFigure(outcome)] },
      ...others.map(table => ({ kind: 'table', table }) as const),
      ...((await experiment.sections?.(outcome)) ?? []),
      ...(samples === undefined ? [] : imageSections(samples, arms)),
      aboutSection(outcome),
    ],
  }
}

/** Draws the curves of certified accuracy of an experiment. */
export function curvesFigure(outcome: ExperimentOutcome): Promise<Chart> {
  return certifiedAccuracyFigure(outcome.experiment.curves?.(outcome) ?? outcome.arms, outcome)
}

/** Names the arms with the largest certified accuracy at each radius, averaged over seeds, up to the radius where none certifies any image. */
function verdictOf({ arms, scale: { radii }, norm }: ExperimentOutcome): string {
  const ofArms = arms.map(({ label, logs }) => ({
    label,
    ofLogs: logs.map(rows => certifiedAccuracy(rows, radii)),
  }))
  const best = radii.flatMap((radius, place) => {
    const shown = ofArms.map(({ label, ofLogs }) => {
      const accuracy = 100 * meanOfFinite(ofLogs.map(shares => shares[place] ?? 0))
      return { label, accuracy, text: accuracy.toFixed(1) }
    })
    const [first] = shown.toSorted((one, other) => other.accuracy - one.accuracy)
    if (first === undefined || first.accuracy === 0) return []
    const labels = shown.filter(({ text }) => text === first.text).map(({ label }) => label)
    return [`r = ${radius}: ${labels.join(' and ')} ${first.text} %`]
  })
  if (best.length === 0) return 'No arm certifies any image.'
  return `Largest certified accuracy by ${norm} radius r: ${best.join('; ')}.`
}

function factsOf({ experiment, scale, seeds, indices, arms }: ExperimentOutcome): Fact[] {
  const { n0, n, alpha } = arms[0]?.config.certification ?? {}
  return [
    ['varied', experiment.varies],
    ['held equal', experiment.heldEqual],
    ['scale', scale.title],
    ['σ', [...new Set(arms.map(({ sigma }) => sigma))].join(', ')],
    [seeds.length === 1 ? 'seed' : 'seeds', seeds.join(', ')],
    ['test images', String(indices.length)],
    ['certification', `n0 = ${n0}, n = ${n}, α = ${alpha}`],
  ]
}

function aboutSection({ experiment, norm }: ExperimentOutcome): ReportSection {
  return {
    kind: 'text',
    title: 'How to read it',
    paragraphs: [
      ...(experiment.findings.length > 0 ? [`What the paper finds: ${experiment.findings.join(' ')}`] : []),
      'All arms of one noise level and seed vote on the same denoised images. An interval of a difference speaks of other draws of ' +
        'images, not of other training seeds; each holds with 95 % separately, not all together. Certificates speak of the smoothed ' +
        `classifier; radii are ${norm}, for pixels in [0, 1].`,
    ],
  }
}
