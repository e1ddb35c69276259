export * from '../logs/certification-log'
export {
  type CertificationLog,
  CertificationLogWriter,
  type NewLogMetadata,
  readCertificationLog,
} from '../logs/certification-log-file'
export {
  type CertificationConfiguration,
  type FamilyWise,
  familyWiseOf,
  type Json,
  type JsonObject,
  LOG_FORMAT,
  type LogMetadata,
  metadataPath,
} from '../logs/certification-log-metadata'
export * from '../logs/image-plan'
export * from './accuracy-table'
export * from './analysis-page'
export * from './analyze'
export * from './certified-accuracy'
export * from './chart-png'
export type { ChartSize } from './chart-svg'
export * from './envelope'
export type { HighProbabilityOptions } from './high-probability'
export { type KnownSetting, type KnownSettings, knownSettings } from './known-settings'
export { requireComparable, requireSameImages, requireSeeds } from './log-differences'
export type { Epsilon } from './measures'
export {
  type CurveOptions,
  type MetricPanel,
  type MetricPoint,
  type MetricSeries,
  metricChart,
} from './metric-curves'
export * from './paired-comparison'
export * from './paper-tables'
export {
  type CurvePoint,
  certifiedAccuracyChart,
  certifiedAccuracyCurves,
  certifiedAccuracyFigure,
} from './plots'
export * from './report'
export * from './runs'
export * from './tables'
