import type { Command } from 'commander'
import type { LaunchOptions } from '../../environment/launch-command'
import { parseNumber } from '../option-values'

export function addLaunchCommand(program: Command): void {
  const atLeast = (min: number) => parseNumber({ min, integer: true })
  program
    .command('launch')
    .description('run a program in several processes that compute together, one for each GPU')
    .usage('[options] -- <program> [words...]')
    .argument('<program>', 'a .ts or .js file, or a command such as certify')
    .argument('[words...]', 'what the program is called with')
    .option('--nproc-per-node <n>', 'processes on this machine', atLeast(1), 1)
    .option('--nnodes <n>', 'machines; run the same launch on each of them', atLeast(1), 1)
    .option('--node-rank <n>', 'which machine this is, from 0: the first keeps the endpoint', atLeast(0))
    .option('--rdzv-endpoint <host:port>', 'where the machines meet: a free port of the first one')
    .option('--rdzv-id <name>', 'a name of this launch that no other at the same endpoint has')
    .option('--local-addr <address>', 'the address of this machine that the others reach it by')
    .option('--max-restarts <n>', 'how often to start all again after one has failed', atLeast(0), 0)
    .option('--python <path>', 'use this Python on every rank instead of PYTHON_BIN, conda or .venv')
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
