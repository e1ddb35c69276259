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
  /** Epochs between drops. */
  everyEpochs: number
  /** Factor of each drop. Default 0.1. */
  factor?: number | undefined
  /**
   * Epochs by which every drop is late. Released code that steps its scheduler after an epoch has 1; code that
   * steps it before the first epoch has -1. Default 0.
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
    /** Factor of the learning rate from this epoch. */
    factor: number
  }>
}

/** How the learning rate decreases after the warm-up. Default: a cosine. */
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
  /** Distinct images per optimizer update, over all processes and micro-batches; noises do not count. */
  imagesPerUpdate: number
  /**
   * Images, each with M noises, that one process computes at once. Lowers memory without changing the result.
   * Default: all.
   */
  imagesPerMicroBatch?: number | undefined
  /**
   * Whether to drop the images left over at the end of an epoch; false trains a smaller update on them, as
   * released code does. Default true.
   */
  dropLast?: boolean | undefined
  /** Learning rate after the warm-up: a number, or a base to be scaled. */
  learningRate: number | {
    /** Multiplied by imagesPerUpdate / 256 (linear scaling rule). */
    base: number
  }
  /** The optimizer. Default AdamW. */
  optimizer?: OptimizerConfigInput | undefined
  /** How the learning rate decreases after the warm-up. Default: a cosine. */
  schedule?: ScheduleConfigInput | undefined
  /** Final learning rate of the cosine. Default 1e-6. */
  minLearningRate?: number | undefined
  /** Weight decay, following half a cosine from start to end. */
  weightDecay: {
    /** Weight decay of the first update. */
    start: number
    /** Weight decay after the last update. */
    end: number
  }
  /**
   * Parameters with weight decay: matrices (all except biases, norms, tokens and positions), or all. Default
   * matrices.
   */
  decays?: 'matrices' | 'all' | undefined
  /** Factor of the learning rate from each layer to the one below; 1 treats all alike. Default 1. */
  layerDecay?: number | undefined
  /**
   * Assignment of parameters to layers, and parameters without weight decay. library: as in the library of the
   * classifier (group_matcher and no_weight_decay of timm; known names of transformers); released: by name
   * only, as in the released code. Default library.
   */
  parameterGroups?: 'library' | 'released' | undefined
  /**
   * Layer of norm_pre (pre_layrnorm) in CLIP transformers: first is its position, last has the scale that the
   * released code uses. Default first.
   */
  normPre?: 'first' | 'last' | undefined
  /** Betas of AdamW. Default 0.9, 0.999. */
  betas?: [number, number] | undefined
  /** Gradient clipping. Default none. */
  clip?: 'none' | {
    /** tensor: clips each gradient by its own norm, as in the released code; global: all by their common norm. */
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
  /** Epochs between drops. */
  everyEpochs: number
  /** Factor of each drop. Default 0.1. */
  factor: number
  /**
   * Epochs by which every drop is late. Released code that steps its scheduler after an epoch has 1; code that
   * steps it before the first epoch has -1. Default 0.
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
    /** Factor of the learning rate from this epoch. */
    factor: number
  }>
}

/** How the learning rate decreases after the warm-up. Default: a cosine. */
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
  /** Distinct images per optimizer update, over all processes and micro-batches; noises do not count. */
  imagesPerUpdate: number
  /**
   * Images, each with M noises, that one process computes at once. Lowers memory without changing the result.
   * Default: all.
   */
  imagesPerMicroBatch?: number | undefined
  /**
   * Whether to drop the images left over at the end of an epoch; false trains a smaller update on them, as
   * released code does. Default true.
   */
  dropLast: boolean
  /** Learning rate after the warm-up: a number, or a base to be scaled. */
  learningRate: number | {
    /** Multiplied by imagesPerUpdate / 256 (linear scaling rule). */
    base: number
  }
  /** The optimizer. Default AdamW. */
  optimizer: OptimizerConfig
  /** How the learning rate decreases after the warm-up. Default: a cosine. */
  schedule: ScheduleConfig
  /** Final learning rate of the cosine. Default 1e-6. */
  minLearningRate: number
  /** Weight decay, following half a cosine from start to end. */
  weightDecay: {
    /** Weight decay of the first update. */
    start: number
    /** Weight decay after the last update. */
    end: number
  }
  /**
   * Parameters with weight decay: matrices (all except biases, norms, tokens and positions), or all. Default
   * matrices.
   */
  decays: 'matrices' | 'all'
  /** Factor of the learning rate from each layer to the one below; 1 treats all alike. Default 1. */
  layerDecay: number
  /**
   * Assignment of parameters to layers, and parameters without weight decay. library: as in the library of the
   * classifier (group_matcher and no_weight_decay of timm; known names of transformers); released: by name
   * only, as in the released code. Default library.
   */
  parameterGroups: 'library' | 'released'
  /**
   * Layer of norm_pre (pre_layrnorm) in CLIP transformers: first is its position, last has the scale that the
   * released code uses. Default first.
   */
  normPre: 'first' | 'last'
  /** Betas of AdamW. Default 0.9, 0.999. */
  betas: [number, number]
  /** Gradient clipping. Default none. */
  clip: 'none' | {
    /** tensor: clips each gradient by its own norm, as in the released code; global: all by their common norm. */
    per: 'tensor' | 'global'
    /** Largest l2 norm. */
    norm: number
  }
}

/** The epochs whose checkpoints are kept. Default: the last. */
export type CheckpointsConfigInput = {
  /** Keeps the checkpoint of every N epochs. Default: none of these. */
  everyEpochs?: number | undefined
  /** Further epochs whose checkpoint is kept, counted from 1. That of the last epoch is always kept. */
  epochs?: Array<number> | undefined
  /** Also writes a checkpoint after this many minutes. Default 30. */
  everyMinutes?: number | undefined
  /** Also writes a checkpoint after every N updates of the run. Default: none of these. */
  everyUpdates?: number | undefined
  /** Number of newest checkpoints to keep. Default 2. */
  keepLast?: number | undefined
  /** Whether to keep the epoch with the best accuracy on denoised test images. Default true. */
  keepBest?: boolean | undefined
}

/** The epochs whose checkpoints are kept. Default: the last. */
export type CheckpointsConfig = {
  /** Keeps the checkpoint of every N epochs. Default: none of these. */
  everyEpochs?: number | undefined
  /** Further epochs whose checkpoint is kept, counted from 1. That of the last epoch is always kept. */
  epochs: Array<number>
  /** Also writes a checkpoint after this many minutes. Default 30. */
  everyMinutes: number
  /** Also writes a checkpoint after every N updates of the run. Default: none of these. */
  everyUpdates?: number | undefined
  /** Number of newest checkpoints to keep. Default 2. */
  keepLast: number
  /** Whether to keep the epoch with the best accuracy on denoised test images. Default true. */
  keepBest: boolean
}
