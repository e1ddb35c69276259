export * from '../files/write'
export * from './checkpoint'
export * from './denoised-samples'
export * from './dry-run'
export * from './evaluate'
export * from './event-files'
export * from './hooks'
export * from './list-runs'
export type { MicroBatchPlan, UpdateEnd, UpdatePlan } from './micro-batch'
export * from './parameter-groups'
export * from './plan-run'
export * from './read-metrics'
export * from './read-run'
export * from './reports'
export * from './run-folder'
export * from './schedules'
export * from './specs'
export {
  type InspectNextInputs,
  type LearnInputs,
  type StepProcedures,
  stepProcedures,
} from './step-procedures'
export * from './synthetic'
export * from './train'
export * from './train-step'
export * from './trained-classifier'
export * from './trainee'
export type { MicroBatchSums, Sums, UpdateSums } from './update-sums'
