import { expect, it } from 'vitest'
import type { z } from 'zod'
import type {
  CertificationRunConfig,
  CertificationRunConfigInput,
  RunConfig,
  RunConfigInput,
} from '../../src'
import type { certificationRunSchema, runSchema } from '../../src/config/schema'

/** Whether each of two types fits where the other is asked for. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

it('the written types of settings are those of the schemas, which the compiler checks', () => {
  const same: [
    Same<RunConfigInput, z.input<typeof runSchema>>,
    Same<RunConfig, z.output<typeof runSchema>>,
    Same<CertificationRunConfigInput, z.input<typeof certificationRunSchema>>,
    Same<CertificationRunConfig, z.output<typeof certificationRunSchema>>,
  ] = [true, true, true, true]
  expect(same).toEqual([true, true, true, true])
})
