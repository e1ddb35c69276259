// Made from the schemas of src/config/ by `npm run docs`.

/** CERTIFY (Cohen et al., 2019): the majority class, within the radius that its votes support. */
export type CertifyProcedureInput = {
  /** CERTIFY (Cohen et al., 2019): the majority class, within the radius that its votes support. */
  kind: 'certify'
}

/**
 * ACES (Horváth et al., 2022): a smoothed selector assigns an image to the classifier or to a core network
 * that is not smoothed. Each gets half of alpha; the radius is the smaller one.
 */
export type AcesProcedureInput = {
  /**
   * ACES (Horváth et al., 2022): a smoothed selector assigns an image to the classifier or to a core network
   * that is not smoothed. Each gets half of alpha; the radius is the smaller one.
   */
  kind: 'aces'
  /**
   * A noisy copy goes to the classifier if its score is at most this: the selector’s probability of class 0,
   * or, without a selector, the entropy of the classifier as a share of ln K.
   */
  threshold: number
  /**
   * What to certify for an image without a radius. published counts an abstaining selector as one that chooses
   * the classifier, which may be wrong with more than alpha. Default sound.
   */
  radiusZero?: 'sound' | 'published' | undefined
}

/**
 * Multi-scale smoothing (Jeong and Shin, 2023): the answer comes from the first noise level at which a class
 * has more than the threshold.
 */
export type CascadeProcedureInput = {
  /**
   * Multi-scale smoothing (Jeong and Shin, 2023): the answer comes from the first noise level at which a class
   * has more than the threshold.
   */
  kind: 'cascade'
  /** Noise levels, largest first; the largest is smoothing.sigma. Each gets n0 + n noisy copies. */
  sigmas: Array<number>
  /** Probability above which a noise level answers with a class. Default 0.5. */
  threshold?: number | undefined
  /**
   * How alpha is split and how other classes are bounded. published is asymptotic, and its parts do not add up
   * to alpha; released is that of the code, for the threshold 0.5 only. Default sound.
   */
  rule?: 'sound' | 'published' | 'released' | undefined
  /**
   * Whether the classifier sees the image without noise if nothing is certified. Its class is recorded in the
   * evidence, and is not a statement. Default false.
   */
  clean?: boolean | undefined
}

/**
 * PixelDP (Lecuyer et al., 2019): n votes choose the class and bound it and all others, without a selection.
 * The size follows from differential privacy, and is at most half the radius of CERTIFY.
 */
export type PixelDpProcedureInput = {
  /**
   * PixelDP (Lecuyer et al., 2019): n votes choose the class and bound it and all others, without a selection.
   * The size follows from differential privacy, and is at most half the radius of CERTIFY.
   */
  kind: 'pixel-dp'
  /**
   * The error of each bound: half of alpha, or, as published, 0.05 / K, which is for alpha 0.05. Default
   * halves.
   */
  split?: 'halves' | 'published' | undefined
  /**
   * What to bound: the votes of the noisy copies, or their mean softmax in steps of 2^-15, whose published
   * split is alpha / K. Default votes.
   */
  by?: 'votes' | 'scores' | undefined
}

/**
 * A smoothed router chooses which of several experts answers, each smoothed at its own noise level. The radius
 * is the smaller one of router and expert; each gets half of alpha.
 */
export type RouterProcedureInput = {
  /**
   * A smoothed router chooses which of several experts answers, each smoothed at its own noise level. The
   * radius is the smaller one of router and expert; each gets half of alpha.
   */
  kind: 'router'
  /** Noise level of the router, for pixels in [0, 1]. */
  sigma: number
  /** Noise levels of the experts, smallest first; the smallest is smoothing.sigma. */
  sigmas: Array<number>
  /**
   * If the radius of the router’s choice is below this, all experts answer: a class that they agree on holds
   * for every choice of the router. Default 0: only if the router abstains.
   */
  agreement?: number | undefined
}

/** The statement about an image, and how votes decide it. Default: CERTIFY. */
export type ProcedureConfigInput =
  | CertifyProcedureInput
  | AcesProcedureInput
  | CascadeProcedureInput
  | PixelDpProcedureInput
  | RouterProcedureInput

