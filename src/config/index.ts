export * from './ablations'
export * from './presets'
export * from './schema'
