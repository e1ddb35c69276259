import type { AnyRunConfig } from '../config/schema'
import { NonFiniteLossError } from '../errors'
import type { MetricValues } from '../objectives/metrics'
import type { RunPlan } from '../runs/plan-run'
import type { UpdateReport } from '../runs/reports'
import type { UpdateOutcome } from './train-step'
import type { TrainingState } from './training-state'

/**
 * Returns the record of an update that was not finite: its numbers, and for each micro-batch the training images and the names of its
 * random streams, to reproduce it. Collects them from every process; numbers that JSON cannot represent are text.
 */
export async function nonFiniteRecord(
  { loader, group }: TrainingState,
  outcome: UpdateOutcome,
  { config, plan, report }: { config: AnyRunConfig; plan: RunPlan; report: UpdateReport },
): Promise<object> {
  const { epoch, update } = report
  const { microBatches } = plan
  const images = await loader.session.compute(() =>
    loader.plannedIndices({
      epoch: epoch - 1,
      firstBatch: (update - 1) * microBatches,
      batches: microBatches,
    }),
  )
  const parts = (await group.gather(outcome.parts.map(part => ({ ...part })))).flat()
  const { metrics, ...figures } = report
  const record = {
    ...figures,
    ...metrics,
    at: new Date().toISOString(),
    microBatches: parts
      .sort((first, second) => first.microBatch - second.microBatch)
      .map(part => ({
        ...part,
        stream: [config.seed, 'train', epoch, update, part.microBatch],
        images: images[part.microBatch],
      })),
  }
  return JSON.parse(JSON.stringify(record, (_key, value) => (isWordless(value) ? String(value) : value)))
}

function isWordless(value: unknown): boolean {
  return typeof value === 'number' && !Number.isFinite(value)
}

/** Returns the error that ends a run. */
export function nonFiniteError(
  { step, loss, metrics, gradientNorm }: UpdateReport,
  { path, inARow }: { path: string | null; inARow: number },
): NonFiniteLossError {
  const record = path === null ? '' : ` What it was made of is in ${path}.`
  const row = inARow > 1 ? `, the last of ${inARow} such updates in a row` : ''
  return new NonFiniteLossError(
    `Update ${step} has the loss ${loss} (${show(metrics)}) ` +
      `and the gradient norm ${gradientNorm}${row}. Its step was not taken.${record}`,
    { remedy: 'Lower the learning rate, or look for damaged images; then resume from the last checkpoint.' },
  )
}

function show(metrics: MetricValues): string {
  return Object.entries(metrics)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')
}
