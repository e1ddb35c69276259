import type { Session } from '../../bridge'
import { packageVersion } from '../../files/package-version'
import { loadNetworks } from '../../smoothing/load-networks'
import { levelOf, smoothingOf } from '../../smoothing/smoothing'
import { loadingLine } from '../../terminal/progress'
import { exportOnnx } from '../../torch'
import { type About, imageShapeOf } from './describe-run'
import { writeExport } from './write-export'

/** Writes denoiser and classifier as one graph, and compares its logits with those of torch. */
export async function writeOnnx(
  session: Session,
  target: string,
  { about, licence }: { readonly about: About; readonly licence: string | undefined },
): Promise<void> {
  const { known, expected } = about
  const { config } = known
  // float32, as in torch, which the graph is compared with.
  const exact = {
    ...config,
    certification: { ...config.certification, dtype: 'float32', autocast: 'none' },
  } as const
  using loading = loadingLine({ isShown: true })
  loading.show('loading the networks')
  const { denoiser, classifier } = await loadNetworks(session, exact, { expected })
  const smoothing = smoothingOf(denoiser, config.smoothing.sigma)
  const level = levelOf(smoothing)
  const imageShape = known.imageShape ?? (await imageShapeOf(session, known))
  const withNoise = {
    ...about.known,
    noise: { timestep: level?.timestep ?? null, realisedSigma: level?.realisedSigma ?? null },
  }
  let difference = 0
  const details = {
    ...{ ...about, known: withNoise, imageShape, licence },
    remark: () => `; its logits are those of torch to ${difference.toPrecision(1)}`,
  }
  loading.show('writing the graph, and comparing it with torch')
  await writeExport('onnx', target, details, async unfinished => {
    const [found] = await session.compute(() => [
      exportOnnx(
        { denoiser, classifier },
        {
          ...{ folder: unfinished, imageShape, imageScale: smoothing.scales.image },
          oneShot: level && { noiseScale: smoothing.scales.noise, timestep: level.modelTimestep },
          metadata: {
            ...{ sigma: config.smoothing.sigma, realisedSigma: smoothing.realisedSigma },
            ...{ timestep: level?.timestep ?? null, classes: [...(known.classes ?? [])] },
            ...{ checkpoint: expected?.checkpoint ?? null, ftCadis: packageVersion() },
          },
        },
      ),
    ])
    difference = found ?? 0
    loading.end()
  })
  session.free([denoiser, classifier])
}
