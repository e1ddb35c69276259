import { type Command, Option } from 'commander'
import type { Analysis } from '../../analysis/analyze'
import type { LabelledLog } from '../../analysis/runs'
import type { TableFormat } from '../../analysis/tables'
import { given } from '../../files/given'
import { printData, say } from '../../terminal/print'
import type { LabelField } from '../analyze/read-logs'
import { parseList, parseNumber, parseNumbers } from '../option-values'

interface AnalyzeCommandOptions {
  readonly radii?: readonly number[]
  readonly envelope?: boolean
  readonly allowDifferent?: boolean
  readonly highProbability?: boolean
  readonly alpha?: number
  readonly rho: number
  readonly linf?: number
  readonly eps: readonly string[]
  readonly perClass?: boolean
  readonly against?: 'paper' | 'frontier'
  readonly table?: readonly string[]
  readonly compare?: readonly string[]
  readonly format: TableFormat
  readonly plot?: readonly string[]
  readonly width?: number
  readonly ns?: readonly number[]
  readonly by?: readonly LabelField[]
  readonly rows?: readonly string[]
  readonly caption?: string
  readonly label?: string
  readonly html?: string
}

export function addAnalyzeCommand(program: Command): void {
  program
    .command('analyze')
    .description('certified accuracy, ACR and abstention of certification logs, as tables, curves or a page')
    .argument(
      '<logs...>',
      'log files, as path or label=path; logs with the same label are seeds, averaged, or with --envelope configurations',
    )
    .option(
      '--radii <list>',
      'ℓ2 radii, for instance 0,0.5,1; default: multiples of 0.25 up to the largest, or smaller steps if that is below 0.5',
      parseNumbers({ min: 0 }),
    )
    .option(
      '--by <fields>',
      'build labels from metadata of runs and logs: method, sigma, n, folder, separated by commas; paths then have no label',
      by,
    )
    .option('--envelope', "at each radius the best of a label's configurations, as in the paper's Table 1")
    .option(
      '--allow-different',
      'average or compare logs even if settings or images differ; every table lists the differences',
    )
    .option('--high-probability', 'add lower bounds on the accuracy that hold with probability 1 - rho')
    .option(
      '--alpha <probability>',
      'alpha of logs that do not record it, for --high-probability',
      probability,
    )
    .option('--rho <probability>', 'probability that a bound is wrong', probability, 0.001)
    .option(
      '--linf <dimensions>',
      'add accuracy at ℓ∞ radii; the number of values per image, 3072 for CIFAR-10',
      parseNumber({ min: 1, integer: true }),
    )
    .option('--eps <list>', 'ℓ∞ radii for --linf', parseList, ['2/255'])
    .option('--per-class', 'add a table of accuracy by class')
    .addOption(
      new Option(
        '--against <source>',
        "add the paper's rows, or those of later publications (frontier), with source and date",
      ).choices(['paper', 'frontier']),
    )
    .option('--rows <names>', 'prefixes of the rows to add, separated by commas; default: all', parseList)
    .option(
      '--table <names>',
      "the paper's tables to compare with, separated by commas; default: Table 1 of the data set that matches the labels",
      parseList,
    )
    .option(
      '--compare <a,b>',
      'add a paired comparison of two labels, with bootstrap intervals; or give it twice, with one label each',
      collect,
    )
    .addOption(
      new Option('--format <format>', 'format of the tables on stdout')
        .choices(['terminal', 'markdown', 'latex', 'csv', 'json'])
        .default('terminal'),
    )
    .option('--caption <text>', 'caption of the first table, as LaTeX source')
    .option('--label <name>', 'LaTeX label of the first table; the others are numbered')
    .option(
      '--plot <what>',
      'write a chart as .svg, .png or .pdf: a file name for the curves of certified accuracy; p-a, curve, envelope or expected-n, or with a file, as p-a=votes.pdf; repeatable',
      collect,
    )
    .option('--width <length>', 'width of charts, as 3.25in or 8cm; PNG then has 300 dots per inch', width)
    .option(
      '--ns <list>',
      'vote counts for --plot expected-n, which also prints its table; default: 100,1000,10000,100000',
      parseNumbers({ min: 1 }),
    )
    .option('--html <file>', 'write a self-contained page with tables, curves and accuracy by class')
    .action(async (words: string[], options: AnalyzeCommandOptions, command: Command) => {
      const { alpha, rho, linf, eps, format, html, against, table, rows, envelope = false } = options
      const compare = options.compare?.length === 1 ? options.compare[0]?.split(',') : options.compare
      if (compare !== undefined && compare.length !== 2) {
        command.error(`error: --compare takes two labels with a comma between, got ${compare.length}`)
      }
      if (table !== undefined && against !== 'paper') command.error('error: --table needs --against paper')
      if (rows !== undefined && against === undefined) command.error('error: --rows needs --against')
      const { parsePlot, writePlots } = require('../analyze/plots') as typeof import('../analyze/plots')
      const { readLogs } = require('../analyze/read-logs') as typeof import('../analyze/read-logs')
      const plots = (options.plot ?? []).map(parsePlot)
      const { analyze } = require('../../analysis/analyze') as typeof import('../../analysis/analyze')
      const { parseEpsilon } =
        require('../../analysis/paper-comparison') as typeof import('../../analysis/paper-comparison')
      const { renderTables } = require('../../analysis/tables') as typeof import('../../analysis/tables')
      const { DEFAULT_NS } =
        require('../../analysis/votes/charts') as typeof import('../../analysis/votes/charts')
      const logs = await readLogs(words, { by: options.by, envelope })
      const analysis = analyze(logs, {
        radii: options.radii,
        envelope,
        allowDifferent: options.allowDifferent ?? false,
        highProbability: options.highProbability ? { ...(alpha !== undefined && { alpha }), rho } : undefined,
        lInfinity: linf === undefined ? undefined : { dimensions: linf, epsilons: eps.map(parseEpsilon) },
        paper: against === 'paper' ? (table ?? [firstTableFor(logs)]) : undefined,
        frontier: against === 'frontier' ? dataFor(logs) : undefined,
        rows,
        expectedAt:
          plots.some(({ kind }) => kind === 'expected-n') || options.ns
            ? (options.ns ?? DEFAULT_NS)
            : undefined,
        compare: compare as [string, string] | undefined,
        perClass: options.perClass === true || html !== undefined,
      })
      await writePlots(analysis, plots, options)
      if (html !== undefined) await writePage(analysis, html)
      const tables = [...analysis.tables, ...(options.perClass ? analysis.perClass : [])]
      const { caption, label } = options
      printData(renderTables({ tables, notes: analysis.notes }, format, given({ caption, label })))
      for (const note of analysis.notes) say(`note: ${note}`)
    })
}

function firstTableFor(logs: readonly LabelledLog[]): string {
  return `table1_${dataFor(logs)}`
}

/** CIFAR-10 has ten classes. */
function dataFor(logs: readonly LabelledLog[]): 'cifar10' | 'imagenet' {
  return logs.every(({ log }) => log.rows.every(({ label }) => label < 10)) ? 'cifar10' : 'imagenet'
}

async function writePage(analysis: Analysis, html: string): Promise<void> {
  const { analysisPage } =
    require('../../analysis/analysis-page') as typeof import('../../analysis/analysis-page')
  const { renderReport } = require('../../analysis/report') as typeof import('../../analysis/report')
  const { writeOutput } = require('../write-output') as typeof import('../write-output')
  await writeOutput(html, renderReport(await analysisPage(analysis)))
}

function by(word: string): LabelField[] {
  const { parseBy } = require('../analyze/read-logs') as typeof import('../analyze/read-logs')
  return parseBy(word)
}

function width(word: string): number {
  const { parseWidth } = require('../analyze/plots') as typeof import('../analyze/plots')
  return parseWidth(word)
}

const probability = parseNumber({ min: 0, max: 1 })

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value]
}
