/**
 * Runs a TypeScript program as a launched rank, which starts in a fifth of the time that ts-node takes:
 *
 *     ft-cadis launch … -- test/support/under-tsx.js <program.ts> <words>
 *
 * For coverage by ts-node, as in typescript.ts.
 */
const { runMain } = require('node:module')
const { resolve } = require('node:path')

require(process.env.NODE_V8_COVERAGE ? 'ts-node/register/transpile-only' : 'tsx/cjs')
const [node, , program, ...words] = process.argv
process.argv = [node, resolve(program), ...words]
runMain()
