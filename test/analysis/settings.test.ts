import { join } from 'node:path'
import { expect, it } from 'vitest'
import { groupLogs } from '../../src/analysis/runs'
import { differingSettings, notesOn } from '../../src/analysis/settings'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import type { CertificationRow } from '../../src/logs/certification-log'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { imagePlan } from '../../src/logs/image-plan'
import { configuration, cutShort, labelled, logOf, withMetadata } from './logs'

it('has a column for each setting in which methods differ, and a note that says it', () => {
  const methods = groupLogs([
    ...labelled('a', logOf('a.tsv', [1, 1])),
    ...labelled('b', logOf('b.tsv', [1], { n: 100000, alpha: 0.01 })),
  ])
  expect(differingSettings(methods)).toEqual([
    { column: { header: 'n' }, cells: [1000, 100000] },
    { column: { header: 'α' }, cells: [0.001, 0.01] },
    { column: { header: 'images' }, cells: [2, 1] },
  ])
  expect(notesOn(methods)).toContain('The logs do not all have the same n: a 1000; b 100000.')
})

it('says which logs are of other images', () => {
  const of = (file: string, digest: string) =>
    withMetadata(logOf(file, [1]), {
      configuration: { ...configuration, data: { classNames: ['dark', 'light'], digest } },
    })
  const [a, b, c] = [labelled('a', of('a', 'aa')), labelled('b', of('b', 'bb')), labelled('c', of('c', 'aa'))]
  const note = 'a and b are of other images (data.digest: "aa" and "bb"): their figures do not compare.'
  expect(notesOn(groupLogs([...a, ...b, ...c]))).toContain(note)
  expect(notesOn(groupLogs([...a, ...c]))).toEqual([])
})

it('has none where all is alike', () => {
  const methods = groupLogs([...labelled('a', logOf('a.tsv', [1])), ...labelled('b', logOf('b.tsv', [2]))])
  expect(differingSettings(methods)).toEqual([])
  expect(notesOn(methods)).toEqual([])
})

it('lists the sigmas of an envelope', () => {
  const methods = groupLogs(labelled('a', logOf('a', [1], { sigma: 0.25 }), logOf('b', [1], { sigma: 1 })), {
    envelope: true,
  })
  expect(differingSettings(methods)).toEqual([{ column: { header: 'σ' }, cells: ['0.25, 1'] }])
})

it('says what is not known', () => {
  const unknown = labelled('cohen', logOf('c', [1], 'undocumented'), logOf('d', [1], 'undocumented'))
  const methods = groupLogs([...labelled('a', logOf('a', [1])), ...unknown])
  expect(differingSettings(methods)).toContainEqual({ column: { header: 'σ' }, cells: [0.5, null] })
  const notes = notesOn(methods)
  expect(notes).toContain('The logs do not all have the same σ: a 0.5; cohen unknown.')
  expect(notes).toContain('No .json beside the log says with which σ, n and α it was certified: cohen.')
  expect(notes).toContainEqual(expect.stringMatching(/^cohen is the mean of 2 logs that are taken for seeds/))
})

it('does not call a setting different that one log says and another shows by its votes', async () => {
  const bare = await readCertificationLog(
    join(PACKAGE_FOLDER, 'docs/experiments/attack/certify-sigma-0.75.tsv'),
  )
  expect(bare.metadata).toBeUndefined()
  const said = logOf('a', [1], { sigma: 0.75, n0: 100, n: 1000, alpha: 0.001 })
  const notes = notesOn(groupLogs([...labelled('a', said), ...labelled('b', bare)]))
  expect(notes.filter(note => /do not all have the same (?:σ|n0|n|α):/.test(note))).toEqual([])
})

it('says which log is cut short, where, and what its figures are of', () => {
  const notes = notesOn(groupLogs(labelled('a', cutShort(logOf('a.tsv', [1, 2])))))
  expect(notes).toEqual([expect.stringMatching(/^a\.tsv is partial: line 4 is cut short.*of the 2 rows/)])
})

it('says which planned images a log lacks, of which share it is, and what its α covers', () => {
  const metadata = {
    configuration: { ...configuration, alpha: 0.00025, familyWise: { alpha: 0.001, images: 4 } },
    plan: imagePlan([0, 2, 4]),
    share: { number: 1, of: 2, count: 4, sha256: 'aa' },
  }
  expect(notesOn(groupLogs(labelled('a', withMetadata(logOf('a.tsv', [1]), metadata))))).toEqual([
    'a.tsv is partial: it is shard 1 of 2 of 4 images; it lacks 2 of 3 planned images (2,4). The figures are of the 1 rows that are whole.',
    'The certificates of a.tsv are all right together with probability 1 − 0.001: each of the 4 images has α = 0.00025.',
  ])
})

it('says how many votes an adaptive log took, and at which radii alone it decides', () => {
  const procedure = { kind: 'grid', radii: [0, 0.25] }
  const log = withMetadata(logOf('a.tsv', [0.25, 0.25]), { configuration: { ...configuration, procedure } })
  const counts = { candidate: 0, candidateCount: 0, runnerUp: 1, runnerUpCount: 0, n0: 100 }
  const rows = [500, 100].map((n, row) => ({
    ...(log.rows[row] as CertificationRow),
    evidence: { ...counts, n, pilot: 64 },
  }))
  expect(notesOn(groupLogs(labelled('a', { ...log, rows })))).toEqual([
    'a.tsv is adaptive: 364 votes an image in the mean, at most 1000.',
    'a.tsv was certified adaptively, at the radii 0, 0.25 alone: its ACR, and accuracies at radii between, are lower than with a fixed n.',
  ])
})

it('compares sizes of PixelDP with radii of CERTIFY where both are of votes under Gaussian noise', () => {
  const noteOf = (norm: 'l1' | 'l2', more: object = {}) => {
    const procedure = { kind: 'pixel-dp', split: 'halves', ...more }
    const log = withMetadata(logOf('a.tsv', [1]), { configuration: { ...configuration, procedure, norm } })
    return notesOn(groupLogs(labelled('a', log)))
  }
  const sizes = 'a.tsv is of PixelDP: sizes from differential privacy'
  expect(noteOf('l2')).toContain(`${sizes}, at most half of the radii of CERTIFY.`)
  expect(noteOf('l1')).toContain(`${sizes}.`)
  expect(noteOf('l2', { by: 'scores' })).toContain(`${sizes.replace('DP', 'DP by mean scores')}.`)
})
