import { pathToFileURL } from 'node:url'

/**
 * Options with which Node runs TypeScript: without type checks, which `npm run types` makes, and keeping what it has
 * compiled for the next process. For coverage ts-node: tsx writes a file as one line, which line counts cannot follow.
 */
export const TYPESCRIPT: readonly string[] = process.env.NODE_V8_COVERAGE
  ? ['-r', require.resolve('ts-node/register/transpile-only')]
  : ['--import', pathToFileURL(require.resolve('tsx')).href]
