import { pathToFileURL } from 'node:url'

/**
 * Options with which Node runs TypeScript: without type checks, which `npm run types` makes, and keeping what it has
 * compiled for the next process.
 */
export const TYPESCRIPT = ['--import', pathToFileURL(require.resolve('tsx')).href] as const
