// Made from the schemas of src/config/ by `npm run docs`.

import type { Json } from './json'

/** A UNet2DModel of diffusers with its scheduler_config.json. */
export type DiffusersDenoiserInput = {
  /** A UNet2DModel of diffusers with its scheduler_config.json. */
  source: 'diffusers'
  /**
   * Folder in diffusers format, or an id on the Hugging Face hub. Without it the weights are random, for
   * training; unet and scheduler give the architecture.
   */
  path?: string | undefined
  /** Without a path: arguments of UNet2DModel. */
  unet?: Record<string, Json> | undefined
  /** Without a path: arguments of DDPMScheduler, the noise schedule. */
  scheduler?: Record<string, Json> | undefined
  /** Number type of the weights and the arithmetic of the denoiser. Default float32. */
  dtype?: 'float32' | 'float16' | 'bfloat16' | 'float64' | undefined
}

/** A checkpoint of guided-diffusion or improved-diffusion. */
export type OpenaiDenoiserInput = {
  /** A checkpoint of guided-diffusion or improved-diffusion. */
  source: 'openai'
  /** The .pt file as published. Without it the weights are random, to measure speed. */
  path?: string | undefined
  /**
   * Arguments of a published model: imagenet256 for 256x256_diffusion_uncond.pt, cifar10 for
   * cifar10_uncond_50M_500K.pt.
   */
  preset?: 'imagenet256' | 'cifar10' | undefined
  /** Arguments under the names of the OpenAI scripts, such as num_channels. They override the preset. */
  arguments?: Record<string, Json> | undefined
  /** Hash that the file must have; any accepts every file. Default: that of the published file, if known. */
  sha256?: 'any' | string | undefined
  /** Number type of the weights and the arithmetic of the denoiser. Default float32. */
  dtype?: 'float32' | 'float16' | 'bfloat16' | 'float64' | undefined
}

/** DnCNN as in Denoised Smoothing: denoises an image in one pass at any noise level. */
export type DncnnDenoiserInput = {
  /** DnCNN as in Denoised Smoothing: denoises an image in one pass at any noise level. */
  source: 'dncnn'
  /** Number of convolutions. Default 17. */
  depth?: number | undefined
  /**
   * Weights: a published checkpoint, or the folder of a run with the method denoiser. Without them the weights
   * are random, for training.
   */
  path?: string | undefined
  /** Channels between the layers. Default 64. */
  width?: number | undefined
  /** Channels of the images. Default 3. */
  channels?: number | undefined
  /** Number type of the weights and the arithmetic of the denoiser. Default float32. */
  dtype?: 'float32' | 'float16' | 'bfloat16' | 'float64' | undefined
}

/** MemNet as in Denoised Smoothing: denoises an image in one pass. */
export type MemnetDenoiserInput = {
  /** MemNet as in Denoised Smoothing: denoises an image in one pass. */
  source: 'memnet'
  /** Memory blocks. Default 3. */
  blocks?: number | undefined
  /** Residual blocks in each memory block. Default 6. */
  units?: number | undefined
  /**
   * Weights: a published checkpoint, or the folder of a run with the method denoiser. Without them the weights
   * are random, for training.
   */
  path?: string | undefined
  /** Channels between the layers. Default 64. */
  width?: number | undefined
  /** Channels of the images. Default 3. */
  channels?: number | undefined
  /** Number type of the weights and the arithmetic of the denoiser. Default float32. */
  dtype?: 'float32' | 'float16' | 'bfloat16' | 'float64' | undefined
}

/** No denoiser: the classifier gets images with Gaussian noise directly. */
export type NoneDenoiserInput = {
  /** No denoiser: the classifier gets images with Gaussian noise directly. */
  source: 'none'
}

/** The denoiser in front of the classifier; { source: none } passes noisy images directly. */
export type DenoiserConfigInput =
  | DiffusersDenoiserInput
  | OpenaiDenoiserInput
  | DncnnDenoiserInput
  | MemnetDenoiserInput
  | NoneDenoiserInput

/**
 * first-layer: adds the noise to the output of the first convolution of the classifier (PixelDP), scaled by
 * the sensitivity of that layer to match sigma on an image; for the method pixel-dp, without a denoiser.
 * Default: to the image.
 */
export type SmoothingConfigInput = {
  /** Noise level: standard deviation for pixels in [0, 1]; in [-1, 1] it is twice that. */
  sigma: number
  /** The denoiser in front of the classifier; { source: none } passes noisy images directly. */
  denoiser: DenoiserConfigInput
  /**
   * first-layer: adds the noise to the output of the first convolution of the classifier (PixelDP), scaled by
   * the sensitivity of that layer to match sigma on an image; for the method pixel-dp, without a denoiser.
   * Default: to the image.
   */
  noiseAfter?: 'first-layer' | undefined
}

