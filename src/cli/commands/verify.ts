import type { Command } from 'commander'

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description(
      'recompute every row of certification logs from its counts, by its own code; exit code 1 where a row does not follow',
    )
    .argument('<logs...>', 'logs, whole, shards or merged, each with its .json beside it')
    .action(async (logs: string[]) => {
      const { verifyFile } = require('../run-verification') as typeof import('../run-verification')
      for (const log of logs) await verifyFile(log)
    })
}
