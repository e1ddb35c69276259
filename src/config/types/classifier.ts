// Made from the schemas of src/config/ by `npm run docs`.

import type { Json } from './json'

/** A model of timm. */
export type TimmClassifierInput = {
  /** A model of timm. */
  source: 'timm'
  /** Name of the model, with or without its tag. May be left out where path is a folder. */
  name?: string | undefined
  /** Weight file, or folder in the format of timm. Default: weights from the hub. */
  path?: string | undefined
  /** Without a path: whether the published weights are used; false is random weights. Default true. */
  pretrained?: boolean | undefined
  /** Further arguments of the model, under the names of timm.create_model. */
  modelArgs?: Record<string, Json> | undefined
  /**
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
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
  /** Without a path: the configuration of a model with random weights, model_type included. */
  config?: Record<string, Json> | undefined
  /**
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
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
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
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
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
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
  /** Function in that file which returns the module. */
  factory: string
  /** Arguments of that function, by name. */
  arguments?: Record<string, Json> | undefined
  /** Weights that are loaded into the module. Default: as the function returns it. */
  path?: string | undefined
  /** Names of the modules that classify; LoRA trains them in full. */
  heads?: Array<string> | undefined
  /**
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
}

/** No classifier: for a run that trains a denoiser, which then measures no accuracy. */
export type NoneClassifierInput = {
  /** No classifier: for a run that trains a denoiser, which then measures no accuracy. */
  source: 'none'
  /** None: there is nothing to load. */
  path?: string | undefined
  /**
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange?: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  } | undefined
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
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

/** A model of timm. */
export type TimmClassifier = {
  /** A model of timm. */
  source: 'timm'
  /** Name of the model, with or without its tag. May be left out where path is a folder. */
  name?: string | undefined
  /** Weight file, or folder in the format of timm. Default: weights from the hub. */
  path?: string | undefined
  /** Without a path: whether the published weights are used; false is random weights. Default true. */
  pretrained: boolean
  /** Further arguments of the model, under the names of timm.create_model. */
  modelArgs?: Record<string, Json> | undefined
  /**
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
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
  /** Without a path: the configuration of a model with random weights, model_type included. */
  config?: Record<string, Json> | undefined
  /**
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
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
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
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
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
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
  /** Function in that file which returns the module. */
  factory: string
  /** Arguments of that function, by name. */
  arguments?: Record<string, Json> | undefined
  /** Weights that are loaded into the module. Default: as the function returns it. */
  path?: string | undefined
  /** Names of the modules that classify; LoRA trains them in full. */
  heads?: Array<string> | undefined
  /**
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
   * or [height, width]. Default: none.
   */
  resize?: number | [number, number] | undefined
}

/** No classifier: for a run that trains a denoiser, which then measures no accuracy. */
export type NoneClassifier = {
  /** No classifier: for a run that trains a denoiser, which then measures no accuracy. */
  source: 'none'
  /** None: there is nothing to load. */
  path?: string | undefined
  /**
   * What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained
   * with, as in the released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.
   */
  inputRange: 'symmetric' | {
    /** Mean of each channel, for pixels in [0, 1]. */
    mean: Array<number>
    /** Standard deviation of each channel, for pixels in [0, 1]. */
    std: Array<number>
  }
  /**
   * Classes of the data, where the weights have others or no head: the head is then a new one. Default:
   * theirs.
   */
  numClasses?: number | undefined
  /**
   * Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default:
   * none.
   */
  adapter?: string | undefined
  /**
   * Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square,
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

/** Every weight of the classifier is trained. */
export type FullTuningInput = {
  /** Every weight of the classifier is trained. */
  kind: 'full'
}

/** Low-rank adapters on the query and value projections and the classification head are trained. */
export type LoraTuningInput = {
  /** Low-rank adapters on the query and value projections and the classification head are trained. */
  kind: 'lora'
  /** Rank r of the adapters. Default 4. */
  rank?: number | undefined
  /** Scale of the adapters: they count alpha / rank. Default 4. */
  alpha?: number | undefined
}

/** What of the classifier is trained. Default: everything. */
export type TuningConfigInput =
  | FullTuningInput
  | LoraTuningInput

/** Every weight of the classifier is trained. */
export type FullTuning = {
  /** Every weight of the classifier is trained. */
  kind: 'full'
}

/** Low-rank adapters on the query and value projections and the classification head are trained. */
export type LoraTuning = {
  /** Low-rank adapters on the query and value projections and the classification head are trained. */
  kind: 'lora'
  /** Rank r of the adapters. Default 4. */
  rank: number
  /** Scale of the adapters: they count alpha / rank. Default 4. */
  alpha: number
}

/** What of the classifier is trained. Default: everything. */
export type TuningConfig =
  | FullTuning
  | LoraTuning
