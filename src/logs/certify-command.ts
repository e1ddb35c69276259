import { familyWiseOf, type Json, type JsonObject, type LogMetadata } from './certification-log-metadata'
import type { Shard } from './shards'

/**
 * Returns the command that certifies the images of a log again, into another log. Settings that determine no row keep
 * their defaults.
 */
export function certifyCommand(
  { configuration, plan, notes }: Pick<LogMetadata, 'configuration' | 'plan' | 'notes'>,
  {
    output,
    images = plan?.images,
    shard,
  }: { readonly output: string; readonly images?: string | undefined; readonly shard?: Shard },
): string {
  const { n0, n, seed, procedure } = configuration
  const familyWise = familyWiseOf({ configuration })
  const { alpha } = familyWise ?? configuration
  const from = typeof notes?.checkpoint === 'string' ? notes.checkpoint : '<folder>'
  const { kind, radii, maxRadiusLoss, block, worth } = {
    ...{ radii: [], maxRadiusLoss: 0, block: 16, worth: 5 * n },
    ...procedure,
  }
  return [
    `ft-cadis certify ${from} --n0 ${n0} --n ${n} --alpha ${alpha}`,
    ...(seed === 0 ? [] : [`--seed ${seed}`]),
    ...(familyWise !== undefined ? ['--family-wise'] : []),
    ...noiseOption(configuration.bound),
    ...purifyOption(configuration.purify),
    ...(configuration.confidence === 'randomised' ? ['--randomised'] : []),
    ...(kind === 'grid' ? [`--adaptive ${String(radii)}`] : []),
    ...(kind === 'sized' ? [`--max-radius-loss ${maxRadiusLoss}`] : []),
    ...(block === 16 ? [] : [`--block ${block}`]),
    ...(worth === 5 * n ? [] : [`--worth ${Number(worth) / n}`]),
    ...(images === undefined ? [] : [`--images ${images}`]),
    ...(shard === undefined ? [] : [`--shard ${shard.number}/${shard.of}`]),
    `--output ${output}`,
  ].join(' ')
}

function noiseOption(bound: string | undefined): readonly string[] {
  if (bound === 'discrete-gaussian') return ['--sound']
  return bound === 'uniform' ? ['--noise uniform'] : []
}

function purifyOption(purify: Json | undefined): readonly string[] {
  const { kind, sigma, steps, votes } = { kind: 'once', ...(purify as JsonObject | undefined) } as JsonObject
  return kind === 'once' ? [] : [`--purify ${kind}:${sigma ?? steps},${votes}`]
}
