/** One of several processes that share a certification or a fine-tuning of digits; started by scaling.ts. */
import { execa } from 'execa'
import { connect, finetune, presets } from '../../src'
import { runMain } from '../../src/cli/program'
import { CertificationBench } from '../certification/certification-bench'

const [work = '', python = '', share = '0', shares = '1'] = process.argv.slice(2)

/** Updates before the clock starts. */
const WARM_UP = 3
const TIMED_UPDATES = 40
const IMAGES = 16

async function certify(): Promise<void> {
  await using session = await connect({ python, device: 'cpu', threads: 1 })
  const options = { rounds: 0, images: 0, n: 500, batch: 512, threads: 1 }
  await using bench = await CertificationBench.start(session, options)
  await bench.certify([0])
  process.stdout.write('ready\n')
  await new Promise(resolve => process.stdin.once('data', resolve))
  const own = Array.from({ length: IMAGES }, (_, index) => index).filter(
    index => index % Number(shares) === Number(share),
  )
  await bench.certify(own)
  process.stdout.write('done\n')
  process.stdin.destroy()
}

/** @param output - The same folder on every rank. */
async function train(output: string): Promise<void> {
  await using session = await connect({ python, device: 'cpu', threads: 1 })
  const base = presets.digits({ output })
  let begunMs = 0
  await finetune(
    session,
    { ...base, optimisation: { ...base.optimisation, imagesPerMicroBatch: 32 } },
    {
      stopAfterUpdates: WARM_UP + TIMED_UPDATES,
      updatesOnly: true,
      existing: 'replace',
      onUpdate: ({ step }) => {
        if (step === WARM_UP) begunMs = performance.now()
        if (step !== WARM_UP + TIMED_UPDATES || session.launch.rank !== 0) return
        process.stdout.write(`seconds ${(performance.now() - begunMs) / 1000}\n`)
      },
    },
  )
}

void runMain(async () => {
  const core = work === 'certify' ? share : (process.env.LOCAL_RANK ?? '0')
  // Python inherits it.
  await execa('taskset', ['--all-tasks', '--pid', '--cpu-list', core, `${process.pid}`])
  await (work === 'certify' ? certify() : train(share))
})
