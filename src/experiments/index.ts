export * from './comparison-report'
export type { NamedRun } from './run-curves'
export * from './run-report'
