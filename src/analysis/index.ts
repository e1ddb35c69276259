export * from './accuracy-table'
export * from './analysis-page'
export * from './analyze'
export * from './certification-log'
export {
  adaptiveOf,
  type CertificationConfiguration,
  type FamilyWise,
  factsPath,
  familyWiseOf,
  type Json,
  type JsonObject,
  type LogFacts,
} from './certification-log-facts'
export { type CertificationLog, CertificationLogWriter, readCertificationLog } from './certification-log-file'
export * from './certified-accuracy'
export * from './chart-png'
export type { ChartSize } from './chart-svg'
export * from './envelope'
export type { HighProbabilityOptions } from './high-probability'
export * from './image-plan'
export type { Epsilon } from './measures'
export * from './paired-comparison'
export * from './paper-tables'
export * from './plots'
export * from './report'
export * from './runs'
export * from './tables'
