import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { connect, type Session } from '../../src/bridge'
import {
  compiledGraphs,
  compileNetwork,
  expand,
  loadDenoiser,
  loadImageDenoiser,
  noGrad,
  tensor,
  uncompiled,
} from '../../src/torch'

const UNET = {
  source: 'openai',
  arguments: { num_channels: 32, num_res_blocks: 1, image_size: 32, channel_mult: '1' },
}

let session: Session
const printed: string[] = []
beforeAll(async () => {
  vi.stubEnv('FT_CADIS_COMPILE_BACKEND', 'eager')
  session = await connect({ device: 'cpu', threads: 1, onOutput: line => printed.push(line) })
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await session.close()
})

test('a compiled network has one graph for each size, none for no fixed size, and says when it compiles', async () => {
  const denoiser = await loadDenoiser(session, UNET)
  const pixel_CHW = Array.from({ length: 3 }, () => Array.from({ length: 32 }, () => Array(32).fill(0)))
  const look = (images: number) =>
    noGrad(session, () => {
      const image_CHW = tensor(session, pixel_CHW as number[][][], { axes: 'CHW' })
      denoiser.predictNoise(expand(image_CHW, { axis: 'N', count: images }), { timestep: 100 })
      return compiledGraphs(denoiser)
    })
  const compiling: boolean[] = []
  using _watched = session.watchCompiling(isCompiling => compiling.push(isCompiling))
  expect(await session.compute(() => look(3))).toEqual({ graphs: 0, symbolic: 0 })
  compileNetwork(denoiser, { compiled: true })
  expect(await session.compute(() => uncompiled(session, () => look(3)))).toEqual({ graphs: 0, symbolic: 0 })
  expect(compiling).toEqual([])
  expect(await session.compute(() => look(3))).toEqual({ graphs: 1, symbolic: 0 })
  await expect.poll(() => compiling).toEqual([true, false])
  expect(await session.compute(() => look(5))).toEqual({ graphs: 2, symbolic: 0 })
  expect(await session.compute(() => look(3))).toEqual({ graphs: 2, symbolic: 0 })
  await expect.poll(() => compiling).toEqual([true, false, true, false])
  // Not among what libraries print.
  expect(printed.filter(line => line.includes('compil'))).toEqual([])
  compileNetwork(denoiser, { compiled: false })
  expect(await session.compute(() => look(7))).toEqual({ graphs: 0, symbolic: 0 })
  session.free(denoiser)
}, 120_000)

test('a compiled denoiser of images makes the images that it makes uncompiled', async () => {
  const denoiser = await loadImageDenoiser(session, { source: 'dncnn', depth: 4, width: 6, channels: 1 })
  const clean = () =>
    session.compute(() =>
      noGrad(session, () => {
        const image_CHW = tensor(session, [[Array(8).fill(0.5), Array(8).fill(-0.5)]], { axes: 'CHW' })
        const clean_NCHW = denoiser.clean(expand(image_CHW, { axis: 'N', count: 2 }))
        return { clean_NCHW, made: compiledGraphs(denoiser) }
      }),
    )
  const plain = await clean()
  compileNetwork(denoiser, { compiled: true })
  const compiled = await clean()
  expect([plain.made, compiled.made]).toEqual([
    { graphs: 0, symbolic: 0 },
    { graphs: 1, symbolic: 0 },
  ])
  expect(compiled.clean_NCHW).toEqual(plain.clean_NCHW)
  session.free(denoiser)
}, 120_000)
