export * from './comparison-report'
export * from './denoised-samples'
