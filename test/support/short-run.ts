/**
 * A short fine-tuning of the digits as its own program, for tests that kill it: 20 updates in two epochs, with a
 * checkpoint after every third.
 *
 *     npx tsx test/support/short-run.ts <output> [overrides of the configuration as JSON] [those of rank 1]
 *
 * With PAUSE_AT=<step> in the environment it stops itself (SIGSTOP) after that update, until somebody lets it continue.
 *
 * Prints a JSON line with the process ids, one with the updates that are done already, then one for each update, and the last
 * checkpoint at the end.
 */
import { connect, finetune, parseConfig, presets, type RunConfigOf } from '../../src'
import { interruptible } from '../../src/cli/interruption'
import { runMain } from '../../src/cli/program'
import { requireMethod } from '../../src/internal'
import { CLASSIFIER, DENOISER } from './digits'

/** The configuration: M = 2, T = 1, 20 updates of 120 images. */
export function shortRun(output: string): RunConfigOf<'ft-cadis'> {
  const config = presets.digits({ denoiser: DENOISER, classifier: CLASSIFIER, output })
  const changed = parseConfig({
    ...config,
    method: { ...config.method, noises: 2, attack: { ...config.method.attack, steps: 1 } },
    optimisation: { ...config.optimisation, epochs: 2, warmupEpochs: 0.5, imagesPerUpdate: 120 },
    checkpoints: { ...config.checkpoints, everyUpdates: 3 },
  })
  return requireMethod(changed, 'ft-cadis')
}

function say(fact: object): void {
  process.stdout.write(`${JSON.stringify(fact)}\n`)
}

if (require.main === module) {
  const [, , output = '', overrides = '{}', ofRank1 = '{}'] = process.argv
  void runMain(() =>
    interruptible('the update is finished, then a checkpoint written', async signal => {
      await using session = await connect({ device: 'cpu', threads: 1 })
      say({ rank: session.launch.rank, node: process.pid, python: session.pid })
      const { checkpoint } = await finetune(
        session,
        {
          ...shortRun(output),
          ...JSON.parse(overrides),
          ...(session.launch.rank === 1 ? JSON.parse(ofRank1) : {}),
        },
        {
          existing: 'resume',
          evaluationImages: 40,
          signal,
          onStart: ({ stepsDone }) => say({ stepsDone }),
          onUpdate: ({ step }) => {
            say({ step })
            if (step === Number(process.env.PAUSE_AT)) process.kill(process.pid, 'SIGSTOP')
          },
        },
      )
      say({ checkpoint })
    }),
  )
}
