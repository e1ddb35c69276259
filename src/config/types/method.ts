// Made from the schemas of src/config/ by `npm run docs`.

/** Fine-tuning by confidence-aware denoised image selection (Algorithm 1), or an ablation of it. */
export type FtCadisMethodInput = {
  /** Fine-tuning by confidence-aware denoised image selection (Algorithm 1), or an ablation of it. */
  kind?: 'ft-cadis' | undefined
  /** M, noises of each image in an update. With 1 the first step of the attack does nothing. */
  noises: number
  /** Weight of the adversarial loss (Eq. 10). */
  lambda: number
  /** The attack inside the adversarial loss (Eq. 9). */
  attack: {
    /** T, steps of the attack. Each is 2 * epsilon / T long. */
    steps: number
    /** Radius of the attack (in [-1, 1] units), one for all epochs or a list of steps. */
    epsilon: number | Array<{
      /** First epoch of the step, counted from 0. */
      fromEpoch: number
      /** Radius of the ball, in the l2 norm of images in [-1, 1]; not doubled, unlike sigma. */
      epsilon: number
    }>
    /** Whether each perturbation keeps its mean and root mean square, as in the released code. Default true. */
    restandardize?: boolean | undefined
  }
  /**
   * Denoised images in the cross-entropy: the non-hallucinated (Eq. 8), or all M (Table 5, row 2; with
   * adversarial none it is Eq. 6). Default selected.
   */
  crossEntropy?: 'selected' | 'all' | undefined
  /**
   * Whether the denoised image with the lowest cross-entropy stands in where all are hallucinated. Default
   * true.
   */
  coldStart?: boolean | undefined
  /**
   * Images in the adversarial loss: those with no hallucinated one among M (Eq. 9), all (Table 5, row 3), or
   * none (Eq. 6). Default masked.
   */
  adversarial?: 'masked' | 'all' | 'none' | undefined
  /** Target of attack and adversarial loss: the mean prediction, or the label (Table 7 a, c). Default soft. */
  adversarialTarget?: 'soft' | 'hard' | undefined
  /**
   * Whether gradients flow into the soft target, as in the released code. No effect on a hard one. Default
   * live.
   */
  targetGradient?: 'live' | 'detached' | undefined
  /** What the M adversarial images of an image count together: Eq. 9, or Table 7 b, c. Default max. */
  adversarialReduction?: 'max' | 'mean' | undefined
  /**
   * Whether the classifier being trained judges what is hallucinated; false leaves that to its initial weights
   * (Table 6). Default true.
   */
  updateSelection?: boolean | undefined
}

/**
 * Cross-entropy on noisy images, denoised where the smoothing has a denoiser (Eq. 6; without a denoiser
 * Gaussian augmentation), or on clean ones.
 */
export type CrossEntropyMethodInput = {
  /**
   * Cross-entropy on noisy images, denoised where the smoothing has a denoiser (Eq. 6; without a denoiser
   * Gaussian augmentation), or on clean ones.
   */
  kind: 'cross-entropy'
  /** Images that are classified: smoothed, as the smoothed classifier sees them, or clean. Default smoothed. */
  images?: 'smoothed' | 'clean' | undefined
  /** M, noises of each image in an update; the loss is their mean. No effect on clean images. Default 1. */
  noises?: number | undefined
}

/** How the classifier is trained. Without a kind: FT-CADIS. */
export type MethodConfigInput =
  | FtCadisMethodInput
  | CrossEntropyMethodInput

/** Fine-tuning by confidence-aware denoised image selection (Algorithm 1), or an ablation of it. */
export type FtCadisMethod = {
  /** Fine-tuning by confidence-aware denoised image selection (Algorithm 1), or an ablation of it. */
  kind: 'ft-cadis'
  /** M, noises of each image in an update. With 1 the first step of the attack does nothing. */
  noises: number
  /** Weight of the adversarial loss (Eq. 10). */
  lambda: number
  /** The attack inside the adversarial loss (Eq. 9). */
  attack: {
    /** T, steps of the attack. Each is 2 * epsilon / T long. */
    steps: number
    /** Radius of the attack (in [-1, 1] units), one for all epochs or a list of steps. */
    epsilon: number | Array<{
      /** First epoch of the step, counted from 0. */
      fromEpoch: number
      /** Radius of the ball, in the l2 norm of images in [-1, 1]; not doubled, unlike sigma. */
      epsilon: number
    }>
    /** Whether each perturbation keeps its mean and root mean square, as in the released code. Default true. */
    restandardize: boolean
  }
  /**
   * Denoised images in the cross-entropy: the non-hallucinated (Eq. 8), or all M (Table 5, row 2; with
   * adversarial none it is Eq. 6). Default selected.
   */
  crossEntropy: 'selected' | 'all'
  /**
   * Whether the denoised image with the lowest cross-entropy stands in where all are hallucinated. Default
   * true.
   */
  coldStart: boolean
  /**
   * Images in the adversarial loss: those with no hallucinated one among M (Eq. 9), all (Table 5, row 3), or
   * none (Eq. 6). Default masked.
   */
  adversarial: 'masked' | 'all' | 'none'
  /** Target of attack and adversarial loss: the mean prediction, or the label (Table 7 a, c). Default soft. */
  adversarialTarget: 'soft' | 'hard'
  /**
   * Whether gradients flow into the soft target, as in the released code. No effect on a hard one. Default
   * live.
   */
  targetGradient: 'live' | 'detached'
  /** What the M adversarial images of an image count together: Eq. 9, or Table 7 b, c. Default max. */
  adversarialReduction: 'max' | 'mean'
  /**
   * Whether the classifier being trained judges what is hallucinated; false leaves that to its initial weights
   * (Table 6). Default true.
   */
  updateSelection: boolean
}

/**
 * Cross-entropy on noisy images, denoised where the smoothing has a denoiser (Eq. 6; without a denoiser
 * Gaussian augmentation), or on clean ones.
 */
export type CrossEntropyMethod = {
  /**
   * Cross-entropy on noisy images, denoised where the smoothing has a denoiser (Eq. 6; without a denoiser
   * Gaussian augmentation), or on clean ones.
   */
  kind: 'cross-entropy'
  /** Images that are classified: smoothed, as the smoothed classifier sees them, or clean. Default smoothed. */
  images: 'smoothed' | 'clean'
  /** M, noises of each image in an update; the loss is their mean. No effect on clean images. Default 1. */
  noises: number
}

/** How the classifier is trained. Without a kind: FT-CADIS. */
export type MethodConfig =
  | FtCadisMethod
  | CrossEntropyMethod
