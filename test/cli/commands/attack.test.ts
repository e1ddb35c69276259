import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { certify, parseCertificationConfig } from '../../../src'
import { metadataPath } from '../../../src/logs/certification-log-metadata'
import { connectForTest } from '../../support/digits'
import { runHere } from '../../support/run-here'

const BRIGHTNESS = join(__dirname, '..', '..', 'support', 'brightness_network.py')

let folder: string
let settings: string
let certificates: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-cli-attack-'))
  settings = join(folder, 'settings.json')
  certificates = join(folder, 'certify-sigma-1.tsv')
  const config = {
    output: folder,
    smoothing: { sigma: 1, denoiser: { source: 'none' as const } },
    classifier: {
      ...{ source: 'python' as const, file: BRIGHTNESS, factory: 'make', arguments: { classes: 10 } },
      inputRange: { mean: [0.5], std: [0.5] },
    },
    data: { source: 'digits' as const },
    certification: { n0: 64, n: 2000, alpha: 1e-6, batch: 500, images: { first: 2 } },
  }
  await writeFile(settings, JSON.stringify(config))
  await using session = await connectForTest()
  await certify(session, parseCertificationConfig(config))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (...words: string[]) => runHere('attack', '--config', settings, '--threads', '1', ...words)
const small = ['--starts', '1', '--steps', '5', '--noises', '8', '--rounds', '6']

it('plans without Python, then prints and draws both bounds', async () => {
  const dry = await run('--dry-run', '--python', '/nowhere/python', ...small)
  expect(dry.exitCode).toBe(0)
  expect(dry.stdout).toMatch(
    /^2 of 2 certified images state a class and would be attacked: .*certify-sigma-1\.tsv/,
  )
  expect(dry.stdout).toMatch(/CERTIFY at changed images: n0 64, n 2000, alpha 0\.000001 for an image/)

  const { stdout, stderr, exitCode } = await run(...small, '--radii', '0,0.5')
  expect({ stderr, exitCode }).toMatchObject({ exitCode: 0 })
  expect(stdout).toMatch(/│ {13,}│ r = 0 │/)
  expect(stdout).toMatch(/r = 0\.5/)
  expect(stdout).toMatch(/under attack[\s\S]*certified[\s\S]*between/)
  const log = join(folder, 'attack-sigma-1')
  expect((await readFile(`${log}.tsv`, 'utf8')).split('\n')).toHaveLength(4)
  expect(await readFile(`${log}.svg`, 'utf8')).toMatch(/^<svg/)
  expect((await readFile(`${log}.png`)).subarray(1, 4).toString()).toBe('PNG')
})

it('says after the table that a certificate is false', async () => {
  const [broken, text] = [join(folder, 'broken.tsv'), await readFile(certificates, 'utf8')]
  const lines = text.split('\n').map(line => {
    const fields = line.split('\t')
    return fields
      .map((field, place) => (place === 3 && /^\d/.test(field) ? String(2 * Number(field)) : field))
      .join('\t')
  })
  await writeFile(broken, lines.join('\n'))
  const metadata = await readFile(metadataPath(certificates), 'utf8')
  await writeFile(metadataPath(broken), metadata.replace('"certifiedSigma": 1,', '"certifiedSigma": 2,'))
  const { stdout, stderr, exitCode } = await run('--certificates', broken, ...small)
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/under attack/)
  expect(stderr).toMatch(/error: 2 of 2 certificates are false:\n {2}image 0: class \d is certified within/)
})

it('refuses another kind of chart', async () => {
  const { stderr, exitCode } = await run('--plot', 'chart.pdf')
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/^error: --plot takes a file \.svg or \.png, got chart\.pdf/)
})
