import type { Analysis } from './analyze'
import { legendLayout } from './chart/legend'
import type { ChartSize } from './chart/svg'
import { normOfMethods } from './norm'
import { type Curve, certifiedAccuracyChart, certifiedAccuracyFigure } from './plots'
import type { Report } from './report'
import type { Method, Run } from './runs'

/** Makes the page of an analysis: tables, curves, accuracy by class, and notes on what the figures do and do not show. */
export async function analysisPage(
  { methods, tables, perClass, notes }: Analysis,
  {
    among,
  }: {
    /** Labels of all charts of the page that contains this one. */
    readonly among?: readonly string[]
  } = {},
): Promise<Report> {
  const [summary, ...others] = tables
  const norm = normOfMethods(methods)
  return {
    title: 'Certified accuracy',
    lead: methods.map(({ name }) => name).join(' · '),
    sections: [
      ...(notes.length > 0 ? [{ kind: 'text', title: 'Notes', paragraphs: notes } as const] : []),
      ...(summary === undefined ? [] : [{ kind: 'table', title: 'Summary', table: summary } as const]),
      {
        kind: 'charts',
        charts: [await certifiedAccuracyFigure(curvesOf(methods), { norm, ...(among && { among }) })],
      },
      ...others.map(table => ({ kind: 'table', table }) as const),
      ...perClass.map((table, position) =>
        position === 0
          ? ({ kind: 'table', title: 'By class', table } as const)
          : ({ kind: 'table', table } as const),
      ),
      { kind: 'text', title: 'How to read it', paragraphs: meaning(norm) },
    ],
  }
}

/** Returns one line per run, with a band over several seeds. */
function curvesOf(methods: readonly Method[]): Curve[] {
  return methods.flatMap(({ runs }) => runs.map(run => ({ label: run.name, ...averaged(run) })))
}

/** Returns one line per method: the best of its runs at each radius. */
function envelopesOf(methods: readonly Method[]): Curve[] {
  return methods.map(({ name, runs }) => ({ label: name, runs: runs.map(averaged) }))
}

function averaged({ logs, allowDifferent }: Run) {
  return { logs: logs.map(({ rows }) => rows), allowDifferent }
}

/** Draws only the curves of an analysis, with `envelope` one per method. `height` excludes the legend. */
export function curvesChart(
  { methods }: Pick<Analysis, 'methods'>,
  { width = 720, height = 400, envelope = false }: ChartSize & { readonly envelope?: boolean } = {},
): Promise<string> {
  const lines = envelope ? envelopesOf(methods) : curvesOf(methods)
  return certifiedAccuracyChart(lines, {
    norm: normOfMethods(methods),
    width,
    height:
      height +
      legendLayout(
        lines.map(({ label }) => label),
        width,
      ).height,
  })
}

const meaning = (norm: string) => [
  'Certified accuracy at radius r is the share of images that are classified correctly, are not abstained on, and have a ' +
    `certified ${norm} radius of at least r. The average certified radius (ACR) is the mean radius over all images, 0 where the ` +
    'prediction is wrong or abstains.',
  'A certificate speaks of the smoothed classifier, the one that votes over noise, not of the network in it. It is a ' +
    'statistical statement: each may be wrong with probability α. It says nothing about perturbations outside its radius, ' +
    'and nothing about whether the prediction is right.',
]
