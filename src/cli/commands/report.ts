import { basename, dirname, join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import type { NamedRun } from '../../runs/report/run-curves'
import { printPath } from '../../terminal/print'

export function addReportCommand(program: Command): void {
  program
    .command('report')
    .description('write a page about a fine-tuning run, even while it runs, or a comparison of several')
    .argument('<runs...>', 'run folders')
    .option(
      '--output <file>',
      'page to write; default: report.html in the run folder, or in the common folder of several runs',
    )
    .action(async (words: string[], { output }: { output?: string }) => {
      const { renderReport } = require('../../analysis/report') as typeof import('../../analysis/report')
      const { runReport } =
        require('../../runs/report/run-report') as typeof import('../../runs/report/run-report')
      const { writeOutput } = require('../write-output') as typeof import('../write-output')
      const folders = [...new Set(words.map(word => resolve(word)))]
      const runs = await readRuns(folders)
      const page =
        output ?? join(folders.length === 1 ? (folders[0] ?? '') : commonFolder(folders), 'report.html')
      await writeOutput(page, renderReport(await runReport(runs)))
      printPath(relative(process.cwd(), resolve(page)) || page)
    })
}

async function readRuns(folders: readonly string[]): Promise<NamedRun[]> {
  const { readRun } = require('../../runs/read-run') as typeof import('../../runs/read-run')
  const names = namesOf(folders)
  return Promise.all(
    folders.map(async (folder, position) => ({
      name: names[position] ?? folder,
      run: await readRun(folder),
    })),
  )
}

/** Returns the names of the folders if they differ, else the paths from their common folder. */
function namesOf(folders: readonly string[]): string[] {
  const names = folders.map(folder => basename(folder))
  if (new Set(names).size === names.length) return names
  const common = commonFolder(folders)
  return folders.map(folder => relative(common, folder) || basename(folder))
}

/** Returns the innermost folder that contains all of them. */
function commonFolder(folders: readonly string[]): string {
  const [first = '.', ...others] = folders
  let common = dirname(first)
  while (others.some(other => relative(common, other).startsWith('..'))) common = dirname(common)
  return common
}
