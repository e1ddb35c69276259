/**
 * Named tensors, their operations, and objects in Python: networks, optimizers, data sets. Operations have torch's names. Each records one
 * instruction and returns a name for its result; nothing is computed until a session reads. Binary operations take a tensor whose axes are
 * among those of the first, in the same order, and broadcast by letter: `mul(gradients_MBCHW, scale_MB)` scales each image by its own
 * number.
 */
export type { Dtype, ValueOf } from './apply'
export { backward, doublyDifferentiable, grad, gradient, gradWithGraph, noGrad } from './autograd'
export {
  type CopyRun,
  CopyRuns,
  copyRuns,
  imagesOfRuns,
  joinRows,
  laplaceOfRuns,
  noiseOfRuns,
  type RowRun,
  StepNoise,
  scoreSumsOfRuns,
  stackTensors,
  stepNoise,
  steppedOfRuns,
  uniformOfRuns,
} from './copies'
export { lookUp, noiseBlocks, randint, randnCopies, randnLike, stack, tensor } from './creation'
export {
  type Batch,
  type CorruptImage,
  type DataIdentity,
  Dataset,
  type DatasetDescription,
  digest,
  encodePng,
  Loader,
  type LoaderOptions,
  makeLoader,
  openDataset,
  type SkippedImages,
} from './data'
export { type JoinOptions, joinProcessGroup, type ProcessGroup, soleProcess } from './distributed'
export {
  abs,
  add,
  clamp,
  clampMin,
  detach,
  div,
  eq,
  erfinv,
  exp,
  gt,
  hardmax,
  leaf,
  log,
  logSoftmax,
  mul,
  ne,
  type Operand,
  reciprocal,
  round,
  softmax,
  sqrt,
  square,
  sub,
  tanh,
  to,
  where,
} from './elementwise'
export { EventWriter, openEventWriter } from './event-writer'
export { baseLicence, exportOnnx, type OnnxOptions } from './export-onnx'
export { Generator, generator, manualSeed } from './generator'
export {
  type AnyDenoiser,
  ImageDenoiser,
  type ImageDenoiserDescription,
  loadImageDenoiser,
  loadTrainableDenoiser,
  TrainableDenoiser,
} from './image-denoiser'
export {
  type ClassNames,
  classNames,
  type DrawnSamples,
  decodeImage,
  drawSamples,
  type ImageProblem,
  type ImageTransform,
  type PixelSize,
  readImage,
  unreadableImages,
} from './image-files'
export {
  expand,
  flatten,
  indexSelect,
  linear,
  pick,
  rowsWhere,
  select,
  slice,
  unflatten,
} from './indexing'
export {
  type Autocast,
  autocasting,
  type CompiledGraphs,
  compiledGraphs,
  compileNetwork,
  type InferenceOptions,
  inferenceCopy,
  networkDtype,
  uncompiled,
} from './inference'
export {
  type Inspected,
  type InspectedImages,
  type InspectedSplit,
  type InspectedWeights,
  inspectPath,
  type StatedRange,
} from './inspection'
export {
  denoisingPeak,
  type MemoryNow,
  memoryNow,
  type NetworkBytes,
  networkBytes,
  trainingPeak,
} from './memory'
export {
  alike,
  Classifier,
  type ClassifierDescription,
  type ClassifierPrecision,
  Denoiser,
  type DiffusionSchedule,
  describe,
  descriptionOf,
  type LibraryGroups,
  loadClassifier,
  loadDenoiser,
  type ParameterDescription,
  requireDenoiserOf,
  setTf32,
  type WeightClasses,
} from './modules'
export {
  findFirstLayer,
  firstLayerFeatures,
  firstLayerSensitivity,
  parseval,
  parsevalStep,
  restOf,
  spectralNorm,
} from './networks/first-layer'
export {
  adamW,
  type ClipOptions,
  MovingAverage,
  movingAverage,
  Optimizer,
  type OptimizerGroup,
  RunningStatistics,
  runningStatistics,
  sgd,
  type Trainable,
} from './optimizer'
export { type Provenance, provenance } from './provenance'
export {
  argmax,
  bincount,
  logsumexp,
  max,
  mean,
  meanOfEach,
  normOfEach,
  type Reduction,
  sum,
  topk,
} from './reductions'
export { readSoftLabels, SoftLabels } from './soft-labels'
export { pythonSpec, type Spec } from './spec'
export {
  type AnyTensor,
  type Axes,
  axisOf,
  checkAxisCount,
  dimensionOf,
  type Letter,
  type Nested,
  prependAxis,
  type Replaced,
  replaceAxes,
  Tensor,
  type Without,
} from './tensor'
