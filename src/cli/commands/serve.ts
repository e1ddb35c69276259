import type { Command } from 'commander'
import { addSmoothedOptions } from '../certification-options'
import { parseNumber } from '../option-values'
import type { ServeCommandOptions } from '../run-service'

const above0 = parseNumber({ min: 1e-6 })
const count = parseNumber({ min: 1, integer: true })

export function addServeCommand(program: Command): void {
  const command = program
    .command('serve')
    .description('serve certified predictions over HTTP, with a web page')
    .argument(
      '[folder]',
      'a run (its newest checkpoint), a checkpoint, or a folder with smoothed.json; or this file',
    )
  addSmoothedOptions(command)
    .option('--host <address>', 'address to listen on; all except loopback need a token', '127.0.0.1')
    .option('--port <number>', 'port to listen on', parseNumber({ min: 0, integer: true }), 8571)
    .option('--token-file <file>', 'file with the token of clients (or set FT_CADIS_TOKEN)')
    .option(
      '--allow-host <name>',
      'a name by which clients reach this machine; repeatable',
      (name: string, before: readonly string[] = []) => [...before, name],
    )
    .option(
      '--allow-seed',
      'let requests choose their seed: voids the guarantee if one party chooses image and seed',
    )
    .option('--max-megabytes <number>', 'largest image size', above0, 10)
    .option('--max-megapixels <number>', 'largest number of pixels per image', above0, 25)
    .option('--max-n <count>', 'largest number of noisy copies per request', count, 100_000)
    .option('--max-waiting <count>', 'largest number of accepted, unanswered requests', count, 64)
    .option('--max-seconds <number>', 'time limit per request', above0, 120)
    .action(async (folder: string | undefined, options: ServeCommandOptions) => {
      const { runService } = require('../run-service') as typeof import('../run-service')
      await runService(folder, options)
    })
}
