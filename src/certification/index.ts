export * from './certify-dataset'
export * from './certify-image'
export * from './statistics'
export * from './vote-counts'
