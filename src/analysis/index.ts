/** Reading certification logs: certified accuracy, tables, charts and pages, the paper's own numbers. */
export {
  type CertificationRow,
  type CertifiedImage,
  labelRadius,
  type ParsedLog,
  parseLog,
} from '../logs/certification-log'
export { type CertificationLog, readCertificationLog } from '../logs/certification-log-file'
export {
  type CertificationConfiguration,
  type LogMetadata,
  metadataPath,
} from '../logs/certification-log-metadata'
export { accuracyTable, acrBySeedTable, type LabelledLogs, overSeeds } from './accuracy-table'
export { analysisPage, curvesChart } from './analysis-page'
export { type Analysis, type AnalyzeOptions, analyze } from './analyze'
export {
  abstentionRate,
  averageCertifiedRadius,
  type ClassAccuracy,
  certifiedAccuracy,
  certifiedAccuracyPerClass,
  highProbabilityAccuracy,
  lInfinityCertifiedAccuracy,
  lInfinityRadius,
  type Rows,
} from './certified-accuracy'
export { svgToPdf } from './chart/pdf'
export { svgToPng } from './chart/png'
export type { ChartSize } from './chart/svg'
export { type BestRun, bestOverRuns, type SeedLogs } from './envelope'
export type { HighProbabilityOptions } from './high-probability'
export { type KnownSetting, type KnownSettings, knownSettings } from './known-settings'
export type { Epsilon } from './measures'
export {
  type CurveOptions,
  type MetricPanel,
  type MetricPoint,
  type MetricSeries,
  metricChart,
} from './metric-curves'
export {
  comparePaired,
  type PairedComparison,
  type PairedComparisonOptions,
  type PairedDifference,
} from './paired-comparison'
export {
  PAPER,
  type PaperCost,
  type PaperRow,
  type PaperTable,
  paperCosts,
  paperTable,
  paperTableNames,
} from './paper-tables'
export {
  type Curve,
  type CurvePoint,
  certifiedAccuracyChart,
  certifiedAccuracyCurves,
  certifiedAccuracyFigure,
  type EnvelopeLogs,
} from './plots'
export {
  type Chart,
  type Fact,
  type GridImage,
  type ImageGrid,
  type Report,
  type ReportSection,
  renderReport,
} from './report'
export { groupLogs, type LabelledLog, type Method, type Run } from './runs'
export type { LatexOptions } from './table/latex-table'
export {
  type Cell,
  type Column,
  type MeanAndDeviation,
  renderTable,
  renderTables,
  TABLE_FORMATS,
  type Table,
  type TableFormat,
  type WithClean,
} from './tables'
export { expectedChart, expectedTable, shareChart } from './votes/charts'
export { type ExpectedFigures, expectedFigures, type LabelShare, labelShares } from './votes/shares'
