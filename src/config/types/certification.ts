// Made from the schemas of src/config/ by `npm run docs`.

/** CERTIFY (Cohen et al., 2019): the class of the majority, within the radius that its votes show. */
export type CertifyProcedureInput = {
  /** CERTIFY (Cohen et al., 2019): the class of the majority, within the radius that its votes show. */
  kind: 'certify'
}

/**
 * ACES (Horváth et al., 2022): a smoothed selector leaves an image to the classifier or to a core network that
 * is not smoothed; both have half of alpha, and the radius is the smaller one.
 */
export type AcesProcedureInput = {
  /**
   * ACES (Horváth et al., 2022): a smoothed selector leaves an image to the classifier or to a core network
   * that is not smoothed; both have half of alpha, and the radius is the smaller one.
   */
  kind: 'aces'
  /**
   * A noisy copy is left to the classifier where its score is at most this: the probability of class 0 of the
   * selector, or without one the entropy of the classifier as a share of ln K.
   */
  threshold: number
  /**
   * What is certified of an image that has no radius. published takes a selector that abstains for one that
   * chooses the classifier, which may be wrong with more than alpha. Default sound.
   */
  radiusZero?: 'sound' | 'published' | undefined
}

/**
 * Multi-scale smoothing (Jeong and Shin, 2023): the answer is that of the first noise level at which a class
 * has more than the threshold.
 */
export type CascadeProcedureInput = {
  /**
   * Multi-scale smoothing (Jeong and Shin, 2023): the answer is that of the first noise level at which a class
   * has more than the threshold.
   */
  kind: 'cascade'
  /** The noise levels, the largest first, which is smoothing.sigma. Each has n0 + n noisy copies. */
  sigmas: Array<number>
  /** Probability above which a class is the answer of a noise level. Default 0.5. */
  threshold?: number | undefined
  /**
   * How alpha is split and other classes are bounded. published is asymptotic, and its parts do not add up to
   * alpha; released is that of the code, for the threshold 0.5 alone. Default sound.
   */
  rule?: 'sound' | 'published' | 'released' | undefined
  /**
   * Whether the classifier is asked about the image without noise where nothing is certified. Its class stands
   * in the evidence, and is not a statement. Default false.
   */
  clean?: boolean | undefined
}

/**
 * PixelDP (Lecuyer et al., 2019): n votes name the class and bound it and all others, without a selection. The
 * size follows from differential privacy, and is at most half of the radius of CERTIFY.
 */
export type PixelDpProcedureInput = {
  /**
   * PixelDP (Lecuyer et al., 2019): n votes name the class and bound it and all others, without a selection.
   * The size follows from differential privacy, and is at most half of the radius of CERTIFY.
   */
  kind: 'pixel-dp'
  /**
   * The error of each bound: half of alpha, or as published the K-th part of 0.05, which is for alpha 0.05.
   * Default halves.
   */
  split?: 'halves' | 'published' | undefined
  /**
   * What is bounded: the votes of the noisy copies, or the means of their softmax, in steps of 2^-15, whose
   * published split is alpha / K. Default votes.
   */
  by?: 'votes' | 'scores' | undefined
}

/**
 * A smoothed router chooses which of several experts answers, each smoothed at its own noise level. The radius
 * is the smaller one of router and expert, and each has half of alpha.
 */
export type RouterProcedureInput = {
  /**
   * A smoothed router chooses which of several experts answers, each smoothed at its own noise level. The
   * radius is the smaller one of router and expert, and each has half of alpha.
   */
  kind: 'router'
  /** Noise level of the router, for pixels in [0, 1]. */
  sigma: number
  /** The noise levels of the experts, the smallest first, which is smoothing.sigma. */
  sigmas: Array<number>
  /**
   * Radius of the router's choice under which all experts are asked: what they agree on holds whatever the
   * router chooses. Default 0: where the router abstains.
   */
  agreement?: number | undefined
}

/** What is stated about an image, and how it follows from votes. Default: CERTIFY. */
export type ProcedureConfigInput =
  | CertifyProcedureInput
  | AcesProcedureInput
  | CascadeProcedureInput
  | PixelDpProcedureInput
  | RouterProcedureInput

