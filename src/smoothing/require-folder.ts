import { CheckpointError } from '../errors'
import { exists, isFolder } from '../files/exists'

/** Names of files with weights. */
const WEIGHTS = /\.(pth|pt|safetensors|bin)$/i

/**
 * Refuses a path that is not a folder. Weights alone do not say what they classify, and get the command that finds it out.
 *
 * @throws CheckpointError
 */
export async function requireFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  const isFile = await exists(path)
  throw new CheckpointError(
    isFile
      ? `${path} is a file, expected the folder of a run or of a checkpoint.`
      : `The folder ${path} does not exist.`,
    {
      remedy:
        isFile && WEIGHTS.test(path)
          ? `Make a configuration with \`npx ft-cadis inspect <folder of photos> ${path} --write config.json\`.`
          : 'Give the folder of a run, or of one of its checkpoints.',
    },
  )
}
