import type { Command } from 'commander'
import type { LaunchOptions } from '../../environment/launch-command'
import { parseNumber } from '../option-values'

export function addLaunchCommand(program: Command): void {
  const atLeast = (min: number) => parseNumber({ min, integer: true })
  program
    .command('launch')
    .description('run a program in several cooperating processes, one per GPU')
    .usage('[options] -- <program> [words...]')
    .argument('<program>', 'a .ts or .js file, or a command such as certify')
    .argument('[words...]', 'arguments of the program')
    .option('--nproc-per-node <n>', 'processes on this machine', atLeast(1), 1)
    .option('--nnodes <n>', 'number of machines; run the same launch on each of them', atLeast(1), 1)
    .option('--node-rank <n>', 'number of this machine, from 0: the first hosts the endpoint', atLeast(0))
    .option('--rdzv-endpoint <host:port>', 'endpoint of all machines: a free port of the first one')
    .option('--rdzv-id <name>', 'name of this launch, unique at the endpoint')
    .option('--local-addr <address>', 'address at which the others reach this machine')
    .option('--max-restarts <n>', 'number of times to restart all processes after one fails', atLeast(0), 0)
    .option('--python <path>', 'Python on every rank instead of PYTHON_BIN, conda or .venv')
    .action(
      async (
        target: string,
        words: string[],
        { python, ...options }: LaunchOptions & { python?: string },
      ) => {
        const { launch } = require('../../environment/launch') as typeof import('../../environment/launch')
        process.exitCode = await launch(target, words, {
          ...options,
          python,
          main: require.resolve('../main'),
          commands: program.commands.map(command => command.name()).filter(name => name !== 'launch'),
        })
      },
    )
}
