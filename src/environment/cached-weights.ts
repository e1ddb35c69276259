import { homedir } from 'node:os'
import { join } from 'node:path'
import { cachedPath, PUBLISHED_WEIGHTS } from '../config/published-weights'
import { isFile } from '../files/exists'
import { namesIn } from '../files/names-in'

/** The contents of the caches on this machine. */
export interface CachedWeights {
  readonly presets: readonly {
    readonly name: string
    readonly denoiser: { readonly file: string; readonly isCached: boolean }
    readonly classifier: { readonly id: string; readonly isCached: boolean }
  }[]
  /** Ids of the models in the Hugging Face hub's cache. */
  readonly models: readonly string[]
}

/** Looks up the caches of this package and of the Hugging Face hub, by name only. */
export async function cachedWeights(): Promise<CachedWeights> {
  const models = await cachedModels()
  const presets = await Promise.all(
    Object.entries(PUBLISHED_WEIGHTS).map(async ([name, { denoiser, classifier }]) => ({
      name,
      denoiser: { file: denoiser.file, isCached: await isFile(cachedPath(denoiser)) },
      classifier: { id: classifier, isCached: models.includes(classifier) },
    })),
  )
  return { presets, models }
}

const MODEL = /^models--(.+?)--(.+)$/

async function cachedModels(): Promise<string[]> {
  const folder = hubCache()
  const named = (await namesIn(folder)).flatMap(name => {
    const [, owner, model] = MODEL.exec(name) ?? []
    return owner === undefined
      ? []
      : [{ id: `${owner}/${model}`, snapshots: join(folder, name, 'snapshots') }]
  })
  const found = await Promise.all(
    named.map(async ({ id, snapshots }) => ((await namesIn(snapshots)).length > 0 ? [id] : [])),
  )
  return found.flat().sort()
}

/** Returns the model cache of huggingface_hub, by the rule of its `constants.py`. */
function hubCache(
  { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME }: Readonly<Record<string, string | undefined>> = process.env,
): string {
  if (HF_HUB_CACHE) return HF_HUB_CACHE
  return join(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface'), 'hub')
}
