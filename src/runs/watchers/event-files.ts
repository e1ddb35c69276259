import { join } from 'node:path'
import type { MetricTable } from '../../objectives/metrics'
import { type EventWriter, openEventWriter } from '../../torch'
import type { RunStart, RunWatcher } from '../reports'
import { SKIPPED_IMAGES, TRAINER_METRICS, valuesOfEpoch, valuesOfUpdate } from '../trainer-metrics'
import { comparedSettings, SAMPLES_TAG, scalarsOf } from './event-tags'
import { writeSamples } from './sample-files'

/**
 * Writes `tensorboard/`: the settings, the metrics of trainer and objective after each update and epoch, and the drawing
 * of kept and hallucinated images before the first and after each epoch, as in `samples/`. Updates need no round trip to
 * Python; an epoch needs one, for the samples. TensorBoard hides what an earlier part of the run wrote beyond the resumed
 * checkpoint.
 *
 * Does nothing if the run has no folder, as on all ranks except the first.
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
      // The caller of a failed run should get its own error; Python may be gone.
      await run?.writer.close().catch(error => {
        if (end !== 'failed') throw error
      })
      run = undefined
    },
  }
}
