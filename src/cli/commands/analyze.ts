import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { Analysis } from '../../analysis/analyze'
import type { LabelledLog } from '../../analysis/runs'
import type { TableFormat } from '../../analysis/tables'
import { printData, say } from '../../terminal/print'
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
  readonly against?: 'paper'
  readonly table?: readonly string[]
  readonly compare?: readonly string[]
  readonly format: TableFormat
  readonly plot?: string
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
      'ℓ2 radii, for instance 0,0.5,1; default: quarters up to the largest',
      parseNumbers({ min: 0 }),
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
    .addOption(new Option('--against <source>', "add the paper's own rows").choices(['paper']))
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
    .option('--plot <file>', 'write the curves of certified accuracy, as .svg or .png')
    .option(
      '--html <file>',
      'write a page with tables, curves and accuracy by class that needs no other file',
    )
    .action(async (words: string[], options: AnalyzeCommandOptions, command: Command) => {
      const { alpha, rho, linf, eps, format, plot, html, against, table } = options
      const compare = options.compare?.length === 1 ? options.compare[0]?.split(',') : options.compare
      if (compare !== undefined && compare.length !== 2) {
        command.error(`error: --compare takes two labels with a comma between, got ${compare.length}`)
      }
      if (table !== undefined && against === undefined) command.error('error: --table needs --against paper')
      refuseUnknownPicture(plot)
      const { analyze } = require('../../analysis/analyze') as typeof import('../../analysis/analyze')
      const { parseEpsilon } =
        require('../../analysis/paper-comparison') as typeof import('../../analysis/paper-comparison')
      const { renderTables } = require('../../analysis/tables') as typeof import('../../analysis/tables')
      const logs = await readLogs(words)
      const analysis = analyze(logs, {
        radii: options.radii,
        envelope: options.envelope ?? false,
        allowDifferent: options.allowDifferent ?? false,
        highProbability: options.highProbability ? { ...(alpha !== undefined && { alpha }), rho } : undefined,
        lInfinity: linf === undefined ? undefined : { dimensions: linf, epsilons: eps.map(parseEpsilon) },
        paper: against === undefined ? undefined : (table ?? [firstTableFor(logs)]),
        compare: compare as [string, string] | undefined,
        perClass: options.perClass === true || html !== undefined,
      })
      if (plot !== undefined || html !== undefined) await writePictures(analysis, { plot, html })
      const tables = [...analysis.tables, ...(options.perClass ? analysis.perClass : [])]
      printData(renderTables({ tables, notes: analysis.notes }, format))
      for (const note of analysis.notes) say(`note: ${note}`)
    })
}

/** Reads what the command line names, all of it before anything is said. */
async function readLogs(words: readonly string[]): Promise<LabelledLog[]> {
  const { readCertificationLog } =
    require('../../logs/certification-log-file') as typeof import('../../logs/certification-log-file')
  const { fileName } = require('../../analysis/runs') as typeof import('../../analysis/runs')
  const { ConfigError } = require('../../errors') as typeof import('../../errors')
  const named = words.map(splitLabel)
  const unlabelled = named.filter(({ label }) => label === undefined).map(({ path }) => fileName(path))
  const entries = named.map(({ label, path }) => {
    const name = fileName(path)
    // Files of one name in different folders are not taken for seeds unless a label says that they are.
    const isUnique = unlabelled.filter(other => other === name).length < 2
    return { label: label ?? (isUnique ? name : path), path }
  })
  const seen = new Set<string>()
  for (const { label, path } of entries) {
    const key = JSON.stringify([label, resolve(path)])
    if (seen.has(key)) {
      throw new ConfigError(`The log ${path} is given twice as "${label}".`, { remedy: 'Name it once.' })
    }
    seen.add(key)
  }
  return Promise.all(
    entries.map(async ({ label, path }) => ({ label, log: await readCertificationLog(path) })),
  )
}

/**
 * `label=path`; a file whose own path has an equals sign is a path. Both may have more of them: the path is the shortest one
 * that is there, and where none is, what follows the last.
 */
function splitLabel(word: string): { readonly label: string | undefined; readonly path: string } {
  const places = [...word].flatMap((character, at) => (character === '=' && at > 0 ? [at] : [])).reverse()
  const last = places[0]
  if (last === undefined || existsSync(word)) return { label: undefined, path: word }
  const at = places.find(place => existsSync(word.slice(place + 1))) ?? last
  return { label: word.slice(0, at), path: word.slice(at + 1) }
}

/** CIFAR-10 has ten classes. */
function firstTableFor(logs: readonly LabelledLog[]): string {
  const isCifar = logs.every(({ log }) => log.rows.every(({ label }) => label < 10))
  return isCifar ? 'table1_cifar10' : 'table1_imagenet'
}

function refuseUnknownPicture(plot: string | undefined): void {
  if (plot === undefined || /\.(svg|png)$/i.test(plot)) return
  const { ConfigError } = require('../../errors') as typeof import('../../errors')
  throw new ConfigError(`--plot writes SVG and PNG, expected a file ending in .svg or .png, got ${plot}.`, {
    remedy: 'Name a file of one of the two.',
  })
}

async function writePictures(
  analysis: Analysis,
  { plot, html }: { plot: string | undefined; html: string | undefined },
): Promise<void> {
  const { analysisPage, curvesChart } =
    require('../../analysis/analysis-page') as typeof import('../../analysis/analysis-page')
  const { renderReport } = require('../../analysis/report') as typeof import('../../analysis/report')
  const { writeOutput } = require('../write-output') as typeof import('../write-output')
  if (plot !== undefined) {
    const { svgToPng } = require('../../analysis/chart-png') as typeof import('../../analysis/chart-png')
    const svg = await curvesChart(analysis)
    await writeOutput(plot, /\.png$/i.test(plot) ? await svgToPng(svg) : svg)
  }
  if (html !== undefined) await writeOutput(html, renderReport(await analysisPage(analysis)))
}

const probability = parseNumber({ min: 0, max: 1 })

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value]
}
