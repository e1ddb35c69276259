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
    .description('write what LoRA has trained for plain timm, transformers or peft, with the same outputs')
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
        const { CheckpointError } = require('../../errors') as typeof import('../../errors')
        const run = await findCheckpoint(folder, { checkpoint })
        if (run.config.tuning.kind === 'full') {
          throw new CheckpointError(`${run.checkpoint} has no adapters: the whole network was trained.`, {
            remedy: 'Use the checkpoint as it is, it is in the format of its library already.',
          })
        }
        const { readSmoothed } =
          require('../../smoothing/smoothed-file') as typeof import('../../smoothing/smoothed-file')
        const { unsaidOf } =
          require('../../smoothing/smoothed-input') as typeof import('../../smoothing/smoothed-input')
        const smoothed = await readSmoothed(run.checkpoint)
        const unsaid = smoothed && unsaidOf(smoothed)
        if (unsaid !== undefined) say(`note: ${unsaid}`)
        await using session = await connect({ device: 'cpu', python })
        const classifier = await loadTrainedClassifier(session, run)
        if (merge !== undefined) {
          await classifier.exportMerged(merge)
          printLine(`${run.checkpoint}: merged network written to ${merge}`)
        }
        if (adapter !== undefined) {
          await classifier.exportAdapter(adapter)
          printLine(`${run.checkpoint}: adapters written to ${adapter}`)
        }
      },
    )
}
