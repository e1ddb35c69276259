import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { certificationOf, presets, type Session } from '../../src'
import { dryRunCertification } from '../../src/certification/dry-run'
import { renderDryRun } from '../../src/cli/certification-dry-run'
import { connectForTest } from '../support/digits'

let session: Session
beforeAll(async () => {
  session = await connectForTest()
})
afterAll(() => session.close())

it('says what a fixed n and adaptive votes would take, and leaves nothing behind', async () => {
  const source = certificationOf(presets.digits({ output: 'unused' }))
  const certification = { ...source.certification, n0: 20, n: 1000, batch: 40, images: { first: 50 } }
  const before = session.liveTensors()
  const { counters } = session
  const found = await dryRunCertification(session, { ...source, certification })
  expect(session.liveTensors()).toBe(before)
  const [fixed, adaptive] = found.plans
  expect(found).toMatchObject({ images: 50, pass: 32 })
  expect(fixed).toMatchObject({ copies: 50 * 1020, passes: Math.ceil((50 * 1020) / 32) })
  expect(fixed?.seconds).toBeCloseTo(found.secondsPerPass * (fixed?.passes ?? 0))
  expect(adaptive?.procedure.kind).toBe('grid')
  expect(adaptive?.copies).toBeLessThan(fixed?.copies ?? 0)
  // Two passes to warm up, ten that are timed, and a few answers of loading.
  expect(counters.roundTrips).toBeLessThan(40)

  const hour = found.plans.map(plan => ({ ...plan, seconds: 3600 }))
  const shown = renderDryRun({ ...found, plans: hour }, { pricePerHour: 3.6 })
  expect(shown).toContain('50 images, sigma')
  expect(shown).toMatch(/fixed n +│ +1,020 │ +51,000 │ +1,594 │ +1 h 00 min │ +3.60/)
  expect(renderDryRun(found)).not.toContain('cost')
})

it('is about the share of a shard', async () => {
  const source = certificationOf(presets.digits({ output: 'unused' }))
  const certification = { ...source.certification, n0: 16, n: 96, batch: 64, images: { first: 5 } }
  const shard = { number: 2, of: 2 }
  const found = await dryRunCertification(session, { ...source, certification }, { shard })
  expect(found.images).toBe(2)
  expect(found.plans[0]?.copies).toBe(2 * 112)
})

it('times the noise of the settings, and plans no adaptive votes where these are refused', async () => {
  const source = certificationOf(presets.digits({ output: 'unused' }))
  const noise = 'discrete-gaussian' as const
  const certification = { ...source.certification, noise, n0: 16, n: 96, batch: 64, images: { first: 5 } }
  const before = session.liveTensors()
  const recorded = vi.spyOn(session, 'record')
  const { plans } = await dryRunCertification(session, { ...source, certification })
  expect(recorded.mock.calls.map(([operation]) => operation)).toContain('stepped_of_runs')
  expect(session.liveTensors()).toBe(before)
  expect(plans.map(({ procedure }) => procedure.kind)).toEqual(['certify'])
})
