import { type Command, Option } from 'commander'
import type { Extra } from '../../environment/paths'
import { print } from '../../terminal/print'

export function addSetupCommand(program: Command): void {
  program
    .command('setup')
    .description('provide the Python environment: create .venv, or check the interpreter that you name')
    .option('--python <path>', 'Python to use instead of PYTHON_BIN, an active conda environment or .venv')
    .option('--install', 'install missing packages, even into an environment that setup did not create')
    .addOption(
      new Option('--with <extra>', 'also install the packages of a command: onnx for export --onnx').choices([
        'onnx',
      ]),
    )
    .action(async (options: { python?: string; install?: boolean; with?: Extra }) => {
      const { setup } = require('../../environment/setup') as typeof import('../../environment/setup')
      const { with: extra, ...where } = options
      const { interpreter, action } = await setup({
        ...where,
        ...(extra !== undefined && { with: [extra] }),
        onLine: line => print(line),
      })
      const done = action === 'none' ? 'Nothing to do' : 'Done'
      print(`${done}: ${interpreter.path} (Python ${interpreter.version}) has all that is needed.`)
    })
}
