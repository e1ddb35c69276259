// Made from the schemas of src/config/ by `npm run docs`.

/** AdamW, with betas. */
export type AdamwOptimizerInput = {
  /** AdamW, with betas. */
  kind: 'adamw'
}

/** Stochastic gradient descent without Nesterov momentum. Weight decay is added to the gradient. */
export type SgdOptimizerInput = {
  /** Stochastic gradient descent without Nesterov momentum. Weight decay is added to the gradient. */
  kind: 'sgd'
  /** Momentum. Default 0.9. */
  momentum?: number | undefined
}

/** The optimizer. Default AdamW. */
export type OptimizerConfigInput =
  | AdamwOptimizerInput
  | SgdOptimizerInput

/** Half a cosine down to minLearningRate. */
export type CosineScheduleInput = {
  /** Half a cosine down to minLearningRate. */
  kind: 'cosine'
}

/** A factor every N epochs. */
export type StepsScheduleInput = {
  /** A factor every N epochs. */
  kind: 'steps'
  /** Epochs from one drop to the next. */
  everyEpochs: number
  /** Factor of a drop. Default 0.1. */
  factor?: number | undefined
  /**
   * Epochs by which every drop comes late. Released code that steps its scheduler after an epoch has 1, and
   * code that steps it before the first has -1. Default 0.
   */
  late?: number | undefined
}

/** Factors of the learning rate by epoch. */
export type ListedScheduleInput = {
  /** Factors of the learning rate by epoch. */
  kind: 'listed'
  /** The steps, in ascending order; before the first one the factor is 1. */
  steps: Array<{
    /** First epoch of the step, counted from 0. */
    fromEpoch: number
    /** Factor of the learning rate from then on. */
    factor: number
  }>
}

/** How the learning rate falls after the warm-up. Default: a cosine. */
export type ScheduleConfigInput =
  | CosineScheduleInput
  | StepsScheduleInput
  | ListedScheduleInput

/** The optimizer and its schedules. */
export type OptimisationConfigInput = {
  /** Length of the schedules in epochs. */
  epochs: number
  /** Epochs to train before stopping early. Default: all of them. */
  stopAfterEpoch?: number | undefined
  /** Epochs in which the learning rate rises linearly from 0. Default 0. */
  warmupEpochs?: number | undefined
  /** Distinct images in one optimizer update, over all processes and micro-batches; noises do not count. */
  imagesPerUpdate: number
  /** Images, each under M noises, that one process takes at once; lowers memory, not the result. Default: all. */
  imagesPerMicroBatch?: number | undefined
  /**
   * Whether images left over at the end of an epoch are left out; false makes a smaller update of them, as
   * released code does. Default true.
   */
  dropLast?: boolean | undefined
  /** Learning rate after the warm-up: a number as it is, or a base that is scaled. */
  learningRate: number | {
    /** Multiplied by imagesPerUpdate / 256 (linear scaling rule). */
    base: number
  }
  /** The optimizer. Default AdamW. */
  optimizer?: OptimizerConfigInput | undefined
  /** How the learning rate falls after the warm-up. Default: a cosine. */
  schedule?: ScheduleConfigInput | undefined
  /** Learning rate that the cosine falls to. Default 1e-6. */
  minLearningRate?: number | undefined
  /** Weight decay, following half a cosine from start to end. */
  weightDecay: {
    /** Weight decay of the first update. */
    start: number
    /** Weight decay after the last update. */
    end: number
  }
  /**
   * Parameters with weight decay: matrices, that is all but biases, norms, tokens and positions, or all.
   * Default matrices.
   */
  decays?: 'matrices' | 'all' | undefined
  /** Factor of the learning rate from one layer to the one below; 1 treats all alike. Default 1. */
  layerDecay?: number | undefined
  /**
   * Layers, and parameters without weight decay. library: as the library of the classifier says (group_matcher
   * and no_weight_decay of timm; known names of transformers); released: by names alone, as in the released
   * code. Default library.
   */
  parameterGroups?: 'library' | 'released' | undefined
  /**
   * Layer of norm_pre (pre_layrnorm) in transformers of CLIP: first is where it stands, last is the scale that
   * the released code gives it. Default first.
   */
  normPre?: 'first' | 'last' | undefined
  /** Momenta of AdamW. Default 0.9, 0.999. */
  betas?: [number, number] | undefined
  /** Gradient clipping. Default none. */
  clip?: 'none' | {
    /** tensor: each gradient by its own norm, as in the released code; global: all by their common norm. */
    per: 'tensor' | 'global'
    /** Largest l2 norm. */
    norm: number
  } | undefined
}

/** AdamW, with betas. */
export type AdamwOptimizer = {
  /** AdamW, with betas. */
  kind: 'adamw'
}

/** Stochastic gradient descent without Nesterov momentum. Weight decay is added to the gradient. */
export type SgdOptimizer = {
  /** Stochastic gradient descent without Nesterov momentum. Weight decay is added to the gradient. */
  kind: 'sgd'
  /** Momentum. Default 0.9. */
  momentum: number
}

/** The optimizer. Default AdamW. */
export type OptimizerConfig =
  | AdamwOptimizer
  | SgdOptimizer

