export * from './adaptive-run'
export * from './grid-certification'
export * from './sequential-test'
export * from './sized-certification'
