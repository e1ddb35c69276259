import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, certifyDataset, type Session, smoothingOf, torch } from '../../src'
import { readCertificationLog } from '../../src/analysis'
import type { EnsembleVote } from '../../src/certification/voters'
import { certificationSchema } from '../../src/config/certification-schema'
import { CLASSIFIER, connectForTest, loadDigits } from '../support/digits'

const OPTIONS = certificationSchema.parse({ n0: 16, n: 96, batch: 64, seed: 7 })
const INDICES = [0, 1, 2, 3]

describe('an ensemble that is certified', () => {
  let session: Session
  let networks: Awaited<ReturnType<typeof loadDigits>>
  let other: torch.Classifier
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    networks = await loadDigits(session)
    other = await torch.loadClassifier(session, {
      ...{ source: 'timm', path: CLASSIFIER, inputRange: { mean: [0.9], std: [0.2] } },
    })
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-ensemble-'))
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  async function certify(
    name: string,
    vote: (EnsembleVote & { others: readonly torch.Classifier[] }) | undefined,
    { indices = INDICES, first = networks.classifier, batch = 64 } = {},
  ) {
    const log = join(folder, name)
    await certifyDataset(
      {
        ...{ smoothing: smoothingOf(networks.denoiser, 0.25), dataset: networks.testSet },
        arms: [{ classifier: first, name: 'digits', log, ensemble: vote }],
      },
      { certification: { ...OPTIONS, batch }, indices },
    )
    const { rows } = await readCertificationLog(log)
    return new Map(rows.map(({ durationMs: _, ...row }) => [row.index, row]))
  }

  it('of one network several times has the rows of that network', async () => {
    const alone = await certify('alone.tsv', undefined)
    const same = networks.classifier
    expect(await certify('three.tsv', { others: [same, same], by: 'logits' })).toEqual(alone)
    expect(await certify('votes.tsv', { others: [same, same], by: 'votes' })).toEqual(alone)
    expect(await certify('consensus.tsv', { others: [same], by: 'logits', consensus: 1 })).toEqual(alone)
  })

  it('of different networks has other rows, the same in any pass and order and when it continues', async () => {
    const alone = await certify('alone.tsv', undefined)
    const votes = [
      { by: 'softmax', others: [other] },
      { by: [0.2, 1, 1], others: [other, other], consensus: 2 },
    ] as const
    for (const ensemble of votes) {
      const whole = await certify(`${ensemble.by}.tsv`, ensemble)
      expect(whole).not.toEqual(alone)
      const part = `${ensemble.by}-part.tsv`
      await certify(part, ensemble, { indices: [3], batch: 32 })
      expect(await certify(part, ensemble, { indices: [3, 2, 1, 0], batch: 32 })).toEqual(
        new Map([...whole].reverse()),
      )
    }
  })

  it('of networks with other heads is refused', async () => {
    const narrow = await torch.loadClassifier(session, {
      ...{ source: 'timm', path: CLASSIFIER, numClasses: 5, tuning: { kind: 'full' } },
    })
    const refused = certify('narrow.tsv', { others: [narrow], by: 'logits' })
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow(/10 classes, but the head of the classifier has 5/)
    session.free(narrow)
  })
})
