import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { z } from 'zod'
import { certificationDocumentSchema } from '../../src/cli/documents/certification'
import { predictionDocumentSchema } from '../../src/cli/documents/prediction'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { runHere } from '../support/run-here'

vi.setConfig({ testTimeout: 240_000 })

const SETTINGS = ['--preset', 'digits', '--sigma', '0.25', '--n0', '16', '--n', '64', '--threads', '1']
const SIX =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAARklEQVR4nCXFQRGAIBAAwB3HABeBCDagAhGIYCONYAM1ARGwgRH0wX4Wsa1AbWOtjNMXJTEL/cr3Qfqq1E2ePccSEOfbqx/WWA/8aWmRdQAAAABJRU5ErkJggg=='

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-documents-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A document that is what its schema says, and nothing more. */
function parsed<T>(stdout: string, schema: z.ZodType<T>): T {
  const document = schema.parse(JSON.parse(stdout))
  expect(JSON.parse(stdout)).toEqual(document)
  return document
}

describe('certify --json', () => {
  it('prints one document of its schema with the rows of the log, and all else to stderr', async () => {
    const log = join(folder, 'certify.tsv')
    const certify = ['certify', ...SETTINGS, '--images', 'first:3', '--output', log, '--json']
    const { exitCode, stdout, stderr } = await runHere(...certify)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('certificates: ') })

    const document = parsed(stdout, certificationDocumentSchema)
    const { rows, metadata } = await readCertificationLog(log)
    expect(document).toMatchObject({ document: 'certification', version: 1, log, missing: [] })
    expect(document.configuration).toEqual(metadata?.configuration)
    expect(document.images.map(image => [image.index, image.label, image.prediction, image.radius])).toEqual(
      rows.map(row => [row.index, row.label, row.prediction, row.radius]),
    )
    const [first] = document.images
    expect(first?.className).toBe(String(first?.prediction))
    expect(document.summary.averageCertifiedRadius).toBeCloseTo(
      rows.reduce((sum, row) => sum + (row.correct ? row.radius : 0), 0) / rows.length,
    )
    expect(document.summary.certifiedAccuracy[0]).toEqual({
      radius: 0,
      accuracy: rows.filter(({ correct }) => correct).length / rows.length,
    })

    // Of a finished log it prints the same once more.
    const again = await runHere(...certify)
    expect(JSON.parse(again.stdout)).toEqual(document)
  })

  it('prints nothing to stdout where it fails', async () => {
    const { exitCode, stdout, stderr } = await runHere('certify', join(folder, 'nowhere'), '--json')
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(/The folder .* does not exist/)
  })

  it('is refused with --dry-run, which prints no certificates', async () => {
    const { exitCode, stderr } = await runHere('certify', ...SETTINGS, '--dry-run', '--json')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/'--json' cannot be used with option '--dry-run'/)
  })
})

it('predict --json prints one document of its schema', async () => {
  const six = join(folder, 'six.png')
  await writeFile(six, Buffer.from(SIX, 'base64'))
  const { exitCode, stdout } = await runHere('predict', six, ...SETTINGS, '--json')
  expect(exitCode).toBe(0)
  const document = parsed(stdout, predictionDocumentSchema)
  expect(document).toMatchObject({
    document: 'prediction',
    version: 1,
    settings: { smoothing: { sigma: 0.25 }, certification: { n: 64 } },
    predictions: [{ file: six, className: '6', verdict: 'certified', n: 64 }],
  })
})

it.each([
  ['certification', certificationDocumentSchema],
  ['prediction', predictionDocumentSchema],
])('the schema of the %s is published whole, with its version', async (name, schema) => {
  const published = JSON.parse(await readFile(`schema/${name}-document.json`, 'utf8'))
  expect(published).toMatchObject({
    type: 'object',
    properties: { document: { const: name }, version: { const: 1 } },
    required: Object.keys(schema.shape),
  })
  expect(published).not.toHaveProperty('additionalProperties')
})