/** The denoiser sees a copy once, and so does the classifier. */
export type OncePurifyInput = {
  /** The denoiser sees a copy once, and so does the classifier. */
  kind: 'once'
}

/**
 * DiffSmooth (Zhang et al., 2023): the denoised image gets fresh noise several times, and the majority of
 * these is the vote of the copy.
 */
export type LocalPurifyInput = {
  /**
   * DiffSmooth (Zhang et al., 2023): the denoised image gets fresh noise several times, and the majority of
   * these is the vote of the copy.
   */
  kind: 'local'
  /** Standard deviation of the noise on the denoised image, for pixels in [0, 1]. */
  sigma: number
  /** How often the denoised image gets noise and is classified. Default 5. */
  votes?: number | undefined
}

/**
 * DensePure (Xiao et al., 2023): the diffusion model goes back from the copy in several random steps, several
 * times, and the majority of these runs is the vote of the copy.
 */
export type ReversePurifyInput = {
  /**
   * DensePure (Xiao et al., 2023): the diffusion model goes back from the copy in several random steps,
   * several times, and the majority of these runs is the vote of the copy.
   */
  kind: 'reverse'
  /** Steps of a run, each a pass of the denoiser; at most as many as the timestep of σ. Default 2. */
  steps?: number | undefined
  /** Runs of each copy. Default 10. */
  votes?: number | undefined
}

/**
 * How a noisy copy gets its vote: from one look of the classifier at the denoised copy, or as the majority of
 * several. Default once.
 */
export type PurifyConfigInput =
  | OncePurifyInput
  | LocalPurifyInput
  | ReversePurifyInput

