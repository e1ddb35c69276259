// Made from the schemas of src/config/ by `npm run docs`.

import type { ClassifierConfig, ClassifierConfigInput } from './classifier'

/** Fine-tuning by confidence-aware denoised image selection (Algorithm 1), or an ablation of it. */
export type FtCadisMethodInput = {
  /** Fine-tuning by confidence-aware denoised image selection (Algorithm 1), or an ablation of it. */
  kind?: 'ft-cadis' | undefined
  /** M, noises per image in an update. With 1 the first step of the attack does nothing. */
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
   * Denoised images in the cross-entropy: the non-hallucinated ones (Eq. 8), or all M (Table 5, row 2; with
   * adversarial none it is Eq. 6). Default selected.
   */
  crossEntropy?: 'selected' | 'all' | undefined
  /** Whether the denoised image with the lowest cross-entropy is used if all are hallucinated. Default true. */
  coldStart?: boolean | undefined
  /**
   * Images in the adversarial loss: those without a hallucinated one among M (Eq. 9), all (Table 5, row 3), or
   * none (Eq. 6). Default masked.
   */
  adversarial?: 'masked' | 'all' | 'none' | undefined
  /**
   * Target of the attack and the adversarial loss: the mean prediction, or the label (Table 7 a, c). Default
   * soft.
   */
  adversarialTarget?: 'soft' | 'hard' | undefined
  /**
   * Whether gradients flow into the soft target, as in the released code. No effect on a hard one. Default
   * live.
   */
  targetGradient?: 'live' | 'detached' | undefined
  /** Reduction over the M adversarial images of an image: Eq. 9, or Table 7 b, c. Default max. */
  adversarialReduction?: 'max' | 'mean' | undefined
  /**
   * Whether the current classifier judges which images are hallucinated; false uses its initial weights (Table
   * 6). Default true.
   */
  updateSelection?: boolean | undefined
}

/**
 * Cross-entropy on noisy images, denoised if the smoothing has a denoiser (Eq. 6; without a denoiser Gaussian
 * augmentation), or on clean ones.
 */
export type CrossEntropyMethodInput = {
  /**
   * Cross-entropy on noisy images, denoised if the smoothing has a denoiser (Eq. 6; without a denoiser
   * Gaussian augmentation), or on clean ones.
   */
  kind: 'cross-entropy'
  /** Images to classify: smoothed (as the smoothed classifier sees them) or clean. Default smoothed. */
  images?: 'smoothed' | 'clean' | undefined
  /** M, noises per image in an update; the loss is their mean. No effect on clean images. Default 1. */
  noises?: number | undefined
}

/**
 * Cross-entropy on noisy images (Cohen et al., 2019), denoised if the smoothing has a denoiser (Carlini et
 * al., 2023).
 */
export type GaussianMethodInput = {
  /**
   * Cross-entropy on noisy images (Cohen et al., 2019), denoised if the smoothing has a denoiser (Carlini et
   * al., 2023).
   */
  kind: 'gaussian'
  /** M, noises per image in an update; the loss is their mean. Default 1. */
  noises?: number | undefined
}

/** Cross-entropy on clean images, and between their predictions and those of noisy images (Li et al., 2019). */
export type StabilityMethodInput = {
  /** Cross-entropy on clean images, and between their predictions and those of noisy images (Li et al., 2019). */
  kind: 'stability'
  /** Weight of the stability term. */
  lambda: number
  /** Whether gradients flow into the prediction for the clean image, as in the released code. Default live. */
  targetGradient?: 'live' | 'detached' | undefined
}

/**
 * Cross-entropy on noisy images, with a regulariser that pulls their predictions to their mean, and that mean
 * to certainty (Jeong and Shin, 2020).
 */
