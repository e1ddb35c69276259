import { join } from 'node:path'
import { trainedBy } from '../config/methods/trained'
import { certificationOf, type DenoiserConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { isFile } from '../files/exists'
import { given } from '../files/given'
import { isObject } from '../files/read-json'
import { findCheckpoint } from './find-checkpoint'

/**
 * The denoiser that a run has trained, as the settings of a smoothing name it.
 *
 * @param folder - of a run, whose newest checkpoint is taken, or of one of its checkpoints
 * @returns undefined where the folder is of neither: it may hold a denoiser itself
 * @throws ConfigError where the run has trained a classifier; CheckpointError where it has left no checkpoint
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

/** Whether a folder is that of a run, or of a checkpoint of one. */
export async function isRunOrCheckpoint(folder: string): Promise<boolean> {
  return (await isFile(join(folder, 'state.json'))) || isFile(join(folder, 'trainer.json'))
}

/** What describes the file of OpenAI's network, and nothing that a run has trained. */
const OF_A_FILE = ['arguments', 'sha256'] as const

/**
 * The section `smoothing.denoiser` of settings, where its path may be the folder of a run that has trained a denoiser: then
 * what that run says of its denoiser, in the number type of the section.
 *
 * @throws ConfigError where the run has trained none, or the section describes a file; CheckpointError
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
