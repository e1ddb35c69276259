import type { Problem } from '../rules'

/** The settings that noise after the first layer must agree with. */
export interface NoiseAfterSetting {
  readonly smoothing: {
    readonly noiseAfter?: string | undefined
    readonly denoiser: { readonly source: string }
  }
  readonly certification: {
    readonly procedure?: { readonly kind: string } | undefined
    readonly noise: string
    readonly compile: boolean
  }
  readonly ensemble?: object | undefined
}

/** Returns the settings that prevent certification of noise after the first layer. */
export function problemsOfNoiseAfter({ smoothing, certification, ensemble }: NoiseAfterSetting): Problem[] {
  const { noiseAfter, denoiser } = smoothing
  if (noiseAfter === undefined) return []
  const { procedure = { kind: 'certify' }, noise, compile } = certification
  const with_ = `with smoothing.noiseAfter ${noiseAfter}`
  return [
    ...when(denoiser.source !== 'none', {
      path: 'smoothing.denoiser.source',
      message: `expected none ${with_}, since a denoiser is for noisy images, got ${denoiser.source}`,
    }),
    ...when(!['certify', 'pixel-dp'].includes(procedure.kind), {
      path: 'certification.procedure.kind',
      message: `expected certify or pixel-dp ${with_}, got ${procedure.kind}`,
    }),
    ...when(noise !== 'gaussian', {
      path: 'certification.noise',
      message: `expected gaussian ${with_}, whose sensitivity is of the ℓ2 norm, got ${noise}`,
    }),
    ...when(compile, {
      path: 'certification.compile',
      message: `expected false ${with_}, since the network is run from its second layer on, got true`,
    }),
    ...when(ensemble !== undefined, {
      path: 'ensemble',
      message: `expected none ${with_}, since each classifier has its own first layer, got several classifiers`,
    }),
  ]
}

/** Returns conflicts between a training and the layer that its noise is added after. Choices without effect are conflicts too. */
export function problemsOfNoiseAfterInTraining({
  smoothing: { noiseAfter },
  method,
  tuning,
  compile,
  activationCheckpointing,
}: Pick<NoiseAfterSetting, 'smoothing'> & {
  readonly method: {
    readonly kind: string
    readonly parsevalBeta?: unknown
    readonly parsevalLoops?: unknown
  }
  readonly tuning: { readonly kind: string }
  readonly compile: string
  readonly activationCheckpointing: boolean
}): Problem[] {
  const isPixelDp = method.kind === 'pixel-dp'
  if (noiseAfter === undefined) {
    return (['parsevalBeta', 'parsevalLoops'] as const).flatMap(field =>
      when(isPixelDp && method[field] !== undefined, {
        path: `method.${field}`,
        message: `expected smoothing.noiseAfter first-layer beside it, since no layer is before the noise on an image, got ${method[field]}`,
      }),
    )
  }
  const with_ = `with smoothing.noiseAfter ${noiseAfter}`
  return [
    ...when(!isPixelDp, {
      path: 'smoothing.noiseAfter',
      message: `expected none for the method ${method.kind}, got ${noiseAfter}, which pixel-dp trains with`,
    }),
    ...when(tuning.kind !== 'full', {
      path: 'tuning.kind',
      message: `expected full ${with_}, since its first layer is trained, got ${tuning.kind}`,
    }),
    ...when(compile !== 'none', {
      path: 'compile',
      message: `expected none ${with_}, since the network is run from its second layer on, got ${compile}`,
    }),
    ...when(activationCheckpointing, {
      path: 'activationCheckpointing',
      message: `expected false ${with_}, since the network is run from its second layer on, got true`,
    }),
  ]
}

function when(applies: boolean, problem: Problem): Problem[] {
  return applies ? [problem] : []
}
