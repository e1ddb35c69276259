import { mergeConfig } from 'vitest/config'
import config from './vitest.config.mjs'

/** The test suite with coverage of its own processes and, as V8 writes it, of the Node programs that it starts. */
export default mergeConfig(config, {
  test: {
    env: { NODE_V8_COVERAGE: `${import.meta.dirname}/coverage/programs` },
    coverage: { include: ['src/**'], reporter: ['json', 'text'], reportOnFailure: true },
  },
})
