/**
 * A watcher that logs to Weights & Biases, by its Python package: `pip install wandb`, then `wandb login`. Trains on the
 * digits with it.
 *
 *     npx ts-node examples/watch-wandb.ts runs/watch-wandb
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { connect, finetune, presets, type RunWatcher, setup } from 'ft-cadis'

/** Reads the settings from the first line, and from each further one a step and its numbers. */
const LOG = `
import json, sys, wandb
run = wandb.init(project=sys.argv[1], config=json.loads(sys.stdin.readline()))
for line in sys.stdin:
    step, values = json.loads(line)
    run.log(values, step=step)
run.finish()`

export function wandbWatcher(project: string, { python = 'python3' } = {}): RunWatcher {
  let wandb: ChildProcess | undefined
  const send = (line: unknown) => wandb?.stdin?.write(`${JSON.stringify(line)}\n`)
  return {
    onStart: ({ config }) => {
      wandb = spawn(python, ['-c', LOG, project], { stdio: ['pipe', 'inherit', 'inherit'] })
      // Its own message says what is wrong; the run continues without it.
      for (const part of [wandb, wandb.stdin]) part?.on('error', error => console.error(String(error)))
      send(config)
    },
    onUpdate: ({ step, loss, metrics }) => void send([step, { loss, ...metrics }]),
    onEpoch: ({ step, metrics }) => void send([step, { test: metrics }]),
    onEnd: async () => {
      wandb?.stdin?.end()
      if (wandb?.exitCode === null && wandb.pid !== undefined) await once(wandb, 'close')
    },
  }
}

async function main(output = join('runs', 'watch-wandb')) {
  await setup()
  await using session = await connect({ threads: 1 })
  const watchers = [wandbWatcher('ft-cadis', { python: process.env.PYTHON_BIN ?? '.venv/bin/python' })]
  await finetune(session, presets.digits({ output }), { watchers, existing: 'resume' })
}

if (require.main === module) void main(process.argv[2])
