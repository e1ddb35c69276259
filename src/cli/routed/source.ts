import { fieldDifferences, showValue } from '../../config/differences'
import type { AnyRunConfig, CertificationRunConfig } from '../../config/schema'
import { ConfigError } from '../../errors'
import { given } from '../../files/given'
import { findCheckpoint } from '../../runs/find-checkpoint'
import { smoothedOfFolder } from '../../runs/smoothed-of-folder'
import type { KnownSmoothed } from '../../smoothing/smoothed-input'
import type { SmoothedOptions } from '../certification-options'
import { smoothedSource } from '../smoothed-source'
import type { RouterOptions } from './options'

/**
 * Returns the smoothed classifier named on the command line: one classifier, or a router and its experts.
 *
 * @throws ConfigError if the options conflict; otherwise as `smoothedSource` and `smoothedOfFolder`
 */
export async function namedSource(
  folder: string | undefined,
  options: RouterOptions & Parameters<typeof smoothedSource>[1],
  others: Parameters<typeof smoothedSource>[2] = {},
): Promise<KnownSmoothed> {
  const { router, expert: experts = [], agreement, ...plain } = options
  if (router === undefined) {
    const alone = experts.length > 0 ? '--expert' : agreement === undefined ? undefined : '--agreement'
    if (alone === undefined) return smoothedSource(folder, plain, others)
    throw new ConfigError(`${alone} is given without --router, and decides nothing.`, {
      remedy: `Give --router too, or leave ${alone} out.`,
    })
  }
  requireOwnSource(folder, options)
  if (experts.length < 2) {
    throw new ConfigError(`A router chooses between several experts, got --expert ${experts.length} times.`, {
      remedy: 'Give the run of an expert for each noise level.',
    })
  }
  const chooses = (await smoothedOfFolder(router, plain)).config
  const found = await Promise.all(
    experts.map(async path => ({ path, config: (await smoothedOfFolder(path)).config })),
  )
  found.sort((a, b) => a.config.smoothing.sigma - b.config.smoothing.sigma)
  const sigmas = found.map(({ config }) => config.smoothing.sigma)
  const [first, ...further] = found as [(typeof found)[0], ...typeof found]
  await requireTrainedFor(router, sigmas)
  for (const { path, config } of further) requireBeside(first, { path, config, parts: ['classifier'] })
  requireBeside(first, { path: router, config: chooses, parts: [] })
  const { checkpoint: _run, config: _file, preset: _preset, ...asked } = plain
  const source = await smoothedSource(first.path, asked, {
    ...{ ...others, adaptive: 'none' },
    procedure: {
      ...{ kind: 'router', sigma: chooses.smoothing.sigma, sigmas },
      ...given({ agreement }),
    },
    router: {
      network: { classifier: chooses.classifier, ...given({ checkpoint: chooses.checkpoint }) },
      others: further.map(({ config: { classifier, checkpoint } }) => ({
        ...('path' in classifier && given({ path: classifier.path })),
        ...given({ checkpoint }),
      })),
    },
  })
  return { ...source, config: { ...source.config, output: chooses.output } }
}

/** Refuses options that the runs of a router and its experts already determine. */
function requireOwnSource(folder: string | undefined, options: SmoothedOptions): void {
  const { config, preset, sigma, classifier, ensemble, consensus } = options
  const beside = Object.entries({
    ...{ 'the folder': folder, '--config': config, '--preset': preset, '--sigma': sigma },
    ...{ '--classifier': classifier, '--ensemble': ensemble, '--consensus': consensus },
  }).find(([, value]) => value !== undefined)
  if (beside === undefined) return
  throw new ConfigError(
    `--router and --expert say which networks are asked, and at which noise levels, got ${beside[0]} ${beside[1]} beside them.`,
    { remedy: 'Leave it out.' },
  )
}

/** Requires the noise levels that a router's run was trained to choose between. */
async function requireTrainedFor(path: string, sigmas: readonly number[]): Promise<void> {
  if (new Set(sigmas).size < sigmas.length) {
    throw new ConfigError(`Experts are of the noise levels ${sigmas.join(', ')}, expected each once.`, {
      remedy: 'Give one run for each noise level.',
    })
  }
  const { method } = await methodOf(path)
  const known = (method as { experts?: readonly { sigma: number }[] }).experts?.map(({ sigma }) => sigma)
  if (method.kind !== 'router' || known === undefined) {
    throw new ConfigError(
      `${path} is a run of the method ${method.kind}, expected one that trained a router.`,
      {
        remedy: 'Give a run of method.kind router.',
      },
    )
  }
  if (known.join() === sigmas.join()) return
  throw new ConfigError(
    `The router ${path} has learned to choose between the noise levels ${known.join(', ')}, got experts of ${sigmas.join(', ')}.`,
    { remedy: 'Give the run of an expert for each of its noise levels.' },
  )
}

async function methodOf(path: string): Promise<Pick<AnyRunConfig, 'method'>> {
  return (await findCheckpoint(path)).config
}

/** Requires the same denoiser and kind of images of networks that are combined, and one kind of classifier of experts. */
function requireBeside(
  first: { readonly path: string; readonly config: CertificationRunConfig },
  {
    path,
    config,
    parts,
  }: {
    readonly path: string
    readonly config: CertificationRunConfig
    readonly parts: readonly 'classifier'[]
  },
): void {
  const shown = ({ smoothing, data, classifier }: CertificationRunConfig) => {
    const { path: _path, ...settings } = { path: null, ...classifier }
    return { denoiser: smoothing.denoiser, data, ...(parts.length > 0 && { classifier: settings }) }
  }
  const differences = fieldDifferences(shown(first.config), shown(config))
  if (differences.length === 0) return
  const lines = differences.map(
    ({ field, before, after }) =>
      `  ${field}: ${showValue(before)} in ${first.path}, ${showValue(after)} in ${path}`,
  )
  throw new ConfigError(`${path} does not go together with ${first.path}:\n${lines.join('\n')}\n`, {
    remedy: 'Give runs behind the same denoiser, on the same data.',
  })
}
