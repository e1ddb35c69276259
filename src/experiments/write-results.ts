import { mkdir, readlink, rm, symlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { averageCertifiedRadius, certifiedAccuracy } from '../analysis/certified-accuracy'
import { L2 } from '../analysis/norm'
import { renderReport } from '../analysis/report'
import { renderTable, type Table } from '../analysis/tables'
import { writeWhole } from '../files/write'
import { curvesFigure, experimentPage } from './experiment-page'
import type { ExperimentOutcome } from './outcome'
import { pairedArms, resultTables } from './result-tables'

/** The location of an experiment's results, and its tables. */
export interface ExperimentResult {
  readonly outcome: ExperimentOutcome
  readonly tables: readonly Table[]
  /** Folder of `result.json`, `tables.md`, `plot.svg` and `experiment.html`, and of links to the runs of each arm by its key. */
  readonly folder: string
}

export async function writeResults(outcome: ExperimentOutcome, output: string): Promise<ExperimentResult> {
  const folder = join(output, outcome.experiment.name)
  const tables = resultTables(outcome)
  await mkdir(folder, { recursive: true })
  await writeWhole(join(folder, 'result.json'), `${JSON.stringify(resultOf(outcome), null, 1)}\n`)
  await writeWhole(join(folder, 'tables.md'), tablesText(outcome, tables))
  await writeWhole(join(folder, 'plot.svg'), (await curvesFigure(outcome)).svg)
  await writeWhole(join(folder, 'experiment.html'), renderReport(await experimentPage(outcome)))
  await linkArms(outcome, folder)
  return { outcome, tables, folder }
}

/** Links `arms/<key>` in the folder of results to the runs and logs of an arm, whose folder has a hash in its name. */
async function linkArms({ arms }: ExperimentOutcome, folder: string): Promise<void> {
  await mkdir(join(folder, 'arms'), { recursive: true })
  for (const { arm, folder: runs } of arms) {
    const link = join(folder, 'arms', arm.key)
    const target = relative(join(folder, 'arms'), runs)
    const before = await readlink(link).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (before === target) continue
    await rm(link, { force: true })
    await symlink(target, link)
  }
}

function tablesText(
  { experiment, scale, seeds, indices }: ExperimentOutcome,
  tables: readonly Table[],
): string {
  return [
    `# ${experiment.title} (${experiment.source})`,
    `Scale ${scale.name}: ${scale.title}. Seeds ${seeds.join(', ')}; ${indices.length} test images. ${scale.differs}`,
    ...tables.map(table => renderTable(table, 'markdown')),
    '',
  ].join('\n\n')
}

/** Returns every number behind the tables, and its runs. */
function resultOf(outcome: ExperimentOutcome) {
  const { experiment, scale, seeds, indices, arms, norm } = outcome
  const { name, title, source, varies, heldEqual, reference } = experiment
  return {
    ...{ name, title, source, varies, heldEqual, reference },
    scale: scale.name,
    seeds,
    testImages: indices,
    radii: scale.radii,
    ...(norm !== L2 && { norm }),
    arms: arms.map(({ arm, id, sigma, isTrained, config, logs, training }) => ({
      ...{ key: arm.key, label: arm.label, run: id, sigma, isTrained, ...training },
      ...{ method: isTrained ? config.method : null, certification: config.certification },
      averageCertifiedRadius: logs.map(averageCertifiedRadius),
      certifiedAccuracy: logs.map(rows => certifiedAccuracy(rows, scale.radii)),
    })),
    paired: pairedArms(outcome).map(({ arm, reference: other, comparison }) => ({
      arm: arm.arm.key,
      minus: other.arm.key,
      ...comparison,
    })),
  }
}
