import { expect, it } from 'vitest'
import { GridCertification, SizedCertification } from '../../src/certification/adaptive'
import { adaptiveCertification, adaptiveSettings } from '../../src/certification/adaptive-settings'

it('are complete, for the log, and make the certification', () => {
  expect(adaptiveSettings({ adaptive: 'none', n: 1000 })).toBeUndefined()
  const options = { sigma: 0.5, alpha: 0.01, n: 300 }

  const grid = adaptiveSettings({ adaptive: { radii: [0, 0.5] }, n: 300 })
  expect(grid).toEqual({ kind: 'grid', radii: [0, 0.5], block: 16, worth: 1500 })
  const decided = adaptiveCertification(grid as never, options)
  expect(decided).toBeInstanceOf(GridCertification)
  expect((decided as GridCertification).tests).toHaveLength(2)

  const sized = adaptiveSettings({ adaptive: { maxRadiusLoss: 0.1 }, n: 300 })
  expect(sized).toEqual({ kind: 'sized', maxRadiusLoss: 0.1, block: 16 })
  const planned = adaptiveCertification(sized as never, options)
  expect(planned).toBeInstanceOf(SizedCertification)
  expect(planned.begin().next).toEqual({ votes: 300, stage: 'estimation' })
})
