import type { AnyRunConfig } from '../config/schema'
import type { TrainerState } from './checkpoint'
import type { ListedCheckpoint } from './list-checkpoints'
import { leavesCheckpoint, type RunPlan } from './plan-run'

/** Returns the checkpoints to keep, by name: those of the chosen epochs, the newest, the best. */
export function keptCheckpoints(
  present: readonly ListedCheckpoint[],
  { config, plan, best }: { config: AnyRunConfig; plan: RunPlan; best: TrainerState['best'] },
): ReadonlySet<string> {
  const { keepLast, keepBest } = config.checkpoints
  const newest = present.slice(-keepLast)
  const chosen = present.filter(
    ({ epoch }) =>
      epoch !== null && (leavesCheckpoint(epoch, config, plan) || (keepBest && epoch === best?.epoch)),
  )
  return new Set([...newest, ...chosen].map(({ name }) => name))
}