export type ConsistencyMethodInput = {
  /**
   * Cross-entropy on noisy images, with a regulariser that pulls their predictions to their mean, and that
   * mean to certainty (Jeong and Shin, 2020).
   */
  kind: 'consistency'
  /** M, noises per image in an update. Default 2. */
  noises?: number | undefined
  /** Weight of the divergence from the mean prediction. */
  lambda: number
  /** Weight of the entropy of the mean prediction. Default 0.5. */
  eta?: number | undefined
  /**
   * The regulariser: lambda * KL + eta * H; xent: lambda * (KL + H); kl: lambda * KL; mse: lambda times the
   * squared distance of the first two predictions; jsd: lambda times the mean divergence of a prediction from
   * their mean. Default: default.
   */
  form?: 'default' | 'xent' | 'kl' | 'mse' | 'jsd' | undefined
  /** Adversarial images instead of the original ones (SmoothAdv). Default: null, none. */
  attack?: {
    /** T, steps of the attack. Each is 2 * epsilon / T long. */
    steps: number
    /** Radius of the ball, in the l2 norm of images in [0, 1]. */
    epsilon: number
    /**
     * Whether a step clamps pixels to [0, 1] and then projects onto the ball, or the reverse. Default
     * project-first.
     */
    order?: 'clamp-first' | 'project-first' | undefined
    /**
     * Added to the length that a gradient is divided by. With 0 a gradient that is exactly 0 becomes a
     * standard normal draw. Default 1e-8.
     */
    gradientFloor?: number | undefined
    /** Epochs over which the radius rises from 1/rampEpochs in the first one to all of it. Default 1: no ramp. */
    rampEpochs?: number | undefined
  } | null | undefined
  /** Whether gradients flow into the mean prediction, as in the released code. Default live. */
  targetGradient?: 'live' | 'detached' | undefined
}

/** Steps of normalised gradient ascent. */
export type PgdAttackInput = {
  /** Steps of normalised gradient ascent. */
  kind: 'pgd'
  /** T, steps of the attack. Each is 2 * epsilon / T long. */
  steps: number
  /** Radius of the ball, in the l2 norm of images in [0, 1]. */
  epsilon: number
  /**
   * Whether a step clamps pixels to [0, 1] and then projects onto the ball, or the reverse. Default
   * clamp-first.
   */
  order?: 'clamp-first' | 'project-first' | undefined
  /**
   * Added to the length that a gradient is divided by. With 0 a gradient that is exactly 0 becomes a standard
   * normal draw. Default 0.
   */
  gradientFloor?: number | undefined
  /**
   * Direction of a step: along the gradient, or along minus the mean of noise weighted by the probability of
   * the label. Default gradient.
   */
  direction?: 'gradient' | 'gradient-free' | undefined
}

/** Decoupled direction and norm (Rony et al., 2019). */
export type DdnAttackInput = {
  /** Decoupled direction and norm (Rony et al., 2019). */
  kind: 'ddn'
  /** T, steps of the attack. */
  steps: number
  /** Largest l2 norm of the perturbation, for images in [0, 1]; also the initial norm. */
  epsilon: number
  /** Relative step by which the norm grows, or shrinks once the image is misclassified. Default 0.05. */
  gamma?: number | undefined
  /** Levels to which the pixels of perturbed images are rounded. Default 256. */
  levels?: number | undefined
}

/** The attack: one perturbation for all noises of an image. */
export type AttackConfigInput =
  | PgdAttackInput
  | DdnAttackInput

/** Cross-entropy on noisy images that are adversarial for their mean prediction (Salman et al., 2019). */
export type SmoothAdvMethodInput = {
  /** Cross-entropy on noisy images that are adversarial for their mean prediction (Salman et al., 2019). */
  kind: 'smooth-adv'
  /** M, noises per image in the attack, and in an update if all are trained on. */
  noises: number
  /** Noises to train on: all M, or the first of each image. Default all. */
  trainedNoises?: 'all' | 'first' | undefined
  /** The attack: one perturbation for all noises of an image. */
  attack: AttackConfigInput
  /** Epochs over which the radius rises from 1/rampEpochs in the first one to all of it. Default 1: no ramp. */
  rampEpochs?: number | undefined
}

/** Cross-entropy of the mean prediction, and the certified radius (Zhai et al., 2020). */
export type MacerMethodInput = {
  /** Cross-entropy of the mean prediction, and the certified radius (Zhai et al., 2020). */
  kind: 'macer'
  /** M, noises per image in an update. Default 16. */
  noises?: number | undefined
  /** Weight of the robustness term. */
  lambda: number
  /** Factor of the logits in the soft votes of the robustness term. Default 16. */
  beta?: number | undefined
  /** Largest radius to maximise, in units of sigma / 2. Default 8. */
  gamma?: number | undefined
  /** First epoch with the robustness term, counted from 0. Default 0. */
  robustnessFromEpoch?: number | undefined
}

/**
 * Cross-entropy on noisy images, and on mixtures of them with adversarial ones whose targets become uniform
 * (Jeong et al., 2021).
 */
