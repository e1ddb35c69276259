import { expect, it } from 'vitest'
import type { CertificationConfiguration, JsonObject } from '../../src/logs/certification-log-metadata'
import { certifyCommand } from '../../src/logs/certify-command'

const configuration = (others: JsonObject) =>
  ({
    ...{ sigma: 0.5, n0: 10, n: 200, alpha: 0.001, seed: 0, procedure: { kind: 'certify' } },
    ...others,
  }) as unknown as CertificationConfiguration

it.each<[JsonObject, string]>([
  [{}, '--n0 10 --n 200 --alpha 0.001'],
  [{ seed: 3 }, '--n0 10 --n 200 --alpha 0.001 --seed 3'],
  [{ familyWise: { alpha: 0.01, images: 10 } }, '--n0 10 --n 200 --alpha 0.01 --family-wise'],
  [{ procedure: { kind: 'grid', radii: [0, 0.5] } }, '--n0 10 --n 200 --alpha 0.001 --adaptive 0,0.5'],
  [
    { procedure: { kind: 'grid', radii: [0, 0.5], block: 32, worth: 500 } },
    '--n0 10 --n 200 --alpha 0.001 --adaptive 0,0.5 --block 32 --worth 2.5',
  ],
  [{ bound: 'discrete-gaussian' }, '--n0 10 --n 200 --alpha 0.001 --sound'],
  [{ bound: 'uniform' }, '--n0 10 --n 200 --alpha 0.001 --noise uniform'],
  [
    { purify: { kind: 'local', sigma: 0.25, votes: 5 } },
    '--n0 10 --n 200 --alpha 0.001 --purify local:0.25,5',
  ],
  [
    { purify: { kind: 'reverse', steps: 2, votes: 10 } },
    '--n0 10 --n 200 --alpha 0.001 --purify reverse:2,10',
  ],
  [
    { procedure: { kind: 'sized', maxRadiusLoss: 0.1 } },
    '--n0 10 --n 200 --alpha 0.001 --max-radius-loss 0.1',
  ],
])('a log of %o is certified again by options that say so', (others, options) => {
  const metadata = { configuration: configuration(others), plan: { count: 3, images: '0-2' } }
  expect(certifyCommand({ ...metadata, notes: { checkpoint: 'run/a' } }, { output: 'b.tsv' })).toBe(
    `ft-cadis certify run/a ${options} --images 0-2 --output b.tsv`,
  )
})
