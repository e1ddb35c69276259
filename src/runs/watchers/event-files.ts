import { join } from 'node:path'
import type { MetricTable } from '../../objectives/metrics'
import { type EventWriter, openEventWriter } from '../../torch'
import type { RunStart, RunWatcher } from '../reports'
import { SKIPPED_IMAGES, TRAINER_METRICS, valuesOfEpoch, valuesOfUpdate } from '../trainer-metrics'
import { comparedSettings, SAMPLES_TAG, scalarsOf } from './event-tags'
import { writeSamples } from './sample-files'

/**
 * Writes `tensorboard/`: the settings, the metrics of the trainer and of the objective after each update and epoch, and before the first and after each
 * epoch the drawing of kept and hallucinated images, which `samples/` gets as well. Updates cost no answer of Python; an
 * epoch costs one, for the samples. What an earlier part of the run wrote beyond the checkpoint that it continues from is
 * hidden by TensorBoard.
 *
 * Where the run has no folder, as on every rank but the first, it does nothing.
 */
export function eventFiles(): RunWatcher {
  let run:
    | {
        readonly start: RunStart
        readonly folder: string
        readonly writer: EventWriter
        readonly updates: MetricTable
        readonly epochs: MetricTable
      }
    | undefined

  const showSamples = async (place: { epoch: number; step: number }) => {
    if (run === undefined) return
    const png = await writeSamples(run.start, run.folder, place)
    run.writer.image(place.step, { tag: SAMPLES_TAG, png })
  }
  return {
    onStart: async start => {
      if (start.folder === null) return
      const { stepsDone, networks, objective } = start
      const folder = start.folder.path
      const writer = await openEventWriter(
        networks.classifier.session,
        join(folder, 'tensorboard'),
        stepsDone > 0 ? { purgeStep: stepsDone + 1 } : {},
      )
      run = {
        ...{ start, folder, writer },
        updates: { ...TRAINER_METRICS, ...objective.metrics },
        epochs: { ...objective.evaluation.metrics, skippedImages: SKIPPED_IMAGES },
      }
      const { config } = start
      writer.settings(comparedSettings(config), `\`\`\`json\n${JSON.stringify(config, null, 2)}\n\`\`\``)
      if (stepsDone === 0) await showSamples({ epoch: 0, step: 0 })
    },
    onUpdate: report => run?.writer.scalars(report.step, scalarsOf(run.updates, valuesOfUpdate(report))),
    onEpoch: async report => {
      run?.writer.scalars(report.step, scalarsOf(run.epochs, valuesOfEpoch(report)))
      await showSamples(report)
    },
    onEnd: async end => {
      // Whoever hears of a failed run hears of its own error; Python may be gone.
      await run?.writer.close().catch(error => {
        if (end !== 'failed') throw error
      })
      run = undefined
    },
  }
}
