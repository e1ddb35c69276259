import { join } from 'node:path'
import { cacheFolder } from '../files/cache-folder'

/** A weight file as published by its authors. */
export interface PublishedFile {
  /** One-line description. */
  readonly what: string
  readonly url: string
  readonly file: string
  readonly bytes: number | null
  /** SHA-256 of the file in hexadecimal digits; null if none is published: the hash of the first download is kept. */
  readonly sha256: string | null
  readonly licence: string
}

/** The networks that a preset needs. */
export interface PublishedWeights {
  readonly denoiser: PublishedFile
  /** The classifier's id on the Hugging Face hub. */
  readonly classifier: string
}

const OPENAI = 'https://openaipublic.blob.core.windows.net/diffusion'

/**
 * The pretrained weights of the paper's presets, by their name in `ft-cadis fetch`. Sizes and hash of the 256×256
 * denoiser: from several independent copies of the file. Licences of both denoisers: from the LICENSE files of
 * guided-diffusion and improved-diffusion.
 */
export const PUBLISHED_WEIGHTS: Readonly<Record<'cifar10' | 'imagenet', PublishedWeights>> = {
  cifar10: {
    denoiser: {
      what: 'unconditional CIFAR-10 model of improved-diffusion, 50 M parameters, 500,000 iterations',
      url: `${OPENAI}/march-2021/cifar10_uncond_50M_500K.pt`,
      file: 'cifar10_uncond_50M_500K.pt',
      bytes: null,
      sha256: null,
      licence: 'MIT',
    },
    classifier: 'aaraki/vit-base-patch16-224-in21k-finetuned-cifar10',
  },
  imagenet: {
    denoiser: {
      what: 'unconditional 256×256 ImageNet model of guided-diffusion',
      url: `${OPENAI}/jul-2021/256x256_diffusion_uncond.pt`,
      file: '256x256_diffusion_uncond.pt',
      bytes: 2_211_383_297,
      sha256: 'a37c32fffd316cd494cf3f35b339936debdc1576dad13fe57c42399a5dbc78b1',
      licence: 'MIT',
    },
    classifier: 'timm/vit_base_patch16_clip_384.laion2b_ft_in12k_in1k',
  },
}

/** Returns the path of a published file in the cache. */
export function cachedPath({ file }: Pick<PublishedFile, 'file'>): string {
  return join(cacheFolder(), 'weights', file)
}
