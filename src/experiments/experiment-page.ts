import { certifiedAccuracyFigure } from '../analysis/plots'
import type { Chart, Report, ReportSection } from '../analysis/report'
import { imageSections } from './image-samples'
import type { ExperimentOutcome } from './outcome'
import { resultTables } from './result-tables'

/** The page of an experiment: what differs from the paper first, then tables, curves, the paper's numbers, pictures. */
export async function experimentPage(outcome: ExperimentOutcome): Promise<Report> {
  const { experiment, arms, samples } = outcome
  const [accuracy, ...others] = resultTables(outcome)
  return {
    title: `${experiment.title} (${experiment.source})`,
    lead: leadOf(outcome),
    sections: [
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

/** The curves of certified accuracy of an experiment. */
export function curvesFigure(outcome: ExperimentOutcome): Promise<Chart> {
  return certifiedAccuracyFigure(outcome.experiment.curves?.(outcome) ?? outcome.arms)
}

function leadOf({ experiment, scale, seeds, indices, arms }: ExperimentOutcome): string {
  const sigmas = [...new Set(arms.map(({ sigma }) => sigma))].join(', ')
  const { n0, n, alpha } = arms[0]?.config.certification ?? {}
  return (
    `Varied: ${experiment.varies}. ${scale.title}; σ = ${sigmas}; ${seeds.length} ` +
    `seed${seeds.length === 1 ? '' : 's'} (${seeds.join(', ')}); ${indices.length} test images, n0 = ${n0}, n = ${n}, α = ${alpha}.`
  )
}

function aboutSection({ experiment }: ExperimentOutcome): ReportSection {
  return {
    kind: 'text',
    title: 'How to read it',
    paragraphs: [
      `Held equal: ${experiment.heldEqual}.`,
      ...(experiment.findings.length > 0 ? [`What the paper finds: ${experiment.findings.join(' ')}`] : []),
      'All arms of one noise level and seed vote on the same denoised images. An interval of a difference speaks of other draws of ' +
        'images, not of other training seeds; each holds with 95 % separately, not all together. Certificates speak of the smoothed ' +
        'classifier; radii are ℓ2, for pixels in [0, 1].',
    ],
  }
}
