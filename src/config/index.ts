export * from './ablations'
export * from './digits-networks'
export * from './presets'
export * from './schema'