export type SmoothMixMethodInput = {
  /**
   * Cross-entropy on noisy images, and on mixtures of them with adversarial ones whose targets become uniform
   * (Jeong et al., 2021).
   */
  kind: 'smooth-mix'
  /** M, noises per image in an update. Default 2. */
  noises?: number | undefined
  /** Weight of the mixture term. Default 5. */
  eta?: number | undefined
  /** The gradient ascent to the adversarial image. */
  attack: {
    /** T, steps of the attack. */
    steps: number
    /** Length of a step (alpha), in the l2 norm of images in [0, 1]. */
    stepLength: number
    /** Radius of the ball around the image that contains the adversarial image. Default: null, none. */
    radius?: number | null | undefined
  }
  /**
   * Step of the attack whose start replaces the image: 0 is the image, 1 the adversarial image of one step.
   * From attack.steps on it is the image. Default 0.
   */
  mixStep?: number | undefined
  /**
   * Largest distance of this replacement from the image, before the ramp. Default: null, mixStep *
   * attack.stepLength.
   */
  cleanRadius?: number | null | undefined
  /**
   * Epochs over which eta and cleanRadius rise from 1/rampEpochs in the first one to all of it. Default 1: no
   * ramp.
   */
  rampEpochs?: number | undefined
  /** Whether gradients flow into the targets of mixtures, as in the released code. Default live. */
  targetGradient?: 'live' | 'detached' | undefined
}

/**
 * Cross-entropy on the easiest noisy images, as many as the confidence says, plus worst-case adversarial noise
 * if all are easy (Jeong et al., 2023).
 */
export type CatRsMethodInput = {
  /**
   * Cross-entropy on the easiest noisy images, as many as the confidence says, plus worst-case adversarial
   * noise if all are easy (Jeong et al., 2023).
   */
  kind: 'cat-rs'
  /** M, noises per image in an update. Default 4. */
  noises?: number | undefined
  /** Weight of the adversarial term. */
  lambda: number
  /** The attack on the noise. */
  attack: {
    /** T, steps of the attack. Each is 2 * epsilon / T long. */
    steps: number
    /**
     * Radius of the ball around each noise, in the l2 norm of images in [0, 1]: one for all epochs, or a list
     * of steps.
     */
    epsilon: number | Array<{
      /** First epoch of the step, counted from 0. */
      fromEpoch: number
      /** Radius of the ball, in the l2 norm of images in [0, 1]. */
      epsilon: number
    }>
  }
  /**
   * File with the predictions of a smoothed classifier for every training image, written by `ft-cadis
   * soft-labels`.
   */
  predictions: string
  /**
   * Probability that a noisy image counts as easy: the share of the M that get their label, or the probability
   * from the file. Default votes.
   */
  confidence?: 'votes' | 'predictions' | undefined
}

/**
 * Trains the members of an ensemble together: cross-entropy of each, large margins, and gradients that point
 * in different directions (DRT; Yang et al., 2022).
 */
export type DiverseEnsembleMethodInput = {
  /**
   * Trains the members of an ensemble together: cross-entropy of each, large margins, and gradients that point
   * in different directions (DRT; Yang et al., 2022).
   */
  kind: 'diverse-ensemble'
  /** Number of members. Default 3. */
  members?: number | undefined
  /**
   * M, noises per image in an update. The released code cuts a batch of L images into M updates of L / M.
   * Default 2.
   */
  noises?: number | undefined
  /** Weight of the squared length of the sum of two members’ gradients (rho_1), for pixels in [0, 1]. */
  gradientWeight: number
  /** Weight of the margins between the two largest probabilities (rho_2). */
  marginWeight: number
  /**
   * Initial weight files of the members, one each, instead of classifier.path. Default: separate random
   * weights, or a new head.
   */
  weights?: Array<string> | undefined
}

/** Trains smoothing.denoiser (source dncnn or memnet) in front of frozen classifiers (Salman et al., 2020). */
export type DenoiserMethodInput = {
  /** Trains smoothing.denoiser (source dncnn or memnet) in front of frozen classifiers (Salman et al., 2020). */
  kind: 'denoiser'
  /**
   * Target of a denoised image: the clean image, by mean squared error; or, by cross-entropy, the prediction
   * of the classifier for the clean image (stability) or the label (classification). Default image.
   */
  target?: 'image' | 'prediction' | 'label' | undefined
  /**
   * Classifiers of the data that alternate between updates in the cross-entropy. Default: only the classifier
   * of the run.
   */
  surrogates?: Array<ClassifierConfigInput> | undefined
}

/**
 * Trains smoothing.denoiser (source diffusers or openai) to predict the noise of random timesteps (DDPM; Ho et
 * al., 2020). Needs no classifier.
 */
