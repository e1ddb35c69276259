import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { CertificationRow } from '../../src'
import { readCertificationLog } from '../../src/analysis'
import { ABSTAIN } from '../../src/certification/statistics'
import { DataError } from '../../src/errors'
import { gaussianBound } from '../../src/statistics/bound'
import { lowerConfidenceBound } from '../../src/statistics/confidence-bound'

/** A log as a population of images: what it makes plausible of each. */
export interface ReplayedLog {
  readonly name: string
  readonly sigma: number
  readonly alpha: number
  readonly images: readonly ReplayedImage[]
}

export interface ReplayedImage {
  /** Share of the votes for the class in the log. */
  readonly probability: number
  /** The class is the label. */
  readonly isCorrect: boolean
}

/** What logs of CIFAR-10 by Cohen's program were certified with. */
const COHEN = { n: 100_000, alpha: 0.001 }

/**
 * The logs of a folder. Where a log has no counts, the share of votes is the one whose radius, with n = 100,000 and α =
 * 0.001, is nearest to the printed one; a row that abstains then says only that it is hardly above 1/2, and is taken to be 1/2,
 * the share that is the dearest to tell from more than 1/2. Their σ is read from the name, `…sigma0.25.tsv`.
 *
 * @throws DataError when the folder holds no log, a log is malformed, or a log does not say its σ
 */
export async function readLogs(folder: string): Promise<ReplayedLog[]> {
  const files = (await readdir(folder)).filter(file => file.endsWith('.tsv')).sort()
  if (files.length === 0) {
    throw new DataError(`There is no certification log in ${folder}.`, {
      remedy: 'Name a folder of .tsv files.',
    })
  }
  return Promise.all(files.map(file => readLog(join(folder, file))))
}

async function readLog(path: string): Promise<ReplayedLog> {
  const { rows, metadata } = await readCertificationLog(path)
  const sigma = metadata?.configuration.sigma ?? Number(/sigma(\d+(?:\.\d+)?)\.tsv$/.exec(path)?.[1])
  if (!(sigma > 0)) {
    throw new DataError(`${path} does not say its noise level.`, { remedy: 'Name it …sigma0.25.tsv.' })
  }
  const shareOf = shareOfRadius(sigma)
  const probability = ({ prediction, radius, evidence }: CertificationRow) => {
    if (evidence) return evidence.candidateCount / evidence.n
    return prediction === ABSTAIN ? 0.5 : shareOf(radius)
  }
  return {
    name: basename(path, '.tsv'),
    sigma,
    alpha: metadata?.configuration.alpha ?? COHEN.alpha,
    images: rows.map(row => ({
      probability: probability(row),
      isCorrect: row.label === (row.evidence?.candidate ?? row.prediction),
    })),
  }
}

/** The share of votes whose certified radius is nearest. */
function shareOfRadius(sigma: number): (radius: number) => number {
  const { n, alpha } = COHEN
  const bound = gaussianBound(sigma)
  const radii = new Map<number, number>()
  const radiusOf = (count: number) => {
    const known = radii.get(count) ?? bound.radius(lowerConfidenceBound(count, n, { alpha }))
    radii.set(count, known)
    return known
  }
  return radius => {
    let below = 1
    let above = n
    while (above - below > 1) {
      const middle = Math.floor((below + above) / 2)
      if (radiusOf(middle) < radius) below = middle
      else above = middle
    }
    const isBelowNearer = radius - radiusOf(below) < radiusOf(above) - radius
    return (isBelowNearer ? below : above) / n
  }
}