/** How the result is certified, with the same smoothing. */
export type CertificationConfigInput = {
  /** Noisy copies that choose the class. Default 100. */
  n0?: number | undefined
  /** Fresh noisy copies that bound its probability. Default 100,000. */
  n?: number | undefined
  /** Probability of a wrong certificate. Default 0.001. */
  alpha?: number | undefined
  /**
   * The lower bound of CERTIFY. randomised: of Stevens (1950), wrong with probability alpha and not less; it
   * takes a uniform number for each image, which the seed decides and the log keeps. Default clopper-pearson.
   */
  confidence?: 'clopper-pearson' | 'randomised' | undefined
  /** What is stated about an image, and how it follows from votes. Default: CERTIFY. */
  procedure?: ProcedureConfigInput | undefined
  /**
   * How an image may take less than n noisy copies, at the same alpha: it stops when every radius of a list is
   * decided, goes through rounds of more and more votes until one radius is, or takes as many as its own
   * radius needs. Default none.
   */
  adaptive?: 'none' | {
    /**
     * Radii at which an image is certified or not; its radius is the largest of them. sigma: 0, σ/2, σ and so
     * on, up to 3.8 σ.
     */
    radii: 'sigma' | Array<number>
    /**
     * Votes come in multiples of this many: larger blocks stop later, and fill larger passes with fewer
     * images. Default: 16, or the 64th part of batch if that is more.
     */
    block?: number | undefined
    /**
     * How many votes it is worth to certify an image at one more of the radii, as a multiple of n: a larger
     * one takes more votes and loses fewer certificates. The guarantee is the same. Default 5.
     */
    worth?: number | undefined
  } | {
    /** The one radius at which an image is certified or not. */
    radius: number
    /**
     * Votes of each round, none more than n; each is drawn where the rounds before did not decide. Default: n
     * and its tenth and hundredth part, as far as these have 100 votes.
     */
    rounds?: Array<number> | undefined
    /** Probability that a radius is given up that holds, at most. Default 0.0001. */
    beta?: number | undefined
  } | {
    /** How much smaller than with n votes a radius may be expected to be. */
    maxRadiusLoss: number
    /**
     * Votes come in multiples of this many: larger blocks stop later, and fill larger passes with fewer
     * images. Default: 16, or the 64th part of batch if that is more.
     */
    block?: number | undefined
  } | undefined
  /**
   * The noise that is drawn, of standard deviation σ. discrete-gaussian: rounded to whole steps of 1/255, on
   * images that are so rounded, with bounds that no rounding makes too large; uniform: radii are of the ℓ1
   * norm; laplace, for PixelDP: so are its sizes. Default gaussian.
   */
  noise?: 'gaussian' | 'discrete-gaussian' | 'uniform' | 'laplace' | undefined
  /**
   * How a noisy copy gets its vote: from one look of the classifier at the denoised copy, or as the majority
   * of several. Default once.
   */
  purify?: PurifyConfigInput | undefined
  /**
   * Noisy copies in one forward pass; halved where memory runs out. No effect on the result but for rounding.
   * Default 100.
   */
  batch?: number | undefined
  /** Test images to certify. Default all; of a folder 500, drawn over the classes. */
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
    /** At most this many images, drawn with the seed over the classes: as many of each, as far as there are. */
    overClasses: number
  } | {
    /** One image of each class, drawn with the seed. */
    onePerClass: true
  } | {
    /** These images, counted from 0. */
    indices: Array<number>
  } | undefined
  /** Seed of the noise and of a drawn choice of images. Default 0. */
  seed?: number | undefined
  /** Number type of the classifier; it is written into the log. Default float32. */
  dtype?: 'float32' | 'float16' | 'bfloat16' | 'float64' | undefined
  /**
   * σ in the radius: nominal is that of the settings, min the smaller of it and what the timestep adds.
   * Default nominal.
   */
  radiusSigma?: 'nominal' | 'min' | undefined
  /**
   * Whether alpha is the probability that any of the certificates is wrong: each image then gets its part.
   * Default false.
   */
  familyWise?: boolean | undefined
  /**
   * Number type that both networks compute in where torch knows that to be safe. The certificate is about the
   * classifier as computed. Default none.
   */
  autocast?: 'none' | 'float16' | 'bfloat16' | undefined
  /** Whether CUDA may round the factors of float32 products to TF32. Default false. */
  tf32?: boolean | undefined
  /** Whether the classifier keeps the channels of images last in memory. Default false. */
  channelsLast?: boolean | undefined
  /** Whether torch.compile compiles both networks. Default false. */
  compile?: boolean | undefined
}

/** CERTIFY (Cohen et al., 2019): the class of the majority, within the radius that its votes show. */
export type CertifyProcedure = {
  /** CERTIFY (Cohen et al., 2019): the class of the majority, within the radius that its votes show. */
  kind: 'certify'
}

/**
 * ACES (Horváth et al., 2022): a smoothed selector leaves an image to the classifier or to a core network that
 * is not smoothed; both have half of alpha, and the radius is the smaller one.
 */
export type AcesProcedure = {
  /**
   * ACES (Horváth et al., 2022): a smoothed selector leaves an image to the classifier or to a core network
   * that is not smoothed; both have half of alpha, and the radius is the smaller one.
   */
  kind: 'aces'
  /**
   * A noisy copy is left to the classifier where its score is at most this: the probability of class 0 of the
   * selector, or without one the entropy of the classifier as a share of ln K.
   */
  threshold: number
  /**
   * What is certified of an image that has no radius. published takes a selector that abstains for one that
   * chooses the classifier, which may be wrong with more than alpha. Default sound.
   */
  radiusZero: 'sound' | 'published'
}

/**
 * Multi-scale smoothing (Jeong and Shin, 2023): the answer is that of the first noise level at which a class
 * has more than the threshold.
 */
export type CascadeProcedure = {
  /**
   * Multi-scale smoothing (Jeong and Shin, 2023): the answer is that of the first noise level at which a class
   * has more than the threshold.
   */
  kind: 'cascade'
  /** The noise levels, the largest first, which is smoothing.sigma. Each has n0 + n noisy copies. */
  sigmas: Array<number>
  /** Probability above which a class is the answer of a noise level. Default 0.5. */
  threshold: number
  /**
   * How alpha is split and other classes are bounded. published is asymptotic, and its parts do not add up to
   * alpha; released is that of the code, for the threshold 0.5 alone. Default sound.
   */
  rule: 'sound' | 'published' | 'released'
  /**
   * Whether the classifier is asked about the image without noise where nothing is certified. Its class stands
   * in the evidence, and is not a statement. Default false.
   */
  clean: boolean
}