export type DiffusionMethodInput = {
  /**
   * Trains smoothing.denoiser (source diffusers or openai) to predict the noise of random timesteps (DDPM; Ho
   * et al., 2020). Needs no classifier.
   */
  kind: 'diffusion'
  /**
   * Decay of the moving average of the weights (EMA), which is evaluated and exported. Default 0.995; 0.9999
   * suits runs of 100,000 updates or more.
   */
  averageDecay?: number | undefined
}

/**
 * Trains a classifier of two classes that decides whether to trust the certification network with an image: 1
 * if that network is right under noise often enough (ACES; Horváth et al., 2022).
 */
export type SelectorMethodInput = {
  /**
   * Trains a classifier of two classes that decides whether to trust the certification network with an image:
   * 1 if that network is right under noise often enough (ACES; Horváth et al., 2022).
   */
  kind: 'selector'
  /** M, noises per image in an update; the loss is their mean. Default 1. */
  noises?: number | undefined
  /**
   * File with the predictions of the smoothed certification network for every training image, written by
   * `ft-cadis soft-labels`.
   */
  predictions: string
  /**
   * Smallest share of an image’s predictions that must be its label for the certification network to get the
   * image.
   */
  threshold: number
}

/**
 * Trains a classifier with one class per expert. It predicts whose noise level certifies an image at the most
 * radii, from the votes of the experts on training images.
 */
export type RouterMethodInput = {
  /**
   * Trains a classifier with one class per expert. It predicts whose noise level certifies an image at the
   * most radii, from the votes of the experts on training images.
   */
  kind: 'router'
  /** M, noises per image in an update; the loss is their mean. Default 1. */
  noises?: number | undefined
  /** The experts, smallest noise level first: the router has one class each, in this order. */
  experts: Array<{
    /** Noise level of the expert, for pixels in [0, 1]. */
    sigma: number
    /**
     * File with the predictions of the smoothed expert for every training image, written by `ft-cadis
     * soft-labels`.
     */
    predictions: string
  }>
  /**
   * Radii at which certificates count, with equal weight. Default: 0 and the multiples of half the smallest
   * noise level, up to twice the largest.
   */
  radii?: Array<number> | undefined
}

/** Cross-entropy on noisy images, with noise that grows to sigma (PixelDP; Lecuyer et al., 2019). */
export type PixelDpMethodInput = {
  /** Cross-entropy on noisy images, with noise that grows to sigma (PixelDP; Lecuyer et al., 2019). */
  kind: 'pixel-dp'
  /** M, noises per image in an update; the loss is their mean. Default 1. */
  noises?: number | undefined
  /**
   * Update t, counted from 0, uses the share 1 - rampRate^t of the noise, at least a tenth, and all of it
   * above nine tenths. 0 uses all from the second update. Default 0.99975: all after 9,210 updates.
   */
  rampRate?: number | undefined
  /**
   * beta of the Parseval step after each update, W to (1 + beta) W - beta W W^T W, which keeps the sensitivity
   * of the first layer near 1; 0 for none. Only with smoothing.noiseAfter. Default 0.0003.
   */
  parsevalBeta?: number | undefined
  /** Repetitions of the step after each update. Only with smoothing.noiseAfter. Default 1. */
  parsevalLoops?: number | undefined
}

/**
 * Trains smoothing.denoiser (source dncnn or memnet) by denoising score matching: one network for several
 * noise levels, whose denoised image gives the score by Tweedie’s formula (Lee, 2021).
 */
export type ScoreMethodInput = {
  /**
   * Trains smoothing.denoiser (source dncnn or memnet) by denoising score matching: one network for several
   * noise levels, whose denoised image gives the score by Tweedie’s formula (Lee, 2021).
   */
  kind: 'score'
  /** Noise levels, for pixels in [0, 1]; each image gets one, drawn uniformly. Default: only smoothing.sigma. */
  sigmas?: Array<number> | undefined
}

/**
 * Fine-tunes smoothing.denoiser, a diffusion model or an image denoiser, so that the classifier behind it is
 * confident only in the right class (Jeong and Shin, 2023). No code was released; this form of the loss is not
 * confirmed.
 */
export type CalibrationMethodInput = {
  /**
   * Fine-tunes smoothing.denoiser, a diffusion model or an image denoiser, so that the classifier behind it is
   * confident only in the right class (Jeong and Shin, 2023). No code was released; this form of the loss is
   * not confirmed.
   */
  kind: 'calibration'
  /** Must be true: the loss is from memory, and is not known to be the published one. */
  experimental: true
  /** Weight of the anti-consistency term. The published one is not known. */
  lambda: number
}

