// Made from the schemas of src/config/ by `npm run docs`.

import type { SmoothingConfig, SmoothingConfigInput } from './smoothing'
import type { ClassifierConfig, ClassifierConfigInput, TuningConfig, TuningConfigInput } from './classifier'
import type { DataConfig, DataConfigInput } from './data'
import type { MethodConfigInput } from './method'
import type { CheckpointsConfig, CheckpointsConfigInput, OptimisationConfig, OptimisationConfigInput } from './optimisation'
import type { CertificationConfig, CertificationConfigInput } from './certification'

/** The settings of a fine-tuning run as one writes them: what has a default may be left out. */
export type RunConfigInput = {
  /** The noise, and the denoiser in front of the classifier. */
  smoothing: SmoothingConfigInput
  /** The off-the-shelf classifier. */
  classifier: ClassifierConfigInput
  /** The images. */
  data: DataConfigInput
  /** auto (CUDA where there is a device), cpu, cuda or cuda:N. Default auto. */
  device?: string | undefined
  /** Threads of torch on the CPU. Default: what torch chooses. */
  threads?: number | undefined
  /** Folder of the run. */
  output: string
  /** What of the classifier is trained. Default: everything. */
  tuning?: TuningConfigInput | undefined
  /** The optimizer and its schedules. */
  optimisation: OptimisationConfigInput
  /** Which epochs leave a checkpoint. Default: the last. */
  checkpoints?: CheckpointsConfigInput | undefined
  /** How the result is certified, with the same smoothing. */
  certification?: CertificationConfigInput | undefined
  /** Seed of order, augmentation and noise in training. Default 0. */
  seed?: number | undefined
  /**
   * Number type of the classifier in training: its weights, and its arithmetic without autocast. Default
   * float32.
   */
  dtype?: 'float32' | 'float64' | undefined
  /**
   * Number type that the classifier, or a denoiser that is trained, computes in where torch knows that to be
   * safe; log-probabilities and losses stay in float32. float16 comes with a loss scale. Default none.
   */
  autocast?: 'none' | 'float16' | 'bfloat16' | undefined
  /** Whether CUDA may round the factors of float32 products to TF32. Default false. */
  tf32?: boolean | undefined
  /**
   * What torch.compile compiles: faster on a GPU after minutes of compiling, and rounded differently. all is
   * the classifier too, forward and backward, where it does not normalise over the batch; the images that are
   * attacked are then filled up to one of four numbers with copies that count nothing. Certification has its
   * own setting. Default none.
   */
  compile?: 'none' | 'denoiser' | 'all' | undefined
  /**
   * Whether activations are computed again for the backward pass instead of kept: less memory, more time, the
   * same result. Default false.
   */
  activationCheckpointing?: boolean | undefined
  /** How the classifier is trained. Without a kind: FT-CADIS. */
  method: MethodConfigInput
}

/** The settings of a certification as one writes them. */
export type CertificationRunConfigInput = {
  /** The noise, and the denoiser in front of the classifier. */
  smoothing: SmoothingConfigInput
  /** The off-the-shelf classifier. */
  classifier: ClassifierConfigInput
  /** The images. */
  data: DataConfigInput
  /** auto (CUDA where there is a device), cpu, cuda or cuda:N. Default auto. */
  device?: string | undefined
  /** Threads of torch on the CPU. Default: what torch chooses. */
  threads?: number | undefined
  /** Folder of the run. */
  output: string
  /** Folder of a checkpoint whose weights replace those of the classifier. Default: off-the-shelf. */
  checkpoint?: string | undefined
  /** Other classifiers that are certified together with this one, as one. Default: none. */
  ensemble?: {
    /** The members beside the classifier of the settings, which is the first. */
    others: Array<{
      /** Weights in place of classifier.path. Default: that. */
      path?: string | undefined
      /** Folder of a checkpoint whose weights replace those of the classifier. Default: none. */
      checkpoint?: string | undefined
    }>
    /**
     * What is summed over the members, for the class with the largest sum: logits, softmax or votes; numbers
     * are weights of their logits, one for each member. Default logits.
     */
    by?: 'logits' | 'softmax' | 'votes' | Array<number> | undefined
    /** Members that are asked about every noisy copy; the others are asked where these disagree. Default: all. */
    consensus?: number | undefined
  } | undefined
  /** Networks that the procedure aces asks beside the classifier. Default: none. */
  aces?: {
    /**
     * Network of two classes that sees the same noisy copies: 0 leaves a copy to the core, 1 to the
     * classifier. Default: the entropy of the classifier decides.
     */
    selector?: {
      /** Where the network comes from and what it takes. */
      classifier: ClassifierConfigInput
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    } | undefined
    /**
     * Network of the classes of the data that is asked about the image itself, without noise and denoiser.
     * Default: none, and no class without a radius.
     */
    core?: {
      /** Where the network comes from and what it takes. */
      classifier: ClassifierConfigInput
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    } | undefined
  } | undefined
  /** Networks that the procedure router asks beside the classifier. Default: none. */
  router?: {
    /** Network with a class for each expert, in the order of their noise levels. */
    network: {
      /** Where the network comes from and what it takes. */
      classifier: ClassifierConfigInput
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    }
    /** The experts of the other noise levels. They share every setting of the classifier but its weights. */
    others: Array<{
      /** Weights in place of classifier.path. Default: that. */
      path?: string | undefined
      /** Folder of a checkpoint whose weights replace those of the classifier. Default: none. */
      checkpoint?: string | undefined
    }>
  } | undefined
  /** What is certified, and how surely. */
  certification: CertificationConfigInput
}

