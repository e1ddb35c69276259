export * from '../runs/checkpoint'
export * from '../runs/list-runs'
export * from '../runs/plan-run'
export * from '../runs/read-metrics'
export * from '../runs/read-run'
export * from '../runs/reports'
export * from '../runs/run-folder'
export * from '../runs/watchers/denoised-samples'
export * from '../runs/watchers/event-files'
export * from '../smoothing/specs'
export * from '../smoothing/trained-classifier'
export * from './dry-run'
export * from './evaluate'
export * from './hooks'
export type { MicroBatchPlan, UpdateEnd, UpdatePlan } from './micro-batch'
export * from './parameter-groups'
export * from './scheduled'
export * from './schedules'
export {
  type InspectNextInputs,
  type LearnInputs,
  type StepProcedures,
  stepProcedures,
} from './step-procedures'
export * from './synthetic'
export * from './train'
export * from './train-step'
export * from './trainee'
export type { MicroBatchSums, Sums, UpdateSums } from './update-sums'
