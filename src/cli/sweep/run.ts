import { join } from 'node:path'
import { renderTable } from '../../analysis/tables'
import { connect } from '../../bridge'
import { setup } from '../../environment/setup'
import { print, printLine, say } from '../../terminal/print'
import { isTalkative } from '../run-options'
import { trainAndCertify } from '../train/run'
import type { SweepOptions } from './options'
import { type PlannedRun, planSweep } from './plan'
import { sweepTable } from './table'

/** `ft-cadis sweep`: an ordinary run for each combination of the values. Finished runs are kept, interrupted ones continue. */
export async function sweep(options: SweepOptions): Promise<void> {
  const runs = await planSweep(options)
  if (options.plan) return print(renderTable(await sweepTable(runs), 'terminal'))
  const { python } = options
  await setup({ python, onLine: say })
  const [first] = runs as [PlannedRun]
  const { device, threads } = first.config
  await using session = await connect({ python, device, threads })
  const isTold = isTalkative(options, session.launch)
  const { set: _, ...others } = options
  for (const [place, { name, config, preset }] of runs.entries()) {
    if (isTold) printLine(`\n${place + 1} of ${runs.length}: ${name}`)
    const own = { ...others, resume: options.replace !== true }
    await trainAndCertify(session, [config], { options: own, preset, output: config.output })
  }
  if (!isTold) return
  printLine('')
  print(renderTable(await sweepTable(runs), 'terminal'))
  const folder = join(first.config.output, '..')
  printLine(`page: npx ft-cadis report ${join(folder, '*/')}`)
  printLine(`TensorBoard, tab HParams: .venv/bin/tensorboard --logdir ${folder}`)
}
