import { join } from 'node:path'
import { fieldDifferences } from '../../config/differences'
import type { NamedPreset } from '../../config/named-presets'
import type { RunConfig } from '../../config/schema'
import { ConfigError } from '../../errors'
import { requireCertifiable } from '../train/require-certifiable'
import { trainSettings } from '../train/train-settings'
import { gridOf, type SweepPoint } from './grid'
import type { SweepOptions } from './options'

/** A run of a sweep with its complete configuration. */
export interface PlannedRun extends SweepPoint {
  readonly config: RunConfig
  readonly preset: NamedPreset | undefined
}

/**
 * Returns every requested run. All are validated before any begins.
 *
 * @throws ConfigError for an invalid grid, an unknown field, and a field that another option overrides
 */
export async function planSweep(options: SweepOptions): Promise<PlannedRun[]> {
  refuseSingleRuns(options)
  const { set = [], output = join('runs', 'sweep'), ...others } = options
  const runs: PlannedRun[] = []
  for (const point of gridOf(set)) {
    const folder = join(output, point.name)
    const { config, preset } = await trainSettings({ ...others, set: point.set, output: folder })
    requireCertifiable(config, others)
    runs.push({ ...point, config, preset })
  }
  requireDifferent(runs)
  return runs
}

/** Refuses options that request one run, or none. */
function refuseSingleRuns({ dryRun, synthetic, members }: SweepOptions): void {
  const [given] = [
    ...(dryRun ? ['--dry-run'] : []),
    ...(synthetic ? ['--synthetic'] : []),
    ...(members === undefined ? [] : ['--members']),
  ]
  if (given === undefined) return
  throw new ConfigError(`A sweep does not take ${given}.`, {
    remedy:
      given === '--members' ? 'Sweep the seed: --set seed=0,1,2.' : 'Give --plan, or use ft-cadis train.',
  })
}

/** Options such as --lambda override --set, and would make all values of the field equal. */
function requireDifferent(runs: readonly PlannedRun[]): void {
  for (const [place, run] of runs.entries()) {
    const same = runs
      .slice(0, place)
      .find(other => fieldDifferences(other.config, run.config).every(({ field }) => field === 'output'))
    if (same === undefined) continue
    throw new ConfigError(
      `${same.name} and ${run.name} are the same run: another option decides the field.`,
      {
        remedy: 'Leave out the option that sets a field of the sweep, such as --lambda or --seed.',
      },
    )
  }
}