/**
 * PixelDP (Lecuyer et al., 2019): n votes name the class and bound it and all others, without a selection. The
 * size follows from differential privacy, and is at most half of the radius of CERTIFY.
 */
export type PixelDpProcedure = {
  /**
   * PixelDP (Lecuyer et al., 2019): n votes name the class and bound it and all others, without a selection.
   * The size follows from differential privacy, and is at most half of the radius of CERTIFY.
   */
  kind: 'pixel-dp'
  /**
   * The error of each bound: half of alpha, or as published the K-th part of 0.05, which is for alpha 0.05.
   * Default halves.
   */
  split: 'halves' | 'published'
  /**
   * What is bounded: the votes of the noisy copies, or the means of their softmax, in steps of 2^-15, whose
   * published split is alpha / K. Default votes.
   */
  by?: 'votes' | 'scores' | undefined
}

/**
 * A smoothed router chooses which of several experts answers, each smoothed at its own noise level. The radius
 * is the smaller one of router and expert, and each has half of alpha.
 */
export type RouterProcedure = {
  /**
   * A smoothed router chooses which of several experts answers, each smoothed at its own noise level. The
   * radius is the smaller one of router and expert, and each has half of alpha.
   */
  kind: 'router'
  /** Noise level of the router, for pixels in [0, 1]. */
  sigma: number
  /** The noise levels of the experts, the smallest first, which is smoothing.sigma. */
  sigmas: Array<number>
  /**
   * Radius of the router's choice under which all experts are asked: what they agree on holds whatever the
   * router chooses. Default 0: where the router abstains.
   */
  agreement: number
}

/** What is stated about an image, and how it follows from votes. Default: CERTIFY. */
export type ProcedureConfig =
  | CertifyProcedure
  | AcesProcedure
  | CascadeProcedure
  | PixelDpProcedure
  | RouterProcedure

/** The denoiser sees a copy once, and so does the classifier. */
export type OncePurify = {
  /** The denoiser sees a copy once, and so does the classifier. */
  kind: 'once'
}

/**
 * DiffSmooth (Zhang et al., 2023): the denoised image gets fresh noise several times, and the majority of
 * these is the vote of the copy.
 */
export type LocalPurify = {
  /**
   * DiffSmooth (Zhang et al., 2023): the denoised image gets fresh noise several times, and the majority of
   * these is the vote of the copy.
   */
  kind: 'local'
  /** Standard deviation of the noise on the denoised image, for pixels in [0, 1]. */
  sigma: number
  /** How often the denoised image gets noise and is classified. Default 5. */
  votes: number
}

/**
 * DensePure (Xiao et al., 2023): the diffusion model goes back from the copy in several random steps, several
 * times, and the majority of these runs is the vote of the copy.
 */
export type ReversePurify = {
  /**
   * DensePure (Xiao et al., 2023): the diffusion model goes back from the copy in several random steps,
   * several times, and the majority of these runs is the vote of the copy.
   */
  kind: 'reverse'
  /** Steps of a run, each a pass of the denoiser; at most as many as the timestep of σ. Default 2. */
  steps: number
  /** Runs of each copy. Default 10. */
  votes: number
}

/**
 * How a noisy copy gets its vote: from one look of the classifier at the denoised copy, or as the majority of
 * several. Default once.
 */
export type PurifyConfig =
  | OncePurify
  | LocalPurify
  | ReversePurify