/** How to train the classifier. Without a kind: FT-CADIS. */
export type MethodConfigInput =
  | FtCadisMethodInput
  | CrossEntropyMethodInput
  | GaussianMethodInput
  | StabilityMethodInput
  | ConsistencyMethodInput
  | SmoothAdvMethodInput
  | MacerMethodInput
  | SmoothMixMethodInput
  | CatRsMethodInput
  | DiverseEnsembleMethodInput
  | DenoiserMethodInput
  | DiffusionMethodInput
  | SelectorMethodInput
  | RouterMethodInput
  | PixelDpMethodInput
  | ScoreMethodInput
  | CalibrationMethodInput

/** Fine-tuning by confidence-aware denoised image selection (Algorithm 1), or an ablation of it. */
export type FtCadisMethod = {
  /** Fine-tuning by confidence-aware denoised image selection (Algorithm 1), or an ablation of it. */
  kind: 'ft-cadis'
  /** M, noises per image in an update. With 1 the first step of the attack does nothing. */
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
   * Denoised images in the cross-entropy: the non-hallucinated ones (Eq. 8), or all M (Table 5, row 2; with
   * adversarial none it is Eq. 6). Default selected.
   */
  crossEntropy: 'selected' | 'all'
  /** Whether the denoised image with the lowest cross-entropy is used if all are hallucinated. Default true. */
  coldStart: boolean
  /**
   * Images in the adversarial loss: those without a hallucinated one among M (Eq. 9), all (Table 5, row 3), or
   * none (Eq. 6). Default masked.
   */
  adversarial: 'masked' | 'all' | 'none'
  /**
   * Target of the attack and the adversarial loss: the mean prediction, or the label (Table 7 a, c). Default
   * soft.
   */
  adversarialTarget: 'soft' | 'hard'
  /**
   * Whether gradients flow into the soft target, as in the released code. No effect on a hard one. Default
   * live.
   */
  targetGradient: 'live' | 'detached'
  /** Reduction over the M adversarial images of an image: Eq. 9, or Table 7 b, c. Default max. */
  adversarialReduction: 'max' | 'mean'
  /**
   * Whether the current classifier judges which images are hallucinated; false uses its initial weights (Table
   * 6). Default true.
   */
  updateSelection: boolean
}

/**
 * Cross-entropy on noisy images, denoised if the smoothing has a denoiser (Eq. 6; without a denoiser Gaussian
 * augmentation), or on clean ones.
 */
export type CrossEntropyMethod = {
  /**
   * Cross-entropy on noisy images, denoised if the smoothing has a denoiser (Eq. 6; without a denoiser
   * Gaussian augmentation), or on clean ones.
   */
  kind: 'cross-entropy'
  /** Images to classify: smoothed (as the smoothed classifier sees them) or clean. Default smoothed. */
  images: 'smoothed' | 'clean'
  /** M, noises per image in an update; the loss is their mean. No effect on clean images. Default 1. */
  noises: number
}

/**
 * Cross-entropy on noisy images (Cohen et al., 2019), denoised if the smoothing has a denoiser (Carlini et
 * al., 2023).
 */
export type GaussianMethod = {
  /**
   * Cross-entropy on noisy images (Cohen et al., 2019), denoised if the smoothing has a denoiser (Carlini et
   * al., 2023).
   */
  kind: 'gaussian'
  /** M, noises per image in an update; the loss is their mean. Default 1. */
  noises: number
}

/** Cross-entropy on clean images, and between their predictions and those of noisy images (Li et al., 2019). */
export type StabilityMethod = {
  /** Cross-entropy on clean images, and between their predictions and those of noisy images (Li et al., 2019). */
  kind: 'stability'
  /** Weight of the stability term. */
  lambda: number
  /** Whether gradients flow into the prediction for the clean image, as in the released code. Default live. */
  targetGradient: 'live' | 'detached'
}

/**
 * Cross-entropy on noisy images, with a regulariser that pulls their predictions to their mean, and that mean
 * to certainty (Jeong and Shin, 2020).
 */