/** A UNet2DModel of diffusers with its scheduler_config.json. */
export type DiffusersDenoiser = {
  /** A UNet2DModel of diffusers with its scheduler_config.json. */
  source: 'diffusers'
  /**
   * Folder in diffusers format, or an id on the Hugging Face hub. Without it the weights are random, for
   * training; unet and scheduler give the architecture.
   */
  path?: string | undefined
  /** Without a path: arguments of UNet2DModel. */
  unet?: Record<string, Json> | undefined
  /** Without a path: arguments of DDPMScheduler, the noise schedule. */
  scheduler?: Record<string, Json> | undefined
  /** Number type of the weights and the arithmetic of the denoiser. Default float32. */
  dtype: 'float32' | 'float16' | 'bfloat16' | 'float64'
}

/** A checkpoint of guided-diffusion or improved-diffusion. */
export type OpenaiDenoiser = {
  /** A checkpoint of guided-diffusion or improved-diffusion. */
  source: 'openai'
  /** The .pt file as published. Without it the weights are random, to measure speed. */
  path?: string | undefined
  /**
   * Arguments of a published model: imagenet256 for 256x256_diffusion_uncond.pt, cifar10 for
   * cifar10_uncond_50M_500K.pt.
   */
  preset?: 'imagenet256' | 'cifar10' | undefined
  /** Arguments under the names of the OpenAI scripts, such as num_channels. They override the preset. */
  arguments?: Record<string, Json> | undefined
  /** Hash that the file must have; any accepts every file. Default: that of the published file, if known. */
  sha256?: 'any' | string | undefined
  /** Number type of the weights and the arithmetic of the denoiser. Default float32. */
  dtype: 'float32' | 'float16' | 'bfloat16' | 'float64'
}

/** DnCNN as in Denoised Smoothing: denoises an image in one pass at any noise level. */
export type DncnnDenoiser = {
  /** DnCNN as in Denoised Smoothing: denoises an image in one pass at any noise level. */
  source: 'dncnn'
  /** Number of convolutions. Default 17. */
  depth: number
  /**
   * Weights: a published checkpoint, or the folder of a run with the method denoiser. Without them the weights
   * are random, for training.
   */
  path?: string | undefined
  /** Channels between the layers. Default 64. */
  width: number
  /** Channels of the images. Default 3. */
  channels: number
  /** Number type of the weights and the arithmetic of the denoiser. Default float32. */
  dtype: 'float32' | 'float16' | 'bfloat16' | 'float64'
}

/** MemNet as in Denoised Smoothing: denoises an image in one pass. */
export type MemnetDenoiser = {
  /** MemNet as in Denoised Smoothing: denoises an image in one pass. */
  source: 'memnet'
  /** Memory blocks. Default 3. */
  blocks: number
  /** Residual blocks in each memory block. Default 6. */
  units: number
  /**
   * Weights: a published checkpoint, or the folder of a run with the method denoiser. Without them the weights
   * are random, for training.
   */
  path?: string | undefined
  /** Channels between the layers. Default 64. */
  width: number
  /** Channels of the images. Default 3. */
  channels: number
  /** Number type of the weights and the arithmetic of the denoiser. Default float32. */
  dtype: 'float32' | 'float16' | 'bfloat16' | 'float64'
}

/** No denoiser: the classifier gets images with Gaussian noise directly. */
export type NoneDenoiser = {
  /** No denoiser: the classifier gets images with Gaussian noise directly. */
  source: 'none'
}

/** The denoiser in front of the classifier; { source: none } passes noisy images directly. */
export type DenoiserConfig =
  | DiffusersDenoiser
  | OpenaiDenoiser
  | DncnnDenoiser
  | MemnetDenoiser
  | NoneDenoiser

/**
 * first-layer: adds the noise to the output of the first convolution of the classifier (PixelDP), scaled by
 * the sensitivity of that layer to match sigma on an image; for the method pixel-dp, without a denoiser.
 * Default: to the image.
 */
export type SmoothingConfig = {
  /** Noise level: standard deviation for pixels in [0, 1]; in [-1, 1] it is twice that. */
  sigma: number
  /** The denoiser in front of the classifier; { source: none } passes noisy images directly. */
  denoiser: DenoiserConfig
  /**
   * first-layer: adds the noise to the output of the first convolution of the classifier (PixelDP), scaled by
   * the sensitivity of that layer to match sigma on an image; for the method pixel-dp, without a denoiser.
   * Default: to the image.
   */
  noiseAfter?: 'first-layer' | undefined
}
