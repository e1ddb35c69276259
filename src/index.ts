/**
 * ft-cadis: fine-tune off-the-shelf image classifiers for certified robustness under denoised smoothing, certify
 * them, and analyse the certificates.
 */
export type { Report } from './analysis/report'
export { type AttackResult, attack } from './attack/attack'
export type { AttackRow, Change } from './attack/attack-log'
export type { AttackLog } from './attack/attack-log-file'
export type { FindChangesHooks } from './attack/find-changes'
export type { ImageGap } from './attack/gap'
export type { AttackOptions, PlannedAttack } from './attack/plan-attack'
export type { AttackSettings, Confirmation } from './attack/smallest-changes'
export { isOutOfMemory } from './bridge/failure'
export type { Read } from './bridge/handle'
export type { Recorder } from './bridge/recorder'
export { connect, type Session } from './bridge/session'
export type { CompilingWatcher, ConnectOptions, SessionCounters, SessionInfo } from './bridge/session-types'
export type { ArmNetworks } from './certification/arm-networks'
export { type CertifyOptions, certify } from './certification/certify'
export {
  type CertifiedArm,
  type CertifyDatasetOptions,
  certifyDataset,
} from './certification/certify-dataset'
export { certifyLaunched } from './certification/certify-launched'
export { chooseImages } from './certification/choose-images'
export { type ImagePrediction, type PredictOptions, predict } from './certification/predict'
export { type LoadSmoothedOptions, loadSmoothed } from './certification/prediction/load-smoothed'
export type {
  LoadedSmoothed,
  SmoothedPictures,
  SmoothedPredictOptions,
} from './certification/prediction/loaded-smoothed'
export type { PreliminaryAnswer, SmoothedAnswer } from './certification/prediction/smoothed-answer'
export { type SoftLabelsOptions, writeSoftLabels } from './certification/soft-labels'
export {
  certifyFromCounts,
  type EstimateOptions,
  type LowerBound,
  type Prediction,
  predictFromCounts,
} from './certification/statistics'
export { type ExperimentProgram, experimentProgram } from './cli/experiment-program'
export {
  type OwnProgram,
  type ProgramContext,
  type ProgramOption,
  type ProgramOptions,
  type ProgramValues,
  runProgram,
} from './cli/own-program'
export { type TrainProgram, trainProgram } from './cli/train/program'
export { ablations } from './config/ablations'
export type { DiffusionPresetOptions } from './config/diffusion/preset'
export { DIGITS_NETWORKS } from './config/digits-networks'
export type { OwnPresetOptions } from './config/own-preset'
export {
  type Cifar10PresetOptions,
  type DigitsPresetOptions,
  type ImagenetPresetOptions,
  presets,
} from './config/presets'
export {
  type AnyRunConfig,
  certificationOf,
  parseCertificationConfig,
  parseConfig,
  parseUnknownConfig,
  type RunConfig,
  type RunConfigOf,
} from './config/schema'
export type { ImageSize } from './config/sources/image-size'
export type { Table1Scale } from './config/table1'
export type {
  SomeSettings,
  Table1PresetFunction,
  Table1PresetOptions,
  Table1Presets,
} from './config/table1/presets'
export type * from './config/types/certification'
export type {
  ClassifierConfig,
  ClassifierConfigInput,
  FullTuning,
  FullTuningInput,
  LenetClassifier,
  LenetClassifierInput,
  LoraTuning,
  LoraTuningInput,
  NoneClassifier,
  NoneClassifierInput,
  PythonClassifier,
  PythonClassifierInput,
  Resnet110Classifier,
  Resnet110ClassifierInput,
  TimmClassifier,
  TimmClassifierInput,
  TransformersClassifier,
  TransformersClassifierInput,
  TuningConfig,
  TuningConfigInput,
} from './config/types/classifier'
export type {
  Cifar10Data,
  Cifar10DataInput,
  DataConfig,
  DataConfigInput,
  DigitsData,
  DigitsDataInput,
  FolderData,
  FolderDataInput,
  ImagenetData,
  ImagenetDataInput,
  MnistData,
  MnistDataInput,
  SyntheticData,
  SyntheticDataInput,
} from './config/types/data'
export type { Json as JsonSettings } from './config/types/json'
export type {
  AttackConfig,
  AttackConfigInput,
  CalibrationMethod,
  CalibrationMethodInput,
  CatRsMethod,
  CatRsMethodInput,
  ConsistencyMethod,
  ConsistencyMethodInput,
  CrossEntropyMethod,
  CrossEntropyMethodInput,
  DdnAttack as DdnAttackSettings,
  DdnAttackInput,
  DenoiserMethod,
  DenoiserMethodInput,
  DiffusionMethod,
  DiffusionMethodInput,
  DiverseEnsembleMethod,
  DiverseEnsembleMethodInput,
  FtCadisMethod,
  FtCadisMethodInput,
  GaussianMethod,
  GaussianMethodInput,
  MacerMethod,
  MacerMethodInput,
  MethodConfig,
  MethodConfigInput,
  PgdAttack,
  PgdAttackInput,
  PixelDpMethod,
  PixelDpMethodInput,
  RouterMethod,
  RouterMethodInput,
  ScoreMethod,
  ScoreMethodInput,
  SelectorMethod,
  SelectorMethodInput,
  SmoothAdvMethod,
  SmoothAdvMethodInput,
  SmoothMixMethod,
  SmoothMixMethodInput,
  StabilityMethod,
  StabilityMethodInput,
} from './config/types/method'
export type {
  AdamwOptimizer,
  AdamwOptimizerInput,
  CheckpointsConfig,
  CheckpointsConfigInput,
  CosineSchedule,
  CosineScheduleInput,
  ListedSchedule,
  ListedScheduleInput,
  OptimisationConfig,
  OptimisationConfigInput,
  OptimizerConfig,
  OptimizerConfigInput,
  ScheduleConfig,
  ScheduleConfigInput,
  SgdOptimizer,
  SgdOptimizerInput,
  StepsSchedule,
  StepsScheduleInput,
} from './config/types/optimisation'
export type {
  CertificationRunConfig,
  CertificationRunConfigInput,
  RunConfigInput,
  RunSettings,
} from './config/types/run'
export type {
  DenoiserConfig,
  DenoiserConfigInput,
  DiffusersDenoiser,
  DiffusersDenoiserInput,
  DncnnDenoiser,
  DncnnDenoiserInput,
  MemnetDenoiser,
  MemnetDenoiserInput,
  NoneDenoiser,
  NoneDenoiserInput,
  OpenaiDenoiser,
  OpenaiDenoiserInput,
  SmoothingConfig,
  SmoothingConfigInput,
} from './config/types/smoothing'
export type { Interpreter } from './environment/interpreter'
export type { LaunchRank } from './environment/launch-rank'
export { type SetupOptions, type SetupResult, setup } from './environment/setup'
export {
  BrokenCertificateError,
  CheckpointError,
  ConfigError,
  DataError,
  type ErrorDetails,
  FtCadisError,
  InterruptedError,
  NonFiniteLossError,
  PythonError,
  PythonExitError,
  type PythonFailure,
  PythonStartError,
  RankLostError,
  ShapeError,
} from './errors'
export type { CertificationRow } from './logs/certification-log'
export type { CertificationLog } from './logs/certification-log-file'
export type { CertificationWatcher } from './logs/certification-watcher'
export { mergeShards } from './logs/merge-shards'
export { type Finding, type Outcome, radiusOf } from './logs/outcome'
export type { Shard } from './logs/shards'
export { type DdnAttack, ddnAttack } from './objectives/attacks/ddn-attack'
export { type PgdInputs, type PgdOptions, pgdAttack } from './objectives/attacks/pgd-attack'
export { type ShiftAttack, type ShiftInputs, shiftAttack } from './objectives/attacks/shift-attack'
export {
  defineHook,
  type HookDefinition,
  type HookFunction,
  type HookParameters,
} from './objectives/define-hook'
export { type SettingsInForce, withEpsilon } from './objectives/ft-cadis/epsilon'
export type { FtCadisForm, FtCadisLossTerm, SelectionRule } from './objectives/ft-cadis/ft-cadis'
export { type Selection, type SelectionOptions, selectImages } from './objectives/ft-cadis/select-images'
export { logProbabilities } from './objectives/log-probabilities'
export { crossEntropy, klDivergence, softCrossEntropy } from './objectives/losses'
export type { MetricDescription, MetricTable, MetricValues } from './objectives/metrics'
export {
  type AnyObjective,
  defineObjective,
  type Evaluation,
  type EvaluationInputs,
  type Footprint,
  type Form,
  type Loss,
  type LossTerm,
  type Metric,
  type Objective,
  type Passes,
  type Rule,
  type SimpleForm,
  type StepInputs,
  type TrainedNetworks,
} from './objectives/objective'
export { findCheckpoint } from './runs/find-checkpoint'
export { type ListedCheckpoint, listCheckpoints } from './runs/list-checkpoints'
export { listRuns, type RunSummary, type UnreadableRun } from './runs/list-runs'
export type { RunPlan } from './runs/plan-run'
export { type Metrics, readMetrics } from './runs/read-metrics'
export { type RunCondition, type RunMetadata, type RunRecord, type RunStatus, readRun } from './runs/read-run'
export type { NamedRun } from './runs/report/run-curves'
export { runReport } from './runs/report/run-report'
export type { EpochReport, RunEnd, RunStart, RunWatcher, UpdateReport } from './runs/reports'
export { type DenoisedSamples, denoisedSamples, type SampleOptions } from './runs/watchers/denoised-samples'
export { eventFiles } from './runs/watchers/event-files'
export { noiseScheduleOf, toSymmetric } from './smoothing/denoise'
export { type NoiseLevel, type NoiseSchedule, noiseLevel } from './smoothing/noise-level'
export { readSmoothed, type Smoothed, type SmoothedMetadata, writeSmoothed } from './smoothing/smoothed-file'
export type { SmoothedInput } from './smoothing/smoothed-input'
export {
  drawNoise,
  type Noise,
  noisy,
  type Smoothing,
  seen,
  seenCopies,
  smoothingOf,
} from './smoothing/smoothing'
export { loadTrainedClassifier, type TrainedRun } from './smoothing/trained-classifier'
export { type Bound, gaussianBound } from './statistics/bound'
export { lowerConfidenceBound } from './statistics/confidence-bound'
export { type Progress, progressBar } from './terminal/progress'
export * as torch from './torch'
export { defineConfig, type RunDefinition, type RunDefinitionInput } from './training/define-config'
export { type DryRun, dryRun } from './training/dry-run'
export { type EvaluateOptions, evaluate } from './training/evaluate'
export type { FinetuneHooks } from './training/hooks'
export type { Hyperparameters, Schedule } from './training/hyperparameters'
export { type LearningRateSchedule, learningRate } from './training/schedules'
export { type SyntheticOptions, syntheticRun } from './training/synthetic'
export { type FinetuneResult, finetune } from './training/train'