export type ConsistencyMethod = {
  /**
   * Cross-entropy on noisy images, with a regulariser that pulls their predictions to their mean, and that
   * mean to certainty (Jeong and Shin, 2020).
   */
  kind: 'consistency'
  /** M, noises per image in an update. Default 2. */
  noises: number
  /** Weight of the divergence from the mean prediction. */
  lambda: number
  /** Weight of the entropy of the mean prediction. Default 0.5. */
  eta: number
  /**
   * The regulariser: lambda * KL + eta * H; xent: lambda * (KL + H); kl: lambda * KL; mse: lambda times the
   * squared distance of the first two predictions; jsd: lambda times the mean divergence of a prediction from
   * their mean. Default: default.
   */
  form: 'default' | 'xent' | 'kl' | 'mse' | 'jsd'
  /** Adversarial images instead of the original ones (SmoothAdv). Default: null, none. */
  attack: {
    /** T, steps of the attack. Each is 2 * epsilon / T long. */
    steps: number
    /** Radius of the ball, in the l2 norm of images in [0, 1]. */
    epsilon: number
    /**
     * Whether a step clamps pixels to [0, 1] and then projects onto the ball, or the reverse. Default
     * project-first.
     */
    order: 'clamp-first' | 'project-first'
    /**
     * Added to the length that a gradient is divided by. With 0 a gradient that is exactly 0 becomes a
     * standard normal draw. Default 1e-8.
     */
    gradientFloor: number
    /** Epochs over which the radius rises from 1/rampEpochs in the first one to all of it. Default 1: no ramp. */
    rampEpochs: number
  } | null
  /** Whether gradients flow into the mean prediction, as in the released code. Default live. */
  targetGradient: 'live' | 'detached'
}

/** Steps of normalised gradient ascent. */
export type PgdAttack = {
  /** Steps of normalised gradient ascent. */
  kind: 'pgd'
  /** T, steps of the attack. Each is 2 * epsilon / T long. */
  steps: number
  /** Radius of the ball, in the l2 norm of images in [0, 1]. */
  epsilon: number
  /**
   * Whether a step clamps pixels to [0, 1] and then projects onto the ball, or the reverse. Default
   * clamp-first.
   */
  order: 'clamp-first' | 'project-first'
  /**
   * Added to the length that a gradient is divided by. With 0 a gradient that is exactly 0 becomes a standard
   * normal draw. Default 0.
   */
  gradientFloor: number
  /**
   * Direction of a step: along the gradient, or along minus the mean of noise weighted by the probability of
   * the label. Default gradient.
   */
  direction: 'gradient' | 'gradient-free'
}

/** Decoupled direction and norm (Rony et al., 2019). */
export type DdnAttack = {
  /** Decoupled direction and norm (Rony et al., 2019). */
  kind: 'ddn'
  /** T, steps of the attack. */
  steps: number
  /** Largest l2 norm of the perturbation, for images in [0, 1]; also the initial norm. */
  epsilon: number
  /** Relative step by which the norm grows, or shrinks once the image is misclassified. Default 0.05. */
  gamma: number
  /** Levels to which the pixels of perturbed images are rounded. Default 256. */
  levels: number
}

/** The attack: one perturbation for all noises of an image. */
export type AttackConfig =
  | PgdAttack
  | DdnAttack

/** Cross-entropy on noisy images that are adversarial for their mean prediction (Salman et al., 2019). */
export type SmoothAdvMethod = {
  /** Cross-entropy on noisy images that are adversarial for their mean prediction (Salman et al., 2019). */
  kind: 'smooth-adv'
  /** M, noises per image in the attack, and in an update if all are trained on. */
  noises: number
  /** Noises to train on: all M, or the first of each image. Default all. */
  trainedNoises: 'all' | 'first'
  /** The attack: one perturbation for all noises of an image. */
  attack: AttackConfig
  /** Epochs over which the radius rises from 1/rampEpochs in the first one to all of it. Default 1: no ramp. */
  rampEpochs: number
}

/** Cross-entropy of the mean prediction, and the certified radius (Zhai et al., 2020). */
export type MacerMethod = {
  /** Cross-entropy of the mean prediction, and the certified radius (Zhai et al., 2020). */
  kind: 'macer'
  /** M, noises per image in an update. Default 16. */
  noises: number
  /** Weight of the robustness term. */
  lambda: number
  /** Factor of the logits in the soft votes of the robustness term. Default 16. */
  beta: number
  /** Largest radius to maximise, in units of sigma / 2. Default 8. */
  gamma: number
  /** First epoch with the robustness term, counted from 0. Default 0. */
  robustnessFromEpoch: number
}

/**
 * Cross-entropy on noisy images, and on mixtures of them with adversarial ones whose targets become uniform
 * (Jeong et al., 2021).
 */
