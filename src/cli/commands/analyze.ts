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
    .description('certified accuracy, ACR and abstention of certification logs, as a table, curves or a page')
    .argument(
      '<logs...>',
      'log files, as path or label=path; logs of one label are seeds, averaged, or with --envelope configurations',
    )
    .option(
      '--radii <list>',
      'ℓ2 radii, for instance 0,0.5,1; default: quarters up to the largest, or smaller steps if that is below 0.5',
      parseNumbers({ min: 0 }),
    )
    .option(
      '--by <fields>',
      'make labels of what runs and logs say: method, sigma, n, folder, with commas between; paths then have none',
      by,
    )
    .option('--envelope', "at each radius the best of a label's configurations, as the paper's Table 1")
    .option(
      '--allow-different',
      'average or compare logs of other settings or images all the same; every table then says in what they differ',
    )
    .option('--high-probability', 'add lower bounds on the accuracy that hold with probability 1 - rho')
    .option('--alpha <probability>', 'alpha of logs that do not say it, for --high-probability', probability)
    .option('--rho <probability>', 'probability that a bound is wrong', probability, 0.001)
    .option(
      '--linf <dimensions>',
      'add accuracy at ℓ∞ radii; the numbers in an image, 3072 for CIFAR-10',
      parseNumber({ min: 1, integer: true }),
    )
    .option('--eps <list>', 'ℓ∞ radii for --linf', parseList, ['2/255'])
    .option('--per-class', 'add a table by class')
    .addOption(
      new Option(
        '--against <source>',
        "add the paper's own rows, or those of later publications (frontier), with source and date",
      ).choices(['paper', 'frontier']),
    )
    .option(
      '--rows <names>',
      'which rows of them, by how they begin, with commas between; default: all',
      parseList,
    )
    .option(
      '--table <names>',
      "the paper's tables to set beside, with commas between; default: Table 1 of the data set that the labels fit",
      parseList,
    )
    .option(
      '--compare <a,b>',
      'add the paired comparison of two labels, with bootstrap intervals; or give it twice, with a label each',
      collect,
    )
    .addOption(
      new Option('--format <format>', 'how stdout shows the tables')
        .choices(['terminal', 'markdown', 'latex', 'csv', 'json'])
        .default('terminal'),
    )
    .option('--caption <text>', 'caption of the first table, in LaTeX as it stands')
    .option('--label <name>', 'label of the first table in LaTeX; the others are numbered')
    .option(
      '--plot <what>',
      'write a chart as .svg, .png or .pdf: a file for the curves of certified accuracy; p-a, curve, envelope or expected-n, or as p-a=votes.pdf; may be repeated',
      collect,
    )
    .option('--width <length>', 'width of charts, as 3.25in or 8cm; PNG then has 300 dots an inch', width)
    .option(
      '--ns <list>',
      'numbers of votes for --plot expected-n, whose table is printed as well; default: 100,1000,10000,100000',
      parseNumbers({ min: 1 }),
    )
    .option(
      '--html <file>',
      'write a page with tables, curves and accuracy by class that needs no other file',
    )
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
