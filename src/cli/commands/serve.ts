import type { Command } from 'commander'
import { addSmoothedOptions } from '../certification-options'
import { parseNumber } from '../option-values'
import type { ServeCommandOptions } from '../run-service'

const above0 = parseNumber({ min: 1e-6 })
const count = parseNumber({ min: 1, integer: true })

export function addServeCommand(program: Command): void {
  const command = program
    .command('serve')
    .description('answer requests over HTTP for certified predictions, with a page to look at')
    .argument(
      '[folder]',
      'of a run (its newest checkpoint is taken), of a checkpoint, or with smoothed.json; or this file',
    )
  addSmoothedOptions(command)
    .option('--host <address>', 'address to listen on; any but loopback needs a token', '127.0.0.1')
    .option('--port <number>', 'port to listen on', parseNumber({ min: 0, integer: true }), 8571)
    .option('--token-file <file>', 'file with the token of clients (or set FT_CADIS_TOKEN)')
    .option(
      '--allow-host <name>',
      'a name by which clients reach this machine; may be given several times',
      (name: string, before: readonly string[] = []) => [...before, name],
    )
    .option('--allow-seed', 'let requests name their seed: no guarantee against who chooses image and seed')
    .option('--max-megabytes <number>', 'size of an image, at most', above0, 10)
    .option('--max-megapixels <number>', 'pixels of an image, at most', above0, 25)
    .option('--max-n <count>', 'noisy copies that a request may ask for', count, 100_000)
    .option('--max-waiting <count>', 'requests that are accepted and not answered', count, 64)
    .option('--max-seconds <number>', 'time of a request', above0, 120)
    .action(async (folder: string | undefined, options: ServeCommandOptions) => {
      const { runService } = require('../run-service') as typeof import('../run-service')
      await runService(folder, options)
    })
}
