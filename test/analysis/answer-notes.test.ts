import { describe, expect, it } from 'vitest'
import { analysisPage } from '../../src/analysis/analysis-page'
import { analyze } from '../../src/analysis/analyze'
import type { CertificationLog } from '../../src/logs/certification-log-file'
import { labelled, logOf, withClasses } from './logs'
import { rowsOf } from './rows'

const PHOTOS = ['bowl', 'cup', 'mug']

type Image = readonly [label: number, answer: number | 'abstain']

/** A log of images of the labels, with the class that each one got. */
function answered(...answers: readonly Image[]) {
  const log = logOf('certify.tsv', [])
  return { ...log, rows: rowsOf(...answers.map(([label, answer]) => [label, answer, 0.5] as const)) }
}

/** Four images of each of three classes, 11 of which are said to be the last. */
const MUGS = answered(
  ...[0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2].map(label => [label, 2] as const),
  ...([[0, 0]] as const),
)

const notesOf = (log: CertificationLog) =>
  analyze(labelled('a', log)).notes.filter(note => note.includes('answers'))

const NOTE =
  'certify.tsv: 11 of 12 answers are the class mug, which 4 of these images have: under this noise the classifier hardly looks at the image. Fine-tune it, or lower sigma.'

it('says that nearly all images got one class, by its name, also on the page', async () => {
  const log = withClasses(MUGS, PHOTOS)
  expect(notesOf(log)).toEqual([NOTE])
  expect(notesOf(MUGS)).toEqual([NOTE.replace('mug', '2')])
  const { sections } = await analysisPage(analyze(labelled('a', log)))
  expect(sections[0]).toMatchObject({ title: 'Notes', paragraphs: expect.arrayContaining([NOTE]) })
})

it('counts the answers that were given, certified or not', () => {
  const findings = MUGS.rows.map((row, place) =>
    place % 2 === 0 ? { ...row, finding: { kind: 'predicted', class: row.prediction } as const } : row,
  )
  const abstained = answered(...Array.from({ length: 30 }, () => [0, 'abstain'] as const))
  expect(notesOf({ ...MUGS, rows: [...findings, ...abstained.rows] })).toEqual([NOTE.replace('mug', '2')])
})

it.each<[what: string, answers: Image[]]>([
  ['balanced answers', [...times(6, [0, 0]), ...times(6, [1, 1])]],
  [
    'answers of which less than 90 % are one class',
    [...times(6, [0, 2]), ...times(4, [2, 2]), ...times(2, [1, 1])],
  ],
  ['answers of which most have this label', [...times(8, [0, 0]), ...times(4, [1, 0])]],
  ['images of one label', times(12, [0, 1])],
  ['fewer than ten answers', [...times(5, [0, 0]), ...times(4, [1, 0]), ...times(9, [1, 'abstain'])]],
  ['no answers', times(12, [1, 'abstain'])],
])('says nothing of %s', (_what, answers) => {
  expect(notesOf(answered(...answers))).toEqual([])
})

describe('certificates for a wrong class', () => {
  const wrong = (...logs: readonly CertificationLog[]) =>
    analyze(labelled('a', ...logs)).notes.filter(note => note.includes('wrong'))

  it('are counted by class, in the order of the classes', () => {
    const images: Image[] = [...times(4, [2, 0]), ...times(3, [0, 0]), [0, 1], ...times(2, [1, 'abstain'])]
    expect(wrong(withClasses(answered(...images), PHOTOS))).toEqual([
      'certify.tsv: 5 of the 8 certificates are for a wrong class (bowl: 1 of 4 images, mug: 4 of 4 images). The table counts these images as wrong.',
    ])
    const many = [0, 1, 2, 3, 4, 5, 6].map(label => [label, label + 1] as const)
    expect(wrong(answered(...many))[0]).toContain('4: 1 of 1 images, and 2 more classes)')
    expect(wrong(answered([0, 0], [0, 1]))[0]).toContain('1 of the 2 certificates is for a wrong class')
  })

  it('are not mentioned where all are right, or only predicted', () => {
    expect(wrong(answered(...times(3, [0, 0]), [1, 'abstain']))).toEqual([])
    const predicted = answered([0, 1])
    const rows = predicted.rows.map(row => ({ ...row, finding: { kind: 'predicted', class: 1 } as const }))
    expect(wrong({ ...predicted, rows })).toEqual([])
  })
})

function times(count: number, image: Image): Image[] {
  return Array.from({ length: count }, () => image)
}
