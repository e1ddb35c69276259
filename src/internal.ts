/**
 * The parts that the package is made of, for programs that take it apart. They change without notice: what is at the root
 * and under the other entry points does not.
 */
export { requireComparable, requireSameImages, requireSeeds } from './analysis/log-differences'
export { fileName, isPartial, logNames } from './analysis/runs'
export type { AveragedLogs } from './analysis/same-images'
export { formatCell, isNumeric, requireRectangular } from './analysis/tables'
export { attackResult } from './attack/attack'
export { formatAttackRow, type ParsedAttacks, parseAttacks } from './attack/attack-log'
export { AttackLogWriter, readAttackLog } from './attack/attack-log-file'
export { findChanges } from './attack/find-changes'
export {
  accuracyUnderAttack,
  accuracyWithCertificate,
  pairWithAttacks,
  requireUnbroken,
  statedClass,
} from './attack/gap'
export { gapChart, gapTable } from './attack/gap-chart'
export { ATTACK_DEFAULTS, planAttack } from './attack/plan-attack'
export type { CallSite } from './bridge/call-site'
export { Handle, PlainHandle } from './bridge/handle'
export { Procedure } from './bridge/procedure'
export type { Instruction, Parameters, Plain } from './bridge/program'
export type { RecordManyOptions, RecordOptions } from './bridge/recorder'
export type { Make, Recorded, Recording } from './bridge/recording'
export type * from './certification/adaptive/adaptive-run'
export {
  type GridCertificate,
  GridCertification,
  type GridCertificationOptions,
  GridRun,
  gridRadii,
  type RadiusDecision,
} from './certification/adaptive/grid-certification'
export {
  type SizedCertificate,
  SizedCertification,
  type SizedCertificationOptions,
  SizedRun,
} from './certification/adaptive/sized-certification'
export {
  type AcesCertifierOptions,
  acesCertifier,
  CORE_LINE,
  SELECTOR_BALLOT,
} from './certification/certifiers/aces'
export { type AtRadiusCertifierOptions, atRadiusCertifier } from './certification/certifiers/at-radius'
export {
  type CascadeCertifierOptions,
  type CascadeScale,
  cascadeCertifier,
} from './certification/certifiers/cascade'
export type { Ask, Certifier, Steps, Tally } from './certification/certifiers/certifier'
export { type CohenOptions, cohenCertifier } from './certification/certifiers/cohen'
export { type GridCertifierOptions, gridCertifier } from './certification/certifiers/grid'
export {
  type PixelDpOptions,
  pixelDpCertifier,
  pixelDpFromScores,
  pixelDpFromVotes,
  pixelDpScoresCertifier,
} from './certification/certifiers/pixel-dp'
export { type PredictCertifierOptions, predictCertifier } from './certification/certifiers/predict'
export { type RouterCertifierOptions, routerCertifier } from './certification/certifiers/router'
export { type SizedCertifierOptions, sizedCertifier } from './certification/certifiers/sized'
export { defaultLogPath } from './certification/certify'
export {
  type CertificationDryRun,
  type CertificationPlan,
  dryRunCertification,
} from './certification/dry-run'
export { expectedCopies } from './certification/expected-copies'
export { type Guarantee, type GuaranteeOptions, guaranteeOf } from './certification/guarantee'
export {
  type Arithmetic,
  type InferenceNetworks,
  inferenceNetworks,
} from './certification/inference-networks'
export { imageTransform } from './certification/predict'
export type { Looked, ProcedureChoice, ProcedureSettings } from './certification/procedure'
export { certifiersOf, procedureOf } from './certification/procedure'
export {
  type CertifiedItem,
  type CertifyImagesOptions,
  certifyImages,
} from './certification/queue/certify-images'
export type { CopyQueueOptions } from './certification/queue/copy-queue'
export type { ImageAtHand } from './certification/queue/image-at-hand'
export { type Line, MAIN_LINE, type QueueLine } from './certification/queue/line'
export type { PassSize } from './certification/queue/pass-size'
export type { Pass, PassRun, RestPass, ScoreVotes } from './certification/queue/passes'
export type { OpenVotes } from './certification/queue/rest-request'
export type { CopyRange, Labels } from './certification/queue/waiting-copies'
export { requireCertifiable } from './certification/require-certifiable'
export { leadingClass, type TopTwo } from './certification/statistics'
export { type Aggregation, aggregatedClass } from './certification/voters/aggregate'
export { armBallot, armsVoter } from './certification/voters/arms'
export { consensusVoter } from './certification/voters/consensus'
export { type EnsembleVoterOptions, ensembleVoter, type Members } from './certification/voters/ensemble'
export {
  type SelectorVoterOptions,
  selectedByEntropy,
  selectedByNetwork,
  selectorVoter,
} from './certification/voters/selector'
export { singleVoter } from './certification/voters/single'
export type * from './certification/voters/voter'
export { type EnsembleVote, voterOf } from './certification/voters/voter-of'
export type { HookTrace, HookTraces } from './config/hook-trace'
export type { PgdSettings } from './config/methods/attack-fields'
export type { Cifar10OpenValues, ImagenetOpenValues } from './config/presets'
export {
  certificationRunSchema,
  parseConfigWith,
  parseStoredConfig,
  requireMethod,
  runSchema,
} from './config/schema'
export type { InterpreterOptions } from './environment/interpreter'
export type { OnLine } from './environment/run-lines'
export type { ResolvedArm, ResolveOptions } from './experiments/arms'
export type { ImageSamples } from './experiments/image-samples'
export type { TrainingMetadata } from './experiments/training-metadata'
export type { Lock } from './files/lock'
export { ABSTAIN } from './logs/abstain'
export {
  type AcesParts,
  type AcesRadiusZeroRule,
  acesFinding,
  type CertifiedClass,
  SELECTED,
} from './logs/aces-finding'
export { formatRow, LOG_HEADER, type LoggedRow, rowOf, rowParser } from './logs/certification-log'
export { CertificationLogWriter, type NewLogMetadata } from './logs/certification-log-file'
export {
  type FamilyWise,
  familyWiseOf,
  type Json,
  type JsonObject,
  LOG_FORMAT,
} from './logs/certification-log-metadata'
export {
  formatIndices,
  type ImagePlan,
  imagePlan,
  parseIndices,
  planDigest,
  type Share,
} from './logs/image-plan'
export { type Draw, type Evidence, predictionOf, sparseCounts } from './logs/outcome'
export { dealt, planMetadata, shardPath } from './logs/shards'
export { accuracy } from './objectives/accuracy'
export { ACCURACY_METRICS } from './objectives/accuracy-metrics'
export type { AttackNoise } from './objectives/attack-noise'
export { pgdStep } from './objectives/attacks/pgd-attack'
export { type CatRsForm, catRs, catRsLosses } from './objectives/cat-rs/cat-rs'
export { drawBinomial, selectNoises, voteShares } from './objectives/cat-rs/select-noises'
export { type ConsistencyForm, consistency, consistencyLosses } from './objectives/consistency'
export {
  type CrossEntropyForm,
  crossEntropy as crossEntropyObjective,
  type GaussianForm,
  gaussian,
} from './objectives/cross-entropy'
export { calibrationTerms } from './objectives/denoiser/calibration-terms'
export { type DenoiserForm, denoiser } from './objectives/denoiser/denoiser'
export { posteriorMean, scoreErrors, scoreOf } from './objectives/denoiser/score-terms'
export { denoisedCrossEntropy, predictedClass, squaredError, turnOf } from './objectives/denoiser/terms'
export type { ObjectiveDescription } from './objectives/description'
export { type DiverseEnsembleForm, diverseEnsemble } from './objectives/diverse-ensemble/diverse-ensemble'
export { diverseEnsembleLoss } from './objectives/diverse-ensemble/loss'
export {
  type CountedMean,
  confidenceMargin,
  gradientDiversity,
  type MemberMargins,
  type MemberView,
  marginsOf,
  viewOf,
} from './objectives/diverse-ensemble/terms'
export {
  type AttackLosses,
  attackLosses,
  composeLosses,
  type Losses,
  type LossOptions,
} from './objectives/ft-cadis/compose'
export {
  type DenoiseAndClassifyOptions,
  type DenoisedBatch,
  denoiseAndClassify,
} from './objectives/ft-cadis/denoise-and-classify'
export { type EpsilonSchedule, epsilonAt } from './objectives/ft-cadis/epsilon'
export { ftCadis } from './objectives/ft-cadis/ft-cadis'
export {
  type FilledUp,
  forwardedImages,
  type SelectionTensors,
  selectionTensors,
} from './objectives/ft-cadis/selection-tensors'
export {
  consistencyTarget,
  klFromProbabilities,
  reduceOverNoises,
  selectiveCrossEntropy,
  totalLoss,
} from './objectives/losses'
export { type MacerForm, macer, macerLosses } from './objectives/macer'
export type {
  DecideContext,
  GivenContext,
  MetricContext,
  PrepareContext,
  Range,
  Sums,
} from './objectives/objective'
export type { Place, Position } from './objectives/place'
export { rampFactor } from './objectives/ramp'
export { findObjective, OBJECTIVES } from './objectives/registry'
export { type SmoothAdvForm, smoothAdv } from './objectives/smooth-adv'
export { smoothMixLosses } from './objectives/smooth-mix/mixture'
export { type SmoothMixForm, smoothMix } from './objectives/smooth-mix/smooth-mix'
export { type StabilityForm, stability, stabilityLosses } from './objectives/stability'
export {
  type Checkpoint,
  type CheckpointContent,
  readCheckpoint,
  readCheckpointPlace,
  TRAINER_FORMAT,
  type TrainerState,
  updateCheckpoint,
  writeCheckpoint,
} from './runs/checkpoint'
export { clearUnfinished } from './runs/list-checkpoints'
export { bestEpoch, isReadable } from './runs/list-runs'
export {
  certificationPasses,
  evaluationPasses,
  leavesCheckpoint,
  planRun,
  timesImages,
} from './runs/plan-run'
export { readLatestMetrics } from './runs/read-metrics'
export {
  type NonFiniteUpdate,
  type PlainObject,
  readRunMetadata,
  readState,
  readStatus,
  unsaidOfRun,
} from './runs/read-run'
export type { UpdateCost, UpdateMetrics } from './runs/reports'
export { RUN_PARTS, RunFolder, type RunState } from './runs/run-folder'
export { type DenoisedImage, denoisedImages, samplesOf, type Verdict } from './runs/watchers/denoised-samples'
export type { SamplesFile } from './runs/watchers/sample-files'
export type { RunData } from './smoothing/data-identity'
export { denoise, estimateClean, noiseLevelOf } from './smoothing/denoise'
export { alphasCumprod, betaSchedule } from './smoothing/noise-level'
export type { PassesOfCopy, Purification, ReverseStep } from './smoothing/purification'
export { type KnownSmoothed, unsaidOf } from './smoothing/smoothed-input'
export { denoiserOf, type Front, levelOf } from './smoothing/smoothing'
export { classifierSpec, datasetSpec, denoiserSpec } from './smoothing/specs'
export type { CountDistribution } from './statistics/binomial'
export type { ScoreSums } from './statistics/pixel-dp'
export {
  missesBetween,
  type OperatingCharacteristics,
  operatingCharacteristics,
  type SequentialTest,
} from './statistics/sequential-test'
export type { StreamName } from './streams'
export type { MemoryEstimate } from './training/dry-run'
export { optimiserSchedule } from './training/hyperparameters'
export {
  type ParameterGroup,
  type ParameterGroupOptions,
  type ParameterInfo,
  parameterGroups,
} from './training/parameter-groups'
export {
  absoluteLearningRate,
  type LearningRateSteps,
  peakLearningRate,
  type SteppedSchedule,
  steppedLearningRate,
  type WeightDecaySchedule,
  weightDecay,
} from './training/schedules'
export {
  type MicroBatchPlan,
  type RecordedSums,
  type StepRun,
  type StepRunner,
  type StepSums,
  stepRunner,
} from './training/step-runner'
export { type MicroBatchSums, trainUpdate, type UpdateOutcome, type UpdatePlan } from './training/train-step'
export type { TrainingState } from './training/training-state'