/** Half a cosine down to minLearningRate. */
export type CosineSchedule = {
  /** Half a cosine down to minLearningRate. */
  kind: 'cosine'
}

/** A factor every N epochs. */
export type StepsSchedule = {
  /** A factor every N epochs. */
  kind: 'steps'
  /** Epochs from one drop to the next. */
  everyEpochs: number
  /** Factor of a drop. Default 0.1. */
  factor: number
  /**
   * Epochs by which every drop comes late. Released code that steps its scheduler after an epoch has 1, and
   * code that steps it before the first has -1. Default 0.
   */
  late: number
}

/** Factors of the learning rate by epoch. */
export type ListedSchedule = {
  /** Factors of the learning rate by epoch. */
  kind: 'listed'
  /** The steps, in ascending order; before the first one the factor is 1. */
  steps: Array<{
    /** First epoch of the step, counted from 0. */
    fromEpoch: number
    /** Factor of the learning rate from then on. */
    factor: number
  }>
}

/** How the learning rate falls after the warm-up. Default: a cosine. */
export type ScheduleConfig =
  | CosineSchedule
  | StepsSchedule
  | ListedSchedule

/** The optimizer and its schedules. */
export type OptimisationConfig = {
  /** Length of the schedules in epochs. */
  epochs: number
  /** Epochs to train before stopping early. Default: all of them. */
  stopAfterEpoch?: number | undefined
  /** Epochs in which the learning rate rises linearly from 0. Default 0. */
  warmupEpochs: number
  /** Distinct images in one optimizer update, over all processes and micro-batches; noises do not count. */
  imagesPerUpdate: number
  /** Images, each under M noises, that one process takes at once; lowers memory, not the result. Default: all. */
  imagesPerMicroBatch?: number | undefined
  /**
   * Whether images left over at the end of an epoch are left out; false makes a smaller update of them, as
   * released code does. Default true.
   */
  dropLast: boolean
  /** Learning rate after the warm-up: a number as it is, or a base that is scaled. */
  learningRate: number | {
    /** Multiplied by imagesPerUpdate / 256 (linear scaling rule). */
    base: number
  }
  /** The optimizer. Default AdamW. */
  optimizer: OptimizerConfig
  /** How the learning rate falls after the warm-up. Default: a cosine. */
  schedule: ScheduleConfig
  /** Learning rate that the cosine falls to. Default 1e-6. */
  minLearningRate: number
  /** Weight decay, following half a cosine from start to end. */
  weightDecay: {
    /** Weight decay of the first update. */
    start: number
    /** Weight decay after the last update. */
    end: number
  }
  /**
   * Parameters with weight decay: matrices, that is all but biases, norms, tokens and positions, or all.
   * Default matrices.
   */
  decays: 'matrices' | 'all'
  /** Factor of the learning rate from one layer to the one below; 1 treats all alike. Default 1. */
  layerDecay: number
  /**
   * Layers, and parameters without weight decay. library: as the library of the classifier says (group_matcher
   * and no_weight_decay of timm; known names of transformers); released: by names alone, as in the released
   * code. Default library.
   */
  parameterGroups: 'library' | 'released'
  /**
   * Layer of norm_pre (pre_layrnorm) in transformers of CLIP: first is where it stands, last is the scale that
   * the released code gives it. Default first.
   */
  normPre: 'first' | 'last'
  /** Momenta of AdamW. Default 0.9, 0.999. */
  betas: [number, number]
  /** Gradient clipping. Default none. */
  clip: 'none' | {
    /** tensor: each gradient by its own norm, as in the released code; global: all by their common norm. */
    per: 'tensor' | 'global'
    /** Largest l2 norm. */
    norm: number
  }
}

/** Which epochs leave a checkpoint. Default: the last. */
export type CheckpointsConfigInput = {
  /** The checkpoint of every N epochs stays. Default: none of these. */
  everyEpochs?: number | undefined
  /** Further epochs whose checkpoint stays, counted from 1. That of the last epoch always does. */
  epochs?: Array<number> | undefined
  /** Besides at the end of each epoch, a checkpoint is written after this many minutes. Default 30. */
  everyMinutes?: number | undefined
  /** A checkpoint is also written after every N updates of the run. Default: none of these. */
  everyUpdates?: number | undefined
  /** How many of the newest checkpoints stay. Default 2. */
  keepLast?: number | undefined
  /** Whether the epoch with the best accuracy on denoised test images stays. Default true. */
  keepBest?: boolean | undefined
}

/** Which epochs leave a checkpoint. Default: the last. */
export type CheckpointsConfig = {
  /** The checkpoint of every N epochs stays. Default: none of these. */
  everyEpochs?: number | undefined
  /** Further epochs whose checkpoint stays, counted from 1. That of the last epoch always does. */
  epochs: Array<number>
  /** Besides at the end of each epoch, a checkpoint is written after this many minutes. Default 30. */
  everyMinutes: number
  /** A checkpoint is also written after every N updates of the run. Default: none of these. */
  everyUpdates?: number | undefined
  /** How many of the newest checkpoints stay. Default 2. */
  keepLast: number
  /** Whether the epoch with the best accuracy on denoised test images stays. Default true. */
  keepBest: boolean
}
