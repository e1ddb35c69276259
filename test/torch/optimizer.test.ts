import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Session, torch } from '../../src'
import { connectForTest, DENOISER } from '../support/digits'
import { readTensors } from '../support/run-files'

const NETWORK = join(__dirname, '..', 'support', 'batch_norm_network.py')

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

it('SGD adds weight decay to the gradient, keeps a momentum, and continues with it from a file', async () => {
  const load = () =>
    torch.loadClassifier(session, {
      ...{ source: 'python', file: NETWORK, factory: 'seeded', tuning: { kind: 'full' } },
    })
  const begin = async () => {
    const classifier = await load()
    const groups = [{ parameters: 'all', learningRate: 0.1, weightDecay: 0.01 }] as const
    return { classifier, optimizer: torch.sgd(classifier, groups, { momentum: 0.9 }) }
  }
  const step = ({ classifier, optimizer }: Awaited<ReturnType<typeof begin>>, scale: number) =>
    session.compute(() => {
      const image_NCHW = torch.tensor(session, [[Array(8).fill(Array(8).fill(scale))]], { axes: 'NCHW' })
      torch.backward(torch.sum(torch.square(classifier.classify(image_NCHW))))
      const norm = optimizer.gradientNorm()
      optimizer.step()
      optimizer.zeroGradients()
      return norm
    })
  const weights = async (classifier: torch.Classifier, name: string) => {
    await classifier.save(join(folder, name))
    return readTensors(join(folder, name, 'model.safetensors'))
  }
  const whole = await begin()
  await step(whole, 0.5)
  whole.optimizer.save(join(folder, 'sgd.safetensors'))
  const between = await weights(whole.classifier, 'between')
  const momentum = await readTensors(join(folder, 'sgd.safetensors'))
  expect([...momentum.keys()]).toContain('4.bias.momentum_buffer')
  await step(whole, -0.5)
  const after = await weights(whole.classifier, 'after')

  const resumed = await begin()
  resumed.optimizer.load(join(folder, 'sgd.safetensors'))
  await session.flush()
  // The weights of a fresh network are those before the first step: with a step of no gradient they move by the momentum alone.
  const fresh = await weights(resumed.classifier, 'fresh')
  const bias = (tensors: Map<string, Float32Array>) => tensors.get('4.bias')?.[3] ?? Number.NaN
  const first = momentum.get('4.bias.momentum_buffer')?.[3] ?? Number.NaN
  // w - lr (g + decay · w), and the momentum after the first step is that gradient.
  expect(bias(between)).toBeCloseTo(bias(fresh) - 0.1 * first, 6)
  await session.compute(() => {
    const image_NCHW = torch.tensor(session, [[Array(8).fill(Array(8).fill(0))]], { axes: 'NCHW' })
    const zero = torch.mul(torch.sum(resumed.classifier.classify(image_NCHW)), 0)
    torch.backward(zero)
    resumed.optimizer.step()
    return zero
  })
  const moved = await weights(resumed.classifier, 'moved')
  expect(bias(moved)).toBeCloseTo(bias(fresh) - 0.1 * (0.9 * first + 0.01 * bias(fresh)), 6)
  expect(bias(after)).not.toBe(bias(between))
  session.free([whole.classifier, whole.optimizer, resumed.classifier, resumed.optimizer])
})
