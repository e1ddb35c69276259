import type { CertificationConfig } from '../../config/schema'
import { expertName, ROUTER } from '../../logs/outcome'
import { purificationOf } from '../../smoothing/purification'
import type { Noise } from '../../smoothing/smoothing'
import { linesOf, lookedOf, scalesOf } from '../arm-lines'
import { type Certifier, cohenCertifier, predictCertifier, routerPredictCertifier } from '../certifiers'
import { boundOf } from '../guarantee'
import type { DrawnNoise } from '../noise'
import { certifiersOf, procedureOf } from '../procedure'
import type { Line } from '../queue/line'
import type { OpenedSmoothed } from './open-smoothed'

/**
 * The networks that vote on images outside a data set, and the statements from their votes: CERTIFY and PREDICT, for one classifier or a
 * router.
 */
export interface Asked {
  readonly lines: Readonly<Record<string, Line>>
  readonly certifiers: readonly [Certifier, Certifier]
}

/** Prepares CERTIFY's and PREDICT's statements about images. Both use the votes of one estimation. */
export function askedOf(
  { smoothing, voter, routed }: Pick<OpenedSmoothed, 'smoothing' | 'voter' | 'routed'>,
  {
    certification,
    drawn,
    noise,
    certifiedSigma,
    images,
  }: {
    readonly certification: CertificationConfig
    readonly drawn: DrawnNoise
    readonly noise: Noise
    readonly certifiedSigma: number
    readonly images: number
  },
): Asked {
  const { n0, n } = certification
  const { alpha } = drawn
  const procedure = procedureOf(certification, smoothing)
  if (routed === undefined || procedure.kind !== 'router') {
    return {
      lines: {
        main: {
          ...{ smoothing: { ...smoothing, noise }, voter, copies: images * (n0 + n) },
          purification: purificationOf(certification.purify, smoothing),
        },
      },
      certifiers: [
        cohenCertifier({
          ...{ ...drawn, bound: boundOf(certification.noise, certifiedSigma), n0, n },
          randomised: certification.confidence === 'randomised',
        }),
        predictCertifier({ alpha, n }),
      ],
    }
  }
  const scales = scalesOf(procedure, smoothing, { ...certification, images })
  const looked = lookedOf(0, {})
  const [{ bound }] = scales
  const bounds = scales.map(scale => scale.bound)
  return {
    lines: linesOf(procedure, { scales, arms: [routed], images, n0, n }),
    certifiers: [
      certifiersOf(procedure, { ...{ bound, scales: bounds, alpha, n0, n } })(looked),
      routerPredictCertifier({
        router: { line: ROUTER },
        experts: procedure.sigmas.map((_, expert) => ({ line: expertName(expert) })),
        ...{ alpha, n0, n, ...(looked.ballot !== undefined && { ballot: looked.ballot }) },
      }),
    ],
  }
}