export type SmoothMixMethod = {
  /**
   * Cross-entropy on noisy images, and on mixtures of them with adversarial ones whose targets become uniform
   * (Jeong et al., 2021).
   */
  kind: 'smooth-mix'
  /** M, noises per image in an update. Default 2. */
  noises: number
  /** Weight of the mixture term. Default 5. */
  eta: number
  /** The gradient ascent to the adversarial image. */
  attack: {
    /** T, steps of the attack. */
    steps: number
    /** Length of a step (alpha), in the l2 norm of images in [0, 1]. */
    stepLength: number
    /** Radius of the ball around the image that contains the adversarial image. Default: null, none. */
    radius: number | null
  }
  /**
   * Step of the attack whose start replaces the image: 0 is the image, 1 the adversarial image of one step.
   * From attack.steps on it is the image. Default 0.
   */
  mixStep: number
  /**
   * Largest distance of this replacement from the image, before the ramp. Default: null, mixStep *
   * attack.stepLength.
   */
  cleanRadius: number | null
  /**
   * Epochs over which eta and cleanRadius rise from 1/rampEpochs in the first one to all of it. Default 1: no
   * ramp.
   */
  rampEpochs: number
  /** Whether gradients flow into the targets of mixtures, as in the released code. Default live. */
  targetGradient: 'live' | 'detached'
}

/**
 * Cross-entropy on the easiest noisy images, as many as the confidence says, plus worst-case adversarial noise
 * if all are easy (Jeong et al., 2023).
 */
export type CatRsMethod = {
  /**
   * Cross-entropy on the easiest noisy images, as many as the confidence says, plus worst-case adversarial
   * noise if all are easy (Jeong et al., 2023).
   */
  kind: 'cat-rs'
  /** M, noises per image in an update. Default 4. */
  noises: number
  /** Weight of the adversarial term. */
  lambda: number
  /** The attack on the noise. */
  attack: {
    /** T, steps of the attack. Each is 2 * epsilon / T long. */
    steps: number
    /**
     * Radius of the ball around each noise, in the l2 norm of images in [0, 1]: one for all epochs, or a list
     * of steps.
     */
    epsilon: number | Array<{
      /** First epoch of the step, counted from 0. */
      fromEpoch: number
      /** Radius of the ball, in the l2 norm of images in [0, 1]. */
      epsilon: number
    }>
  }
  /**
   * File with the predictions of a smoothed classifier for every training image, written by `ft-cadis
   * soft-labels`.
   */
  predictions: string
  /**
   * Probability that a noisy image counts as easy: the share of the M that get their label, or the probability
   * from the file. Default votes.
   */
  confidence: 'votes' | 'predictions'
}

/**
 * Trains the members of an ensemble together: cross-entropy of each, large margins, and gradients that point
 * in different directions (DRT; Yang et al., 2022).
 */
export type DiverseEnsembleMethod = {
  /**
   * Trains the members of an ensemble together: cross-entropy of each, large margins, and gradients that point
   * in different directions (DRT; Yang et al., 2022).
   */
  kind: 'diverse-ensemble'
  /** Number of members. Default 3. */
  members: number
  /**
   * M, noises per image in an update. The released code cuts a batch of L images into M updates of L / M.
   * Default 2.
   */
  noises: number
  /** Weight of the squared length of the sum of two members’ gradients (rho_1), for pixels in [0, 1]. */
  gradientWeight: number
  /** Weight of the margins between the two largest probabilities (rho_2). */
  marginWeight: number
  /**
   * Initial weight files of the members, one each, instead of classifier.path. Default: separate random
   * weights, or a new head.
   */
  weights?: Array<string> | undefined
}

/** Trains smoothing.denoiser (source dncnn or memnet) in front of frozen classifiers (Salman et al., 2020). */
export type DenoiserMethod = {
  /** Trains smoothing.denoiser (source dncnn or memnet) in front of frozen classifiers (Salman et al., 2020). */
  kind: 'denoiser'
  /**
   * Target of a denoised image: the clean image, by mean squared error; or, by cross-entropy, the prediction
   * of the classifier for the clean image (stability) or the label (classification). Default image.
   */
  target: 'image' | 'prediction' | 'label'
  /**
   * Classifiers of the data that alternate between updates in the cross-entropy. Default: only the classifier
   * of the run.
   */
  surrogates: Array<ClassifierConfig>
}

/**
 * Trains smoothing.denoiser (source diffusers or openai) to predict the noise of random timesteps (DDPM; Ho et
 * al., 2020). Needs no classifier.
 */
export type DiffusionMethod = {
  /**
   * Trains smoothing.denoiser (source diffusers or openai) to predict the noise of random timesteps (DDPM; Ho
   * et al., 2020). Needs no classifier.
   */
  kind: 'diffusion'
  /**
   * Decay of the moving average of the weights (EMA), which is evaluated and exported. Default 0.995; 0.9999
   * suits runs of 100,000 updates or more.
   */
  averageDecay: number
}

