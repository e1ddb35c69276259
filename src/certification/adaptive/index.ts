export * from '../../statistics/sequential-test'
export * from './adaptive-run'
export * from './grid-certification'
export * from './sized-certification'
