// Made from the schemas of src/config/ by `npm run docs`.

/** How the result is certified, with the same smoothing. */
export type CertificationConfigInput = {
  /** Noisy copies that choose the class. Default 100. */
  n0?: number | undefined
  /** Fresh noisy copies that bound its probability. Default 100,000. */
  n?: number | undefined
  /** Probability of a wrong certificate. Default 0.001. */
  alpha?: number | undefined
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
   * norm. Default gaussian.
   */
  noise?: 'gaussian' | 'discrete-gaussian' | 'uniform' | undefined
  /**
   * Noisy copies in one forward pass; halved where memory runs out. No effect on the result but for rounding.
   * Default 100.
   */
  batch?: number | undefined
  /** Test images to certify. Default all. */
  images?: 'all' | {
    /** The first so many images. */
    first: number
  } | {
    /** The images 0, k, 2k, ... for this k. */
    every: number
  } | {
    /** So many images, drawn with the seed. */
    random: number
  } | {
    /** So many images, drawn with the seed over the classes: as many of each, as far as there are. */
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

/** How the result is certified, with the same smoothing. */
export type CertificationConfig = {
  /** Noisy copies that choose the class. Default 100. */
  n0: number
  /** Fresh noisy copies that bound its probability. Default 100,000. */
  n: number
  /** Probability of a wrong certificate. Default 0.001. */
  alpha: number
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
   * norm. Default gaussian.
   */
  noise: 'gaussian' | 'discrete-gaussian' | 'uniform'
  /**
   * Noisy copies in one forward pass; halved where memory runs out. No effect on the result but for rounding.
   * Default 100.
   */
  batch: number
  /** Test images to certify. Default all. */
  images: 'all' | {
    /** The first so many images. */
    first: number
  } | {
    /** The images 0, k, 2k, ... for this k. */
    every: number
  } | {
    /** So many images, drawn with the seed. */
    random: number
  } | {
    /** So many images, drawn with the seed over the classes: as many of each, as far as there are. */
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