/**
 * Trains a classifier of two classes that decides whether to trust the certification network with an image: 1
 * if that network is right under noise often enough (ACES; Horváth et al., 2022).
 */
export type SelectorMethod = {
  /**
   * Trains a classifier of two classes that decides whether to trust the certification network with an image:
   * 1 if that network is right under noise often enough (ACES; Horváth et al., 2022).
   */
  kind: 'selector'
  /** M, noises per image in an update; the loss is their mean. Default 1. */
  noises: number
  /**
   * File with the predictions of the smoothed certification network for every training image, written by
   * `ft-cadis soft-labels`.
   */
  predictions: string
  /**
   * Smallest share of an image’s predictions that must be its label for the certification network to get the
   * image.
   */
  threshold: number
}

/**
 * Trains a classifier with one class per expert. It predicts whose noise level certifies an image at the most
 * radii, from the votes of the experts on training images.
 */
export type RouterMethod = {
  /**
   * Trains a classifier with one class per expert. It predicts whose noise level certifies an image at the
   * most radii, from the votes of the experts on training images.
   */
  kind: 'router'
  /** M, noises per image in an update; the loss is their mean. Default 1. */
  noises: number
  /** The experts, smallest noise level first: the router has one class each, in this order. */
  experts: Array<{
    /** Noise level of the expert, for pixels in [0, 1]. */
    sigma: number
    /**
     * File with the predictions of the smoothed expert for every training image, written by `ft-cadis
     * soft-labels`.
     */
    predictions: string
  }>
  /**
   * Radii at which certificates count, with equal weight. Default: 0 and the multiples of half the smallest
   * noise level, up to twice the largest.
   */
  radii?: Array<number> | undefined
}

/** Cross-entropy on noisy images, with noise that grows to sigma (PixelDP; Lecuyer et al., 2019). */
export type PixelDpMethod = {
  /** Cross-entropy on noisy images, with noise that grows to sigma (PixelDP; Lecuyer et al., 2019). */
  kind: 'pixel-dp'
  /** M, noises per image in an update; the loss is their mean. Default 1. */
  noises: number
  /**
   * Update t, counted from 0, uses the share 1 - rampRate^t of the noise, at least a tenth, and all of it
   * above nine tenths. 0 uses all from the second update. Default 0.99975: all after 9,210 updates.
   */
  rampRate: number
  /**
   * beta of the Parseval step after each update, W to (1 + beta) W - beta W W^T W, which keeps the sensitivity
   * of the first layer near 1; 0 for none. Only with smoothing.noiseAfter. Default 0.0003.
   */
  parsevalBeta?: number | undefined
  /** Repetitions of the step after each update. Only with smoothing.noiseAfter. Default 1. */
  parsevalLoops?: number | undefined
}

/**
 * Trains smoothing.denoiser (source dncnn or memnet) by denoising score matching: one network for several
 * noise levels, whose denoised image gives the score by Tweedie’s formula (Lee, 2021).
 */
export type ScoreMethod = {
  /**
   * Trains smoothing.denoiser (source dncnn or memnet) by denoising score matching: one network for several
   * noise levels, whose denoised image gives the score by Tweedie’s formula (Lee, 2021).
   */
  kind: 'score'
  /** Noise levels, for pixels in [0, 1]; each image gets one, drawn uniformly. Default: only smoothing.sigma. */
  sigmas?: Array<number> | undefined
}

/**
 * Fine-tunes smoothing.denoiser, a diffusion model or an image denoiser, so that the classifier behind it is
 * confident only in the right class (Jeong and Shin, 2023). No code was released; this form of the loss is not
 * confirmed.
 */
export type CalibrationMethod = {
  /**
   * Fine-tunes smoothing.denoiser, a diffusion model or an image denoiser, so that the classifier behind it is
   * confident only in the right class (Jeong and Shin, 2023). No code was released; this form of the loss is
   * not confirmed.
   */
  kind: 'calibration'
  /** Must be true: the loss is from memory, and is not known to be the published one. */
  experimental: true
  /** Weight of the anti-consistency term. The published one is not known. */
  lambda: number
}

/** How to train the classifier. Without a kind: FT-CADIS. */
export type MethodConfig =
  | FtCadisMethod
  | CrossEntropyMethod
  | GaussianMethod
  | StabilityMethod
  | ConsistencyMethod
  | SmoothAdvMethod
  | MacerMethod
  | SmoothMixMethod
  | CatRsMethod
  | DiverseEnsembleMethod
  | DenoiserMethod
  | DiffusionMethod
  | SelectorMethod
  | RouterMethod
  | PixelDpMethod
  | ScoreMethod
  | CalibrationMethod
