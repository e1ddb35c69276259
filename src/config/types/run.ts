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
  /** auto (CUDA if available), cpu, cuda or cuda:N. Default auto. */
  device?: string | undefined
  /** Threads of torch on the CPU. Default: chosen by torch. */
  threads?: number | undefined
  /** Folder of the run. */
  output: string
  /** The weights of the classifier to train. Default: all. */
  tuning?: TuningConfigInput | undefined
  /** The optimizer and its schedules. */
  optimisation: OptimisationConfigInput
  /** The epochs whose checkpoints are kept. Default: the last. */
  checkpoints?: CheckpointsConfigInput | undefined
  /** How to certify the result, with the same smoothing. */
  certification?: CertificationConfigInput | undefined
  /** Seed of order, augmentation and noise in training. Default 0. */
  seed?: number | undefined
  /**
   * Number type of the classifier’s weights in training, and of its arithmetic without autocast. Default
   * float32.
   */
  dtype?: 'float32' | 'float64' | undefined
  /**
   * Number type of the operations of the trained network (the classifier or a denoiser) that torch considers
   * safe in it; log-probabilities and losses stay in float32. float16 adds a loss scale. Default none.
   */
  autocast?: 'none' | 'float16' | 'bfloat16' | undefined
  /** Whether CUDA may round the factors of float32 products to TF32. Default false. */
  tf32?: boolean | undefined
  /**
   * What torch.compile compiles: faster on a GPU after minutes of compiling, with different rounding. all
   * includes the classifier, forward and backward, unless it normalises over the batch; attacked images are
   * then padded to one of four numbers with copies that do not count. Certification has its own setting.
   * Default none.
   */
  compile?: 'none' | 'denoiser' | 'all' | undefined
  /**
   * Whether to recompute activations for the backward pass instead of storing them: less memory, more time,
   * the same result. Default false.
   */
  activationCheckpointing?: boolean | undefined
  /** How to train the classifier. Without a kind: FT-CADIS. */
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
  /** auto (CUDA if available), cpu, cuda or cuda:N. Default auto. */
  device?: string | undefined
  /** Threads of torch on the CPU. Default: chosen by torch. */
  threads?: number | undefined
  /** Folder of the run. */
  output: string
  /** Folder of a checkpoint whose weights replace those of the classifier. Default: off-the-shelf. */
  checkpoint?: string | undefined
  /** Other classifiers to certify together with this one, as one. Default: none. */
  ensemble?: {
    /** The other members; the classifier of the settings is the first. */
    others: Array<{
      /** Weights instead of classifier.path. Default: classifier.path. */
      path?: string | undefined
      /** Folder of a checkpoint whose weights replace those of the classifier. Default: none. */
      checkpoint?: string | undefined
    }>
    /**
     * What to sum over the members: logits, softmax or votes; the class is the one with the largest sum.
     * Numbers are weights of their logits, one per member. Default logits.
     */
    by?: 'logits' | 'softmax' | 'votes' | Array<number> | undefined
    /** Members that classify every noisy copy; the others classify a copy only if these disagree. Default: all. */
    consensus?: number | undefined
  } | undefined
  /** Other networks of the procedure aces. Default: none. */
  aces?: {
    /**
     * Network of two classes that sees the same noisy copies: 0 assigns a copy to the core, 1 to the
     * classifier. Default: the entropy of the classifier decides.
     */
    selector?: {
      /** Source and input of the network. */
      classifier: ClassifierConfigInput
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    } | undefined
    /**
     * Network of the classes of the data that sees the image itself, without noise and denoiser. Default:
     * none, and no class without a radius.
     */
    core?: {
      /** Source and input of the network. */
      classifier: ClassifierConfigInput
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    } | undefined
  } | undefined
  /** Other networks of the procedure router. Default: none. */
  router?: {
    /** Network with one class per expert, in the order of their noise levels. */
    network: {
      /** Source and input of the network. */
      classifier: ClassifierConfigInput
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    }
    /** The experts of the other noise levels. They share every setting of the classifier except the weights. */
    others: Array<{
      /** Weights instead of classifier.path. Default: classifier.path. */
      path?: string | undefined
      /** Folder of a checkpoint whose weights replace those of the classifier. Default: none. */
      checkpoint?: string | undefined
    }>
  } | undefined
  /** What to certify, and at which confidence. */
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
  /** auto (CUDA if available), cpu, cuda or cuda:N. Default auto. */
  device: string
  /** Threads of torch on the CPU. Default: chosen by torch. */
  threads?: number | undefined
  /** Folder of the run. */
  output: string
  /** The weights of the classifier to train. Default: all. */
  tuning: TuningConfig
  /** The optimizer and its schedules. */
  optimisation: OptimisationConfig
  /** The epochs whose checkpoints are kept. Default: the last. */
  checkpoints: CheckpointsConfig
  /** How to certify the result, with the same smoothing. */
  certification: CertificationConfig
  /** Seed of order, augmentation and noise in training. Default 0. */
  seed: number
  /**
   * Number type of the classifier’s weights in training, and of its arithmetic without autocast. Default
   * float32.
   */
  dtype: 'float32' | 'float64'
  /**
   * Number type of the operations of the trained network (the classifier or a denoiser) that torch considers
   * safe in it; log-probabilities and losses stay in float32. float16 adds a loss scale. Default none.
   */
  autocast: 'none' | 'float16' | 'bfloat16'
  /** Whether CUDA may round the factors of float32 products to TF32. Default false. */
  tf32: boolean
  /**
   * What torch.compile compiles: faster on a GPU after minutes of compiling, with different rounding. all
   * includes the classifier, forward and backward, unless it normalises over the batch; attacked images are
   * then padded to one of four numbers with copies that do not count. Certification has its own setting.
   * Default none.
   */
  compile: 'none' | 'denoiser' | 'all'
  /**
   * Whether to recompute activations for the backward pass instead of storing them: less memory, more time,
   * the same result. Default false.
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
  /** auto (CUDA if available), cpu, cuda or cuda:N. Default auto. */
  device: string
  /** Threads of torch on the CPU. Default: chosen by torch. */
  threads?: number | undefined
  /** Folder of the run. */
  output: string
  /** Folder of a checkpoint whose weights replace those of the classifier. Default: off-the-shelf. */
  checkpoint?: string | undefined
  /** Other classifiers to certify together with this one, as one. Default: none. */
  ensemble?: {
    /** The other members; the classifier of the settings is the first. */
    others: Array<{
      /** Weights instead of classifier.path. Default: classifier.path. */
      path?: string | undefined
      /** Folder of a checkpoint whose weights replace those of the classifier. Default: none. */
      checkpoint?: string | undefined
    }>
    /**
     * What to sum over the members: logits, softmax or votes; the class is the one with the largest sum.
     * Numbers are weights of their logits, one per member. Default logits.
     */
    by: 'logits' | 'softmax' | 'votes' | Array<number>
    /** Members that classify every noisy copy; the others classify a copy only if these disagree. Default: all. */
    consensus?: number | undefined
  } | undefined
  /** Other networks of the procedure aces. Default: none. */
  aces?: {
    /**
     * Network of two classes that sees the same noisy copies: 0 assigns a copy to the core, 1 to the
     * classifier. Default: the entropy of the classifier decides.
     */
    selector?: {
      /** Source and input of the network. */
      classifier: ClassifierConfig
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    } | undefined
    /**
     * Network of the classes of the data that sees the image itself, without noise and denoiser. Default:
     * none, and no class without a radius.
     */
    core?: {
      /** Source and input of the network. */
      classifier: ClassifierConfig
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    } | undefined
  } | undefined
  /** Other networks of the procedure router. Default: none. */
  router?: {
    /** Network with one class per expert, in the order of their noise levels. */
    network: {
      /** Source and input of the network. */
      classifier: ClassifierConfig
      /** Folder of a checkpoint whose weights replace those of the network. Default: none. */
      checkpoint?: string | undefined
    }
    /** The experts of the other noise levels. They share every setting of the classifier except the weights. */
    others: Array<{
      /** Weights instead of classifier.path. Default: classifier.path. */
      path?: string | undefined
      /** Folder of a checkpoint whose weights replace those of the classifier. Default: none. */
      checkpoint?: string | undefined
    }>
  } | undefined
  /** What to certify, and at which confidence. */
  certification: CertificationConfig
}
