import type { Command } from 'commander'
import type { Deviation, FileReport, Skip } from '../../fixtures/file-report'
import { print } from '../../terminal/print'

/** The number of misses to show per file. */
const SHOWN_MISSES = 10

/** The number of fields to show per reason for skipping. */
const SHOWN_SKIPS = 3

interface CheckOptions {
  readonly logs?: string
  readonly device: string
  readonly python?: string
}

export function addCheckFixturesCommand(program: Command): void {
  program
    .command('check-fixtures')
    .description('check this package against golden numbers; exit code 1 on any difference')
    .argument('<folder>', 'folder of fixtures such as loss.json')
    .option('--logs <folder>', 'folder of the certification logs named in curves.json')
    .option('--device <name>', 'torch device', 'cpu')
    .option('--python <path>', 'Python to use instead of PYTHON_BIN, an active conda environment or .venv')
    .action(async (folder: string, { logs, device, python }: CheckOptions) => {
      const { connect } = require('../../bridge') as typeof import('../../bridge')
      const { checkFixtures } =
        require('../../fixtures/check-fixtures') as typeof import('../../fixtures/check-fixtures')
      let connection: ReturnType<typeof connect> | undefined
      const session = () => {
        connection ??= connect({ device, ...(python === undefined ? {} : { python }) })
        return connection
      }
      const reports: FileReport[] = []
      try {
        for await (const report of checkFixtures(folder, { session, logs })) {
          reports.push(report)
          if (!report.isAbsent) print(formatReport(report))
        }
      } finally {
        await (await connection?.catch(() => undefined))?.close()
      }
      print(formatSummary(reports))
      if (reports.some(({ passes }) => !passes)) process.exitCode = 1
    })
}

/** Formats the figures of a file in one line, followed by its skips and misses. */
function formatReport({ name, cases, values, worst, skips, misses }: FileReport): string {
  const figures = [
    misses.length === 0 ? 'ok  ' : 'MISS',
    name.padEnd(23),
    `${cases} cases`.padStart(9),
    `${values} values`.padStart(13),
    `  ${formatAgreement(values, worst)}`,
  ]
  const missed = misses
    .slice(0, SHOWN_MISSES)
    .map(({ where, what }) => `  ${[where, what].filter(Boolean).join(': ')}`)
  const others = misses.length - missed.length
  return [
    figures.join(' '),
    ...formatSkips(skips),
    ...missed,
    ...(others > 0 ? [`  and ${others} more`] : []),
  ].join('\n')
}

function formatAgreement(values: number, worst: Deviation | undefined): string {
  if (worst === undefined) return values === 0 ? 'nothing compared' : 'all equal'
  const { where, error, allowed } = worst
  return `worst error ${error.toExponential(1)} of ${allowed.toExponential(1)} allowed, at ${where}`
}

/** Combines skips of the same fields for the same reason in one line. */
function formatSkips(skips: readonly Skip[]): string[] {
  const places = new Map<string, string[]>()
  for (const { where, fields, reason } of skips) {
    const what = `${fields.join(', ')} (${reason})`
    places.set(what, [...(places.get(what) ?? []), where])
  }
  return [...places].map(([what, wheres]) => {
    const others = wheres.length - SHOWN_SKIPS
    const shown = wheres.slice(0, SHOWN_SKIPS).join(', ')
    return `  skipped ${what} of ${shown}${others > 0 ? ` and ${others} more` : ''}`
  })
}

function formatSummary(reports: readonly FileReport[]): string {
  const absent = reports.filter(({ isAbsent }) => isAbsent).map(({ name }) => name)
  const failing = reports.filter(({ passes }) => !passes).map(({ name }) => name)
  return [
    ...(absent.length === 0 ? [] : [`Not in the folder: ${absent.join(', ')}.`]),
    failing.length === 0 ? 'Everything compared agrees.' : `Not as expected: ${failing.join(', ')}.`,
  ].join('\n')
}