/** The denoiser and the classifier see a copy once. */
export type OncePurifyInput = {
  /** The denoiser and the classifier see a copy once. */
  kind: 'once'
}

/**
 * DiffSmooth (Zhang et al., 2023): the denoised image gets fresh noise several times; the copy votes for the
 * majority of these.
 */
export type LocalPurifyInput = {
  /**
   * DiffSmooth (Zhang et al., 2023): the denoised image gets fresh noise several times; the copy votes for the
   * majority of these.
   */
  kind: 'local'
  /** Standard deviation of the noise on the denoised image, for pixels in [0, 1]. */
  sigma: number
  /** Number of times that noise is added to the denoised image and the result is classified. Default 5. */
  votes?: number | undefined
}

/**
 * DensePure (Xiao et al., 2023): the diffusion model runs the reverse process from the copy in several random
 * steps, several times; the copy votes for the majority of these runs.
 */
export type ReversePurifyInput = {
  /**
   * DensePure (Xiao et al., 2023): the diffusion model runs the reverse process from the copy in several
   * random steps, several times; the copy votes for the majority of these runs.
   */
  kind: 'reverse'
  /** Steps of a run, each one pass of the denoiser; at most the timestep of σ. Default 2. */
  steps?: number | undefined
  /** Runs per copy. Default 10. */
  votes?: number | undefined
}

/**
 * How a noisy copy votes: from one look of the classifier at the denoised copy, or by the majority of several.
 * Default once.
 */
export type PurifyConfigInput =
  | OncePurifyInput
  | LocalPurifyInput
  | ReversePurifyInput

/** How to certify the result, with the same smoothing. */
export type CertificationConfigInput = {
  /** Noisy copies that choose the class. Default 100. */
  n0?: number | undefined
  /** Fresh noisy copies that bound its probability. Default 100,000. */
  n?: number | undefined
  /** Probability that a certificate is wrong. Default 0.001. */
  alpha?: number | undefined
  /**
   * The lower bound of CERTIFY. randomised: the bound of Stevens (1950), wrong with probability exactly alpha;
   * it needs a uniform number per image, which the seed determines and the log keeps. Default clopper-pearson.
   */
  confidence?: 'clopper-pearson' | 'randomised' | undefined
  /** The statement about an image, and how votes decide it. Default: CERTIFY. */
  procedure?: ProcedureConfigInput | undefined
  /**
   * How to use fewer than n noisy copies per image at the same alpha: stop when every radius of a list is
   * decided, draw rounds of increasing votes until one radius is decided, or use only as many as its own
   * radius needs. Default none.
   */
  adaptive?: 'none' | {
    /**
     * Radii to decide, in ascending order; the certified radius is the largest that holds. sigma: 0, σ/2, σ
     * and so on, up to 3.8 σ.
     */
    radii: 'sigma' | Array<number>
    /**
     * Votes come in multiples of this. Larger blocks stop later, and fill larger passes with fewer images.
     * Default: 16, or a 64th of batch if that is more.
     */
    block?: number | undefined
    /**
     * Value of certifying an image at one more of the radii, in multiples of n votes. A larger value spends
     * more votes and loses fewer certificates, with the same guarantee. Default 5.
     */
    worth?: number | undefined
  } | {
    /** The only radius to decide. */
    radius: number
    /**
     * Votes of each round, none more than n. A round is drawn only if the previous ones did not decide.
     * Default: n, a tenth and a hundredth of it, as far as these have 100 votes.
     */
    rounds?: Array<number> | undefined
    /** Largest probability of giving up a radius that holds. Default 0.0001. */
    beta?: number | undefined
  } | {
    /** Largest expected loss of radius compared with n votes. */
    maxRadiusLoss: number
    /**
     * Votes come in multiples of this. Larger blocks stop later, and fill larger passes with fewer images.
     * Default: 16, or a 64th of batch if that is more.
     */
    block?: number | undefined
  } | undefined
  /**
   * The noise to draw, of standard deviation σ. discrete-gaussian: noise and images in whole steps of 1/255,
   * with bounds that rounding cannot make too large; uniform: radii of the ℓ1 norm; laplace, for PixelDP:
   * sizes of the ℓ1 norm. Default gaussian.
   */
  noise?: 'gaussian' | 'discrete-gaussian' | 'uniform' | 'laplace' | undefined
  /**
   * How a noisy copy votes: from one look of the classifier at the denoised copy, or by the majority of
   * several. Default once.
   */
  purify?: PurifyConfigInput | undefined
  /**
   * Noisy copies in one forward pass; halved if memory runs out. Changes the result only by rounding. Default
   * 100.
   */
  batch?: number | undefined
  /** Test images to certify. Default all; for a folder 500, drawn over the classes. */
  images?: 'all' | {
    /** The first N images. */
    first: number
  } | {
    /** The images 0, k, 2k, ... for this k. */
    every: number
  } | {
    /** This many images, drawn with the seed. */
    random: number
  } | {
    /** At most this many images, drawn with the seed: an equal number of each class, as far as available. */
    overClasses: number
  } | {
    /** One image of each class, drawn with the seed. */
    onePerClass: true
  } | {
    /** These images, counted from 0. */
    indices: Array<number>
  } | undefined
  /** Seed of the noise and of randomly chosen images. Default 0. */
  seed?: number | undefined
  /** Number type of the classifier; recorded in the log. Default float32. */
  dtype?: 'float32' | 'float16' | 'bfloat16' | 'float64' | undefined
  /**
   * σ in the radius: nominal is σ of the settings, min the smaller of it and the realised σ of the timestep.
   * Default nominal.
   */
  radiusSigma?: 'nominal' | 'min' | undefined
  /**
   * Whether alpha is the probability that any certificate is wrong: each image gets an equal share. Default
   * false.
   */
  familyWise?: boolean | undefined
  /**
   * Number type of the operations of both networks that torch considers safe in it. The certificate holds for
   * the classifier as computed. Default none.
   */
  autocast?: 'none' | 'float16' | 'bfloat16' | undefined
  /** Whether CUDA may round the factors of float32 products to TF32. Default false. */
  tf32?: boolean | undefined
  /** Whether the classifier uses the channels-last memory layout. Default false. */
  channelsLast?: boolean | undefined
  /** Whether torch.compile compiles both networks. Default false. */
  compile?: boolean | undefined
}

