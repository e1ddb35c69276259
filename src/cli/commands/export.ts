import { join } from 'node:path'
import type { Command } from 'commander'
import { printLine, say } from '../../terminal/print'

interface ExportOptions {
  readonly checkpoint?: string
  readonly merge?: string
  readonly adapter?: string
  readonly python?: string
}

export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description(
      'write what LoRA has trained for plain timm, transformers or peft, with the same outputs; of members that were trained together each into a folder of its number',
    )
    .argument('<folder>', 'folder of a run (its newest checkpoint is taken) or of one of its checkpoints')
    .option('--checkpoint <name>', 'which checkpoint of a run: last, best, or its name (default: last)')
    .option('--merge <output>', 'write the whole network with the adapters merged into its weights')
    .option('--adapter <output>', "write the adapters for peft on the library's own network")
    .option('--python <path>', 'use this Python instead of PYTHON_BIN, an active conda environment or .venv')
    .action(
      async (folder: string, { checkpoint, merge, adapter, python }: ExportOptions, command: Command) => {
        if (merge === undefined && adapter === undefined) command.error('error: give --merge or --adapter')
        const { connect } = require('../../bridge') as typeof import('../../bridge')
        const { findCheckpoint } =
          require('../../runs/find-checkpoint') as typeof import('../../runs/find-checkpoint')
        const { loadTrainedClassifier } =
          require('../../smoothing/trained-classifier') as typeof import('../../smoothing/trained-classifier')
        const { networksToExport } = require('../export-networks') as typeof import('../export-networks')
        const { readSmoothed } =
          require('../../smoothing/smoothed-file') as typeof import('../../smoothing/smoothed-file')
        const { unsaidOf } =
          require('../../smoothing/smoothed-input') as typeof import('../../smoothing/smoothed-input')
        const networks = networksToExport(await findCheckpoint(folder, { checkpoint }))
        await using session = await connect({ device: 'cpu', python })
        for (const { place, ...run } of networks) {
          const smoothed = await readSmoothed(run.checkpoint)
          const unsaid = smoothed && unsaidOf(smoothed)
          if (unsaid !== undefined) say(`note: ${unsaid}`)
          const classifier = await loadTrainedClassifier(session, run)
          if (merge !== undefined) {
            await classifier.exportMerged(join(merge, place))
            printLine(`${run.checkpoint}: merged network written to ${join(merge, place)}`)
          }
          if (adapter !== undefined) {
            await classifier.exportAdapter(join(adapter, place))
            printLine(`${run.checkpoint}: adapters written to ${join(adapter, place)}`)
          }
          session.free(classifier)
        }
      },
    )
}
