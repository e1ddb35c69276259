// Made from the schemas of src/config/ by `npm run docs`.

import type { Json } from './json'

/** A timm model. */
export type TimmClassifierInput = {
  /** A timm model. */
  source: 'timm'
  /** Name of the model, with or without its tag. Optional if path is a folder. */
  name?: string | undefined
  /** Weight file, or folder in timm’s format. Default: weights from the hub. */
  path?: string | undefined
  /** Without a path: whether to use the published weights; false uses random weights. Default true. */
  pretrained?: boolean | undefined
  /** Further arguments of timm.create_model. */
  modelArgs?: Record<string, Json> | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
  /** Probability of stochastic depth in the last block, rising linearly from 0 in the first. Default 0. */
  dropPath?: number | undefined
}

/** An AutoModelForImageClassification of transformers. */
export type TransformersClassifierInput = {
  /** An AutoModelForImageClassification of transformers. */
  source: 'transformers'
  /** Folder, or id on the Hugging Face hub. */
  path?: string | undefined
  /** Without a path: the configuration of a model with random weights, including model_type. */
  config?: Record<string, Json> | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
  /** Probability of stochastic depth in the last block, rising linearly from 0 in the first. Default 0. */
  dropPath?: number | undefined
}

/** The ResNet-110 for CIFAR-10 of locuslab/smoothing (Table 17). */
export type Resnet110ClassifierInput = {
  /** The ResNet-110 for CIFAR-10 of locuslab/smoothing (Table 17). */
  source: 'resnet110'
  /** The checkpoint as published. Default: random weights. */
  path?: string | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
}

/** The LeNet for MNIST of jh-jeong/smoothing-consistency: two convolutions, two linear layers. */
export type LenetClassifierInput = {
  /** The LeNet for MNIST of jh-jeong/smoothing-consistency: two convolutions, two linear layers. */
  source: 'lenet'
  /** A checkpoint of it. Default: random weights. */
  path?: string | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
}

/** Your own torch.nn.Module. */
export type PythonClassifierInput = {
  /** Your own torch.nn.Module. */
  source: 'python'
  /** Python file. It is executed. */
  file: string
  /** Function in that file that returns the module. */
  factory: string
  /** Keyword arguments of that function. */
  arguments?: Record<string, Json> | undefined
  /** Weights to load into the module. Default: as returned by the function. */
  path?: string | undefined
  /** Names of the classification modules; LoRA trains them in full. */
  heads?: Array<string> | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
}

/** No classifier: for a run that trains a denoiser, without measuring accuracy. */
export type NoneClassifierInput = {
  /** No classifier: for a run that trains a denoiser, without measuring accuracy. */
  source: 'none'
  /** None: nothing to load. */
  path?: string | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
}

/** The off-the-shelf classifier. */
export type ClassifierConfigInput =
  | TimmClassifierInput
  | TransformersClassifierInput
  | Resnet110ClassifierInput
  | LenetClassifierInput
  | PythonClassifierInput
  | NoneClassifierInput

/** A timm model. */
export type TimmClassifier = {
  /** A timm model. */
  source: 'timm'
  /** Name of the model, with or without its tag. Optional if path is a folder. */
  name?: string | undefined
  /** Weight file, or folder in timm’s format. Default: weights from the hub. */
  path?: string | undefined
  /** Without a path: whether to use the published weights; false uses random weights. Default true. */
  pretrained: boolean
  /** Further arguments of timm.create_model. */
  modelArgs?: Record<string, Json> | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
  /** Probability of stochastic depth in the last block, rising linearly from 0 in the first. Default 0. */
  dropPath: number
}

/** An AutoModelForImageClassification of transformers. */
export type TransformersClassifier = {
  /** An AutoModelForImageClassification of transformers. */
  source: 'transformers'
  /** Folder, or id on the Hugging Face hub. */
  path?: string | undefined
  /** Without a path: the configuration of a model with random weights, including model_type. */
  config?: Record<string, Json> | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
  /** Probability of stochastic depth in the last block, rising linearly from 0 in the first. Default 0. */
  dropPath: number
}

/** The ResNet-110 for CIFAR-10 of locuslab/smoothing (Table 17). */
export type Resnet110Classifier = {
  /** The ResNet-110 for CIFAR-10 of locuslab/smoothing (Table 17). */
  source: 'resnet110'
  /** The checkpoint as published. Default: random weights. */
  path?: string | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
}

/** The LeNet for MNIST of jh-jeong/smoothing-consistency: two convolutions, two linear layers. */
export type LenetClassifier = {
  /** The LeNet for MNIST of jh-jeong/smoothing-consistency: two convolutions, two linear layers. */
  source: 'lenet'
  /** A checkpoint of it. Default: random weights. */
  path?: string | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
}

/** Your own torch.nn.Module. */
export type PythonClassifier = {
  /** Your own torch.nn.Module. */
  source: 'python'
  /** Python file. It is executed. */
  file: string
  /** Function in that file that returns the module. */
  factory: string
  /** Keyword arguments of that function. */
  arguments?: Record<string, Json> | undefined
  /** Weights to load into the module. Default: as returned by the function. */
  path?: string | undefined
  /** Names of the classification modules; LoRA trains them in full. */
  heads?: Array<string> | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
}

/** No classifier: for a run that trains a denoiser, without measuring accuracy. */
export type NoneClassifier = {
  /** No classifier: for a run that trains a denoiser, without measuring accuracy. */
  source: 'none'
  /** None: nothing to load. */
  path?: string | undefined
  /**
   * Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training
   * range, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data. If the weights have another number or no head, the head is new. Default: as in the
   * weights.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
}

/** The off-the-shelf classifier. */
export type ClassifierConfig =
  | TimmClassifier
  | TransformersClassifier
  | Resnet110Classifier
  | LenetClassifier
  | PythonClassifier
  | NoneClassifier

/** Trains every weight of the classifier. */
export type FullTuningInput = {
  /** Trains every weight of the classifier. */
  kind: 'full'
}

/** Trains low-rank adapters on the query and value projections, and the classification head. */
export type LoraTuningInput = {
  /** Trains low-rank adapters on the query and value projections, and the classification head. */
  kind: 'lora'
  /** Rank r of the adapters. Default 4. */
  rank?: number | undefined
  /** Scale of the adapters: their output is multiplied by alpha / rank. Default 4. */
  alpha?: number | undefined
}

/** The weights of the classifier to train. Default: all. */
export type TuningConfigInput =
  | FullTuningInput
  | LoraTuningInput

/** Trains every weight of the classifier. */
export type FullTuning = {
  /** Trains every weight of the classifier. */
  kind: 'full'
}

/** Trains low-rank adapters on the query and value projections, and the classification head. */
export type LoraTuning = {
  /** Trains low-rank adapters on the query and value projections, and the classification head. */
  kind: 'lora'
  /** Rank r of the adapters. Default 4. */
  rank: number
  /** Scale of the adapters: their output is multiplied by alpha / rank. Default 4. */
  alpha: number
}

/** The weights of the classifier to train. Default: all. */
export type TuningConfig =
  | FullTuning
  | LoraTuning
