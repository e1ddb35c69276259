import { join } from 'node:path'
import { z } from 'zod'
import type { ClassifierConfig } from '../config/schema'
import { readJson } from '../files/read-json'

/** Mean and standard deviation of each channel, or one for all. */
export interface Normalisation {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

/** A fact, and the file that states it. */
export interface StatedFact<T> {
  readonly value: T
  readonly file: string
}

/** What a folder of weights states about its network, as far as it does. */
export interface StatedByWeights {
  readonly classes?: StatedFact<number> | undefined
  /** Height and width. */
  readonly imageSize?: StatedFact<readonly number[]> | undefined
  readonly normalisation?: StatedFact<Normalisation> | undefined
}

const numbers = z.union([z.number(), z.array(z.number()).min(1)]).transform(value => [value].flat())
const pair = z
  .union([z.number(), z.array(z.number()).length(2)])
  .transform(value => [value, value].flat().slice(0, 2))

const timmSchema = z.object({
  num_classes: z.int().optional().catch(undefined),
  pretrained_cfg: z
    .object({
      input_size: z.array(z.number()).length(3).optional().catch(undefined),
      mean: numbers.optional().catch(undefined),
      std: numbers.optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
})
const transformersSchema = z.object({
  id2label: z.record(z.string(), z.unknown()).optional().catch(undefined),
  image_size: pair.optional().catch(undefined),
})
const preprocessorSchema = z.object({
  do_normalize: z.boolean().default(true),
  image_mean: numbers,
  image_std: numbers,
})

/**
 * Reads what the files beside off-the-shelf weights state; nothing for weights on the hub or of other sources.
 *
 * @throws DataError if a file of the folder is not JSON
 */
export async function statedBy({ source, path }: ClassifierConfig): Promise<StatedByWeights> {
  if (path === undefined || (source !== 'timm' && source !== 'transformers')) return {}
  const file = join(path, 'config.json')
  const content = await readJson(file)
  const fact = <T>(value: T | undefined, of = file) => (value === undefined ? undefined : { value, file: of })
  if (source === 'timm') {
    const { num_classes: classes, pretrained_cfg: { input_size: size, mean, std } = {} } =
      timmSchema.safeParse(content).data ?? {}
    return {
      classes: fact(classes),
      imageSize: fact(size?.slice(1)),
      normalisation: fact(mean && std && { mean, std }),
    }
  }
  const preprocessor = join(path, 'preprocessor_config.json')
  const { id2label, image_size: size } = transformersSchema.safeParse(content).data ?? {}
  const { data } = preprocessorSchema.safeParse(await readJson(preprocessor))
  return {
    classes: fact(id2label && Object.keys(id2label).length),
    imageSize: fact(size),
    normalisation: fact(
      data?.do_normalize === true ? { mean: data.image_mean, std: data.image_std } : undefined,
      preprocessor,
    ),
  }
}

/** Whether two normalisations are the same up to the digits that files give. */
export function isSameNormalisation(one: Normalisation, other: Normalisation): boolean {
  const isClose = (a: readonly number[], b: readonly number[]) =>
    Array.from({ length: Math.max(a.length, b.length) }).every(
      (_, channel) => Math.abs((a[channel] ?? a[0] ?? 0) - (b[channel] ?? b[0] ?? 0)) < 1e-3,
    )
  return isClose(one.mean, other.mean) && isClose(one.std, other.std)
}

export function showNormalisation({ mean, std }: Normalisation): string {
  return `mean [${mean.join(', ')}] and std [${std.join(', ')}]`
}