/** The settings of a fine-tuning run, complete, but for its method. */
export type RunSettings = {
  /** The noise, and the denoiser in front of the classifier. */
  smoothing: SmoothingConfig
  /** The off-the-shelf classifier. */
  classifier: ClassifierConfig
  /** The images. */
  data: DataConfig
  /** auto (CUDA where there is a device), cpu, cuda or cuda:N. Default auto. */
  device: string
  /** Threads of torch on the CPU. Default: what torch chooses. */
  threads?: number | undefined
  /** Folder of the run. */
  output: string
  /** What of the classifier is trained. Default: everything. */
  tuning: TuningConfig
  /** The optimizer and its schedules. */
  optimisation: OptimisationConfig
  /** Which epochs leave a checkpoint. Default: the last. */
  checkpoints: CheckpointsConfig
  /** How the result is certified, with the same smoothing. */
  certification: CertificationConfig
  /** Seed of order, augmentation and noise in training. Default 0. */
  seed: number
  /**
   * Number type of the classifier in training: its weights, and its arithmetic without autocast. Default
   * float32.
   */
  dtype: 'float32' | 'float64'
  /**
   * Number type that the classifier, or a denoiser that is trained, computes in where torch knows that to be
   * safe; log-probabilities and losses stay in float32. float16 comes with a loss scale. Default none.
   */
  autocast: 'none' | 'float16' | 'bfloat16'
  /** Whether CUDA may round the factors of float32 products to TF32. Default false. */
  tf32: boolean
  /**
   * What torch.compile compiles: faster on a GPU after minutes of compiling, and rounded differently. all is
   * the classifier too, forward and backward, where it does not normalise over the batch; the images that are
   * attacked are then filled up to one of four numbers with copies that count nothing. Certification has its
   * own setting. Default none.
   */
  compile: 'none' | 'denoiser' | 'all'
  /**
   * Whether activations are computed again for the backward pass instead of kept: less memory, more time, the
   * same result. Default false.
   */
  activationCheckpointing: boolean
}

/** The settings of a certification, complete. */
export type CertificationRunConfig = {
  /** The noise, and the denoiser in front of the classifier. */
  smoothing: SmoothingConfig
  /** The off-the-shelf classifier. */
  classifier: ClassifierConfig
  /** The images. */
  data: DataConfig
  /** auto (CUDA where there is a device), cpu, cuda or cuda:N. Default auto. */
  device: string
  /** Threads of torch on the CPU. Default: what torch chooses. */
  threads?: number | undefined
  /** Folder of the run. */
  output: string
  /** Folder of a checkpoint whose weights replace those of the classifier. Default: off-the-shelf. */
  checkpoint?: string | undefined
  /** Other classifiers that are certified together with this one, as one. Default: none. */
  ensemble?: {
    /** The members beside the classifier of the settings, which is the first. */
    others: Array<{
      /** Weights in place of classifier.path. Default: that. */
      path?: string | undefined
      /** Folder of a checkpoint whose weights replace those of the classifier. Default: none. */
      checkpoint?: string | undefined
    }>
    /**
     * What is summed over the members, for the class with the largest sum: logits, softmax or votes; numbers
     * are weights of their logits, one for each member. Default logits.
     */
    by: 'logits' | 'softmax' | 'votes' | Array<number>
    /** Members that are asked about every noisy copy; the others are asked where these disagree. Default: all. */
    consensus?: number | undefined
  } | undefined
  /** Networks that the procedure aces asks beside the classifier. Default: none. */
  aces?: {
    /**
     * Network of two classes that sees the same noisy copies: 0 leaves a copy to the core, 1 to the
     * classifier. Default: the entropy of the classifier decides.
     */
    selector?: {
      /** Where the network comes from and what it takes. */
      classifier: ClassifierConfig
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    } | undefined
    /**
     * Network of the classes of the data that is asked about the image itself, without noise and denoiser.
     * Default: none, and no class without a radius.
     */
    core?: {
      /** Where the network comes from and what it takes. */
      classifier: ClassifierConfig
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    } | undefined
  } | undefined
  /** Networks that the procedure router asks beside the classifier. Default: none. */
  router?: {
    /** Network with a class for each expert, in the order of their noise levels. */
    network: {
      /** Where the network comes from and what it takes. */
      classifier: ClassifierConfig
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    }
    /** The experts of the other noise levels. They share every setting of the classifier but its weights. */
    others: Array<{
      /** Weights in place of classifier.path. Default: that. */
      path?: string | undefined
      /** Folder of a checkpoint whose weights replace those of the classifier. Default: none. */
      checkpoint?: string | undefined
    }>
  } | undefined
  /** What is certified, and how surely. */
  certification: CertificationConfig
}
