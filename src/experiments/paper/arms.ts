import { ablations } from '../../config/ablations'
import type { Arm, PaperRowReference } from '../definition'

/** Arms of several experiments. */

/** The unchanged classifier behind the denoiser (Carlini et al., 2023). */
export function offTheShelf(paper?: PaperRowReference): Arm {
  return { key: 'off-the-shelf', label: 'off-the-shelf', isTrained: false, ...(paper && { paper }) }
}

/** Eq. 6. */
export function crossEntropy(paper?: PaperRowReference): Arm {
  return {
    key: 'cross-entropy',
    label: 'cross-entropy (Eq. 6)',
    config: ablations.table5.crossEntropyOnly,
    ...(paper && { paper }),
  }
}

export function ftCadis(paper?: PaperRowReference): Arm {
  return { key: 'ft-cadis', label: 'FT-CADIS', ...(paper && { paper }) }
}

/** Returns an arm at another noise level. */
export function at(sigma: number, arm: Arm, paper?: PaperRowReference): Arm {
  const { paper: _, ...others } = arm
  return {
    ...others,
    key: `${arm.key}-sigma-${sigma}`,
    label: `${arm.label}, σ = ${sigma}`,
    sigma,
    ...(paper && { paper }),
  }
}
