import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Session, torch } from '../../src'
import { connectForTest, DENOISER } from '../support/digits'
import { readTensors } from '../support/run-files'

let session: Session
let folder: string
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-optimizer-'))
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

it('a moving average starts at the weights of its first update, and moves towards those of the next', async () => {
  const denoiser = await torch.loadDenoiser(session, { source: 'diffusers', path: DENOISER })
  denoiser.makeTrainable()
  const rate = { learningRate: 0.01, weightDecay: 0 }
  const optimizer = torch.adamW(denoiser, [{ parameters: 'all', ...rate }])
  const average = torch.movingAverage(denoiser, { decay: 0.75 })
  const weights = async (name: string, network: torch.Denoiser) => {
    await network.save(join(folder, name))
    return readTensors(join(folder, name, 'diffusion_pytorch_model.safetensors'))
  }
  const before = await weights('before', denoiser)
  await session.compute(() => {
    const like_NCHW = torch.tensor(session, [[Array(8).fill(Array(8).fill(0))]], { axes: 'NCHW' })
    const noise_NCHW = torch.randnLike(like_NCHW, torch.generator(session, 1))
    const error = torch.mean(torch.square(denoiser.predictNoise(noise_NCHW, { timestep: 3 })))
    torch.backward(error)
    average.update()
    optimizer.step()
    average.update()
    return error
  })
  const after = await weights('after', denoiser)
  const averaged = await weights('average', average.network())
  expect([...averaged.keys()]).toEqual([...before.keys()])
  let moved = 0
  for (const [name, values] of averaged) {
    const [from, to] = [before.get(name), after.get(name)]
    values.forEach((value, i) => {
      const expected = 0.75 * (from?.[i] as number) + 0.25 * (to?.[i] as number)
      if (Math.abs(value - expected) > 1e-6)
        throw new Error(`${name}[${i}] is ${value}, expected ${expected}`)
      if (from?.[i] !== to?.[i]) moved += 1
    })
  }
  expect(moved).toBeGreaterThan(100_000)
  session.free([denoiser, optimizer, average])
})
