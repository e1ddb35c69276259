import { join } from 'node:path'
import { trainedBy } from '../config/methods/trained'
import { certificationOf, type DenoiserConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { isFile } from '../files/exists'
import { given } from '../files/given'
import { isObject } from '../files/read-json'
import { findCheckpoint } from './find-checkpoint'

/**
 * Returns the denoiser that a run trained, as smoothing settings.
 *
 * @param folder - a run (its newest checkpoint), or one of its checkpoints
 * @returns undefined if the folder is neither: it may contain a denoiser directly
 * @throws ConfigError if the run trained a classifier; CheckpointError if it has no checkpoint
 */
export async function denoiserOfRun(folder: string): Promise<DenoiserConfig | undefined> {
  if (!(await isRunOrCheckpoint(folder))) return undefined
  const { config, checkpoint } = await findCheckpoint(folder)
  if (trainedBy(config.method.kind) === 'denoiser') {
    return certificationOf(config, checkpoint).smoothing.denoiser
  }
  throw new ConfigError(
    `The run ${folder} has trained a classifier by the method ${config.method.kind}, and no denoiser.`,
    {
      remedy: 'Give a run that has trained one, such as one of `ft-cadis train --preset denoiser.diffusion`.',
    },
  )
}

/** Returns whether a folder is a run, or a checkpoint of one. */
export async function isRunOrCheckpoint(folder: string): Promise<boolean> {
  return (await isFile(join(folder, 'state.json'))) || isFile(join(folder, 'trainer.json'))
}

/** Settings that describe the file of OpenAI's network, not a trained denoiser. */
const OF_A_FILE = ['arguments', 'sha256'] as const

/**
 * Resolves the section `smoothing.denoiser` if its path is the folder of a run that trained a denoiser: to the denoiser
 * of that run, in the number type of the section.
 *
 * @throws ConfigError if the run trained none, or the section describes a file; CheckpointError
 */
export async function withDenoiserOfRun<Section>(section: Section): Promise<Section | DenoiserConfig> {
  if (!isObject(section) || typeof section.path !== 'string') return section
  const found = await denoiserOfRun(section.path)
  if (found === undefined) return section
  const [wrong] = OF_A_FILE.filter(name => section[name] !== undefined)
  if (wrong !== undefined) {
    throw new ConfigError(
      `smoothing.denoiser.${wrong}: expected nothing beside the run ${section.path}, which says what its denoiser is, got a value.`,
      { remedy: 'Leave it out.' },
    )
  }
  return { ...found, ...given({ dtype: section.dtype }) } as DenoiserConfig
}
