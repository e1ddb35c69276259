import { join } from 'node:path'
import { z } from 'zod'
import {
  certifyFromCounts,
  finetune,
  gaussianBound,
  type RunConfig,
  type Session,
  type Smoothing,
  torch,
} from '../../src'
import { averageCertifiedRadius, certifiedAccuracy } from '../../src/analysis/certified-accuracy'
import { type Certifier, ONLY_BALLOT, type Steps } from '../../src/certification/certifiers/certifier'
import { certifyImages } from '../../src/certification/queue/certify-images'
import { MAIN_LINE } from '../../src/certification/queue/line'
import { singleVoter } from '../../src/certification/voters/single'
import { fileHash } from '../../src/files/hash'
import { readJson } from '../../src/files/read-json'
import { writeWhole } from '../../src/files/write'
import { rowOf } from '../../src/logs/certification-log'
import { sparseCounts } from '../../src/logs/outcome'
import { toSymmetric } from '../../src/smoothing/denoise'

/** Every 40th test image, n0 = 20, n = 500, α = 0.001, as the authors' code was evaluated. */
const EVERY = 40
const [N0, N, ALPHA] = [20, 500, 0.001]
const RADII = [0, 0.25, 0.5, 0.75, 1]

const measuredSchema = z.strictObject({
  seed: z.int(),
  /** Mean share of the n votes that are for the label. */
  noisyAccuracy: z.number(),
  acr: z.number(),
  /** Certified accuracy, by radius. */
  accuracy: z.record(z.string(), z.number()),
  abstained: z.number(),
  /** SHA-256 of the weights. */
  weights: z.string(),
})

/** What a trained classifier reaches. */
export type Measured = z.output<typeof measuredSchema>

/** Trains a run, or what is left of it, and counts votes on its classifier, unless that is done. */
export async function measureRun(
  session: Session,
  config: RunConfig,
  { signal }: { readonly signal: AbortSignal },
): Promise<Measured> {
  const { networks, smoothing, checkpoint } = await finetune(session, config, {
    ...{ existing: 'resume', signal, progress: true, eventFiles: false },
  })
  const path = join(config.output, 'measured.json')
  const weights = await fileHash(join(checkpoint, 'model.safetensors'))
  const earlier = await readJson(path, { schema: measuredSchema })
  const isDone = earlier !== undefined && earlier.weights === weights
  const measured = isDone
    ? earlier
    : { seed: config.seed, ...(await measure(session, config, { ...networks, smoothing })), weights }
  if (!isDone) await writeWhole(path, `${JSON.stringify(measured)}\n`)
  session.free([networks, smoothing])
  return measured
}

async function measure(
  session: Session,
  { data, seed, smoothing: { sigma } }: RunConfig,
  { classifier, smoothing }: { readonly classifier: torch.Classifier; readonly smoothing: Smoothing },
): Promise<Omit<Measured, 'seed' | 'weights'>> {
  const testSet = await torch.openDataset(session, { ...data, split: 'test' })
  const { length, classes } = testSet.description
  const indices = Array.from({ length: Math.ceil(length / EVERY) }, (_, place) => place * EVERY)
  const certifiers = [countingCertifier(sigma)]
  const found = certifyImages(
    session,
    indices,
    index =>
      session.scope(() => {
        const { images_BCHW, labels_B } = testSet.images([index])
        const image_CHW = toSymmetric(torch.select(images_BCHW, 'B', 0))
        return { image_CHW, stream: [seed, 'mnist', index], beside: labels_B, certifiers }
      }),
    {
      lines: { [MAIN_LINE]: { smoothing, voter: singleVoter(classifier, { classes: classes.length }) } },
      batch: N,
    },
  )
  const rows = []
  for await (const { item: index, beside, outcomes } of found) {
    rows.push(
      ...outcomes.map(outcome =>
        rowOf({ index, label: beside[0] ?? -1, digest: '', durationMs: 0 }, outcome),
      ),
    )
  }
  session.free(testSet)
  const shares = rows.map(({ label, evidence }) => (evidence.counts?.[label] ?? 0) / N)
  const accuracies = certifiedAccuracy(rows, RADII)
  return {
    noisyAccuracy: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    acr: averageCertifiedRadius(rows),
    accuracy: Object.fromEntries(RADII.map((radius, place) => [radius, accuracies[place] ?? Number.NaN])),
    abstained: rows.filter(({ finding }) => finding.kind === 'abstains').length / rows.length,
  }
}

/** CERTIFY that keeps the votes of every class. */
function countingCertifier(sigma: number): Certifier {
  const bound = gaussianBound(sigma)
  return {
    kind: 'certify',
    ballot: ONLY_BALLOT,
    *begin(): Steps {
      const [selection = [], estimation = []] = yield [
        { stage: 'selection', count: N0 },
        { stage: 'estimation', count: N },
      ]
      const { evidence, ...finding } = certifyFromCounts(selection, estimation, { alpha: ALPHA, bound })
      return { ...finding, evidence: { ...evidence, counts: sparseCounts(estimation) } }
    },
  }
}
