import type { Command } from 'commander'
import type { ExportOptions } from '../export/run-export'

export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description(
      'write trained networks for plain timm, transformers, peft or onnxruntime, with the same outputs and a model card; members trained together each get a numbered folder',
    )
    .argument('<folder>', 'a run (its newest checkpoint), a checkpoint, or a folder with smoothed.json')
    .option('--checkpoint <name>', 'checkpoint of a run: last, best, or a name (default: last)')
    .option('--merge <output>', 'write the whole network, with adapters merged into its weights')
    .option('--adapter <output>', "write the LoRA adapters for peft on the library's own network")
    .option(
      '--onnx <output>',
      'write denoiser and classifier as one graph, from noisy image to logits; needs setup --with onnx',
    )
    .option(
      '--licence <id>',
      'licence of the base weights for the model card, such as apache-2.0 (default: as stated in their files)',
    )
    .option('--python <path>', 'Python to use instead of PYTHON_BIN, an active conda environment or .venv')
    .action(async (folder: string, options: ExportOptions, command: Command) => {
      const { merge, adapter, onnx } = options
      if (merge === undefined && adapter === undefined && onnx === undefined) {
        command.error('error: give --merge, --adapter or --onnx')
      }
      const { runExport } = require('../export/run-export') as typeof import('../export/run-export')
      await runExport(folder, options)
    })
}
