/**
 * ft-cadis: fine-tune off-the-shelf image classifiers for certified robustness under denoised smoothing, certify
 * them, and analyse the certificates.
 */
export * from './analysis'
export * from './attack'
export * from './bridge'
export * from './certification'
export { type TrainProgram, trainProgram } from './cli/train/program'
export * from './config'
export type { Interpreter } from './environment/interpreter'
export { type SetupOptions, type SetupResult, setup } from './environment/setup'
export * from './errors'
export * from './experiments'
export * from './objectives'
export * as torch from './torch'
export * from './training'