/** How the result is certified, with the same smoothing. */
export type CertificationConfig = {
  /** Noisy copies that choose the class. Default 100. */
  n0: number
  /** Fresh noisy copies that bound its probability. Default 100,000. */
  n: number
  /** Probability of a wrong certificate. Default 0.001. */
  alpha: number
  /**
   * The lower bound of CERTIFY. randomised: of Stevens (1950), wrong with probability alpha and not less; it
   * takes a uniform number for each image, which the seed decides and the log keeps. Default clopper-pearson.
   */
  confidence: 'clopper-pearson' | 'randomised'
  /** What is stated about an image, and how it follows from votes. Default: CERTIFY. */
  procedure: ProcedureConfig
  /**
   * How an image may take less than n noisy copies, at the same alpha: it stops when every radius of a list is
   * decided, goes through rounds of more and more votes until one radius is, or takes as many as its own
   * radius needs. Default none.
   */
  adaptive: 'none' | {
    /**
     * Radii at which an image is certified or not; its radius is the largest of them. sigma: 0, σ/2, σ and so
     * on, up to 3.8 σ.
     */
    radii: 'sigma' | Array<number>
    /**
     * Votes come in multiples of this many: larger blocks stop later, and fill larger passes with fewer
     * images. Default: 16, or the 64th part of batch if that is more.
     */
    block?: number | undefined
    /**
     * How many votes it is worth to certify an image at one more of the radii, as a multiple of n: a larger
     * one takes more votes and loses fewer certificates. The guarantee is the same. Default 5.
     */
    worth?: number | undefined
  } | {
    /** The one radius at which an image is certified or not. */
    radius: number
    /**
     * Votes of each round, none more than n; each is drawn where the rounds before did not decide. Default: n
     * and its tenth and hundredth part, as far as these have 100 votes.
     */
    rounds?: Array<number> | undefined
    /** Probability that a radius is given up that holds, at most. Default 0.0001. */
    beta: number
  } | {
    /** How much smaller than with n votes a radius may be expected to be. */
    maxRadiusLoss: number
    /**
     * Votes come in multiples of this many: larger blocks stop later, and fill larger passes with fewer
     * images. Default: 16, or the 64th part of batch if that is more.
     */
    block?: number | undefined
  }
  /**
   * The noise that is drawn, of standard deviation σ. discrete-gaussian: rounded to whole steps of 1/255, on
   * images that are so rounded, with bounds that no rounding makes too large; uniform: radii are of the ℓ1
   * norm; laplace, for PixelDP: so are its sizes. Default gaussian.
   */
  noise: 'gaussian' | 'discrete-gaussian' | 'uniform' | 'laplace'
  /**
   * How a noisy copy gets its vote: from one look of the classifier at the denoised copy, or as the majority
   * of several. Default once.
   */
  purify: PurifyConfig
  /**
   * Noisy copies in one forward pass; halved where memory runs out. No effect on the result but for rounding.
   * Default 100.
   */
  batch: number
  /** Test images to certify. Default all; of a folder 500, drawn over the classes. */
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
    /** At most this many images, drawn with the seed over the classes: as many of each, as far as there are. */
    overClasses: number
  } | {
    /** One image of each class, drawn with the seed. */
    onePerClass: true
  } | {
    /** These images, counted from 0. */
    indices: Array<number>
  }
  /** Seed of the noise and of a drawn choice of images. Default 0. */
  seed: number
  /** Number type of the classifier; it is written into the log. Default float32. */
  dtype: 'float32' | 'float16' | 'bfloat16' | 'float64'
  /**
   * σ in the radius: nominal is that of the settings, min the smaller of it and what the timestep adds.
   * Default nominal.
   */
  radiusSigma: 'nominal' | 'min'
  /**
   * Whether alpha is the probability that any of the certificates is wrong: each image then gets its part.
   * Default false.
   */
  familyWise: boolean
  /**
   * Number type that both networks compute in where torch knows that to be safe. The certificate is about the
   * classifier as computed. Default none.
   */
  autocast: 'none' | 'float16' | 'bfloat16'
  /** Whether CUDA may round the factors of float32 products to TF32. Default false. */
  tf32: boolean
  /** Whether the classifier keeps the channels of images last in memory. Default false. */
  channelsLast: boolean
  /** Whether torch.compile compiles both networks. Default false. */
  compile: boolean
}
