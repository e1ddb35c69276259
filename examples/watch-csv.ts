/**
 * A watcher that writes the evaluation after each epoch as a line of CSV. Trains on the digits with it.
 *
 *     npx ts-node examples/watch-csv.ts runs/watch-csv
 */
import { existsSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, finetune, presets, type RunWatcher, setup } from 'ft-cadis'

export function csvWatcher(file: string): RunWatcher {
  return {
    onEpoch: async ({ epoch, step, metrics }) => {
      const row = { epoch, step, ...metrics }
      // A run that is resumed continues its file.
      if (!existsSync(file)) await appendFile(file, `${Object.keys(row).join(',')}\n`)
      await appendFile(file, `${Object.values(row).join(',')}\n`)
    },
  }
}

async function main(output = join('runs', 'watch-csv')) {
  await setup()
  await using session = await connect({ threads: 1 })
  const watchers = [csvWatcher(`${output}.csv`)]
  await finetune(session, presets.digits({ output }), { watchers, existing: 'resume' })
}

if (require.main === module) void main(process.argv[2])