/** CERTIFY (Cohen et al., 2019): the majority class, within the radius that its votes support. */
export type CertifyProcedure = {
  /** CERTIFY (Cohen et al., 2019): the majority class, within the radius that its votes support. */
  kind: 'certify'
}

/**
 * ACES (Horváth et al., 2022): a smoothed selector assigns an image to the classifier or to a core network
 * that is not smoothed. Each gets half of alpha; the radius is the smaller one.
 */
export type AcesProcedure = {
  /**
   * ACES (Horváth et al., 2022): a smoothed selector assigns an image to the classifier or to a core network
   * that is not smoothed. Each gets half of alpha; the radius is the smaller one.
   */
  kind: 'aces'
  /**
   * A noisy copy goes to the classifier if its score is at most this: the selector’s probability of class 0,
   * or, without a selector, the entropy of the classifier as a share of ln K.
   */
  threshold: number
  /**
   * What to certify for an image without a radius. published counts an abstaining selector as one that chooses
   * the classifier, which may be wrong with more than alpha. Default sound.
   */
  radiusZero: 'sound' | 'published'
}

/**
 * Multi-scale smoothing (Jeong and Shin, 2023): the answer comes from the first noise level at which a class
 * has more than the threshold.
 */
export type CascadeProcedure = {
  /**
   * Multi-scale smoothing (Jeong and Shin, 2023): the answer comes from the first noise level at which a class
   * has more than the threshold.
   */
  kind: 'cascade'
  /** Noise levels, largest first; the largest is smoothing.sigma. Each gets n0 + n noisy copies. */
  sigmas: Array<number>
  /** Probability above which a noise level answers with a class. Default 0.5. */
  threshold: number
  /**
   * How alpha is split and how other classes are bounded. published is asymptotic, and its parts do not add up
   * to alpha; released is that of the code, for the threshold 0.5 only. Default sound.
   */
  rule: 'sound' | 'published' | 'released'
  /**
   * Whether the classifier sees the image without noise if nothing is certified. Its class is recorded in the
   * evidence, and is not a statement. Default false.
   */
  clean: boolean
}

