import type { Command } from 'commander'

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description(
      'recompute every row of certification logs from its counts, with independent code; exit code 1 if a row does not follow',
    )
    .argument('<logs...>', 'complete, shard or merged logs, each with its .json next to it')
    .action(async (logs: string[]) => {
      const { verifyFile } = require('../run-verification') as typeof import('../run-verification')
      for (const log of logs) await verifyFile(log)
    })
}