/**
 * PixelDP (Lecuyer et al., 2019): n votes choose the class and bound it and all others, without a selection.
 * The size follows from differential privacy, and is at most half the radius of CERTIFY.
 */
export type PixelDpProcedure = {
  /**
   * PixelDP (Lecuyer et al., 2019): n votes choose the class and bound it and all others, without a selection.
   * The size follows from differential privacy, and is at most half the radius of CERTIFY.
   */
  kind: 'pixel-dp'
  /**
   * The error of each bound: half of alpha, or, as published, 0.05 / K, which is for alpha 0.05. Default
   * halves.
   */
  split: 'halves' | 'published'
  /**
   * What to bound: the votes of the noisy copies, or their mean softmax in steps of 2^-15, whose published
   * split is alpha / K. Default votes.
   */
  by?: 'votes' | 'scores' | undefined
}

/**
 * A smoothed router chooses which of several experts answers, each smoothed at its own noise level. The radius
 * is the smaller one of router and expert; each gets half of alpha.
 */
export type RouterProcedure = {
  /**
   * A smoothed router chooses which of several experts answers, each smoothed at its own noise level. The
   * radius is the smaller one of router and expert; each gets half of alpha.
   */
  kind: 'router'
  /** Noise level of the router, for pixels in [0, 1]. */
  sigma: number
  /** Noise levels of the experts, smallest first; the smallest is smoothing.sigma. */
  sigmas: Array<number>
  /**
   * If the radius of the router’s choice is below this, all experts answer: a class that they agree on holds
   * for every choice of the router. Default 0: only if the router abstains.
   */
  agreement: number
}

/** The statement about an image, and how votes decide it. Default: CERTIFY. */
export type ProcedureConfig =
  | CertifyProcedure
  | AcesProcedure
  | CascadeProcedure
  | PixelDpProcedure
  | RouterProcedure

/** The denoiser and the classifier see a copy once. */
export type OncePurify = {
  /** The denoiser and the classifier see a copy once. */
  kind: 'once'
}

/**
 * DiffSmooth (Zhang et al., 2023): the denoised image gets fresh noise several times; the copy votes for the
 * majority of these.
 */
export type LocalPurify = {
  /**
   * DiffSmooth (Zhang et al., 2023): the denoised image gets fresh noise several times; the copy votes for the
   * majority of these.
   */
  kind: 'local'
  /** Standard deviation of the noise on the denoised image, for pixels in [0, 1]. */
  sigma: number
  /** Number of times that noise is added to the denoised image and the result is classified. Default 5. */
  votes: number
}

/**
 * DensePure (Xiao et al., 2023): the diffusion model runs the reverse process from the copy in several random
 * steps, several times; the copy votes for the majority of these runs.
 */
export type ReversePurify = {
  /**
   * DensePure (Xiao et al., 2023): the diffusion model runs the reverse process from the copy in several
   * random steps, several times; the copy votes for the majority of these runs.
   */
  kind: 'reverse'
  /** Steps of a run, each one pass of the denoiser; at most the timestep of σ. Default 2. */
  steps: number
  /** Runs per copy. Default 10. */
  votes: number
}

/**
 * How a noisy copy votes: from one look of the classifier at the denoised copy, or by the majority of several.
 * Default once.
 */
export type PurifyConfig =
  | OncePurify
  | LocalPurify
  | ReversePurify

/** How to certify the result, with the same smoothing. */
export type CertificationConfig = {
  /** Noisy copies that choose the class. Default 100. */
  n0: number
  /** Fresh noisy copies that bound its probability. Default 100,000. */
  n: number
  /** Probability that a certificate is wrong. Default 0.001. */
  alpha: number
  /**
   * The lower bound of CERTIFY. randomised: the bound of Stevens (1950), wrong with probability exactly alpha;
   * it needs a uniform number per image, which the seed determines and the log keeps. Default clopper-pearson.
   */
  confidence: 'clopper-pearson' | 'randomised'
  /** The statement about an image, and how votes decide it. Default: CERTIFY. */
  procedure: ProcedureConfig
  /**
   * How to use fewer than n noisy copies per image at the same alpha: stop when every radius of a list is
   * decided, draw rounds of increasing votes until one radius is decided, or use only as many as its own
   * radius needs. Default none.
   */
  adaptive: 'none' | {
    /**
     * Radii to decide, in ascending order; the certified radius is the largest that holds. sigma: 0, σ/2, σ
     * and so on, up to 3.8 σ.
     */
    radii: 'sigma' | Array<number>
    /**
     * Votes come in multiples of this. Larger blocks stop later, and fill larger passes with fewer images.
     * Default: 16, or a 64th of batch if that is more.
     */
    block?: number | undefined
    /**
     * Value of certifying an image at one more of the radii, in multiples of n votes. A larger value spends
     * more votes and loses fewer certificates, with the same guarantee. Default 5.
     */
    worth?: number | undefined
  } | {
    /** The only radius to decide. */
    radius: number
    /**
     * Votes of each round, none more than n. A round is drawn only if the previous ones did not decide.
     * Default: n, a tenth and a hundredth of it, as far as these have 100 votes.
     */
    rounds?: Array<number> | undefined
    /** Largest probability of giving up a radius that holds. Default 0.0001. */
    beta: number
  } | {
    /** Largest expected loss of radius compared with n votes. */
    maxRadiusLoss: number
    /**
     * Votes come in multiples of this. Larger blocks stop later, and fill larger passes with fewer images.
     * Default: 16, or a 64th of batch if that is more.
     */
    block?: number | undefined
  }
  /**
   * The noise to draw, of standard deviation σ. discrete-gaussian: noise and images in whole steps of 1/255,
   * with bounds that rounding cannot make too large; uniform: radii of the ℓ1 norm; laplace, for PixelDP:
   * sizes of the ℓ1 norm. Default gaussian.
   */
  noise: 'gaussian' | 'discrete-gaussian' | 'uniform' | 'laplace'
  /**
   * How a noisy copy votes: from one look of the classifier at the denoised copy, or by the majority of
   * several. Default once.
   */
  purify: PurifyConfig
  /**
   * Noisy copies in one forward pass; halved if memory runs out. Changes the result only by rounding. Default
   * 100.
   */
  batch: number
  /** Test images to certify. Default all; for a folder 500, drawn over the classes. */
  images: 'all' | {
    /** The first N images. */
    first: number
  } | {
    /** The images 0, k, 2k, ... for this k. */
    every: number
  } | {
    /** This many images, drawn with the seed. */
    random: number
  } | {
    /** At most this many images, drawn with the seed: an equal number of each class, as far as available. */
    overClasses: number
  } | {
    /** One image of each class, drawn with the seed. */
    onePerClass: true
  } | {
    /** These images, counted from 0. */
    indices: Array<number>
  }
  /** Seed of the noise and of randomly chosen images. Default 0. */
  seed: number
  /** Number type of the classifier; recorded in the log. Default float32. */
  dtype: 'float32' | 'float16' | 'bfloat16' | 'float64'
  /**
   * σ in the radius: nominal is σ of the settings, min the smaller of it and the realised σ of the timestep.
   * Default nominal.
   */
  radiusSigma: 'nominal' | 'min'
  /**
   * Whether alpha is the probability that any certificate is wrong: each image gets an equal share. Default
   * false.
   */
  familyWise: boolean
  /**
   * Number type of the operations of both networks that torch considers safe in it. The certificate holds for
   * the classifier as computed. Default none.
   */
  autocast: 'none' | 'float16' | 'bfloat16'
  /** Whether CUDA may round the factors of float32 products to TF32. Default false. */
  tf32: boolean
  /** Whether the classifier uses the channels-last memory layout. Default false. */
  channelsLast: boolean
  /** Whether torch.compile compiles both networks. Default false. */
  compile: boolean
}
