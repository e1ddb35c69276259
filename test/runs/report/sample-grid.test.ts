import { expect, it } from 'vitest'
import { sampleGrid } from '../../../src/runs/report/sample-grid'
import { samplesOf } from '../../../src/runs/watchers/denoised-samples'
import { samplesFile } from '../../support/run-folders'

const classes = ['nought', 'one', 'two']
const image = { index: 7, label: 1, clean: 'AA==', denoised: ['AQ==', 'Ag=='] }

it('frames kept and hallucinated images and says what is seen, and how surely', () => {
  const samples = samplesOf(image, [
    { predicted: 1, confidence: 0.514 },
    { predicted: 2, confidence: 0.997 },
  ])
  const { caption, rows, columnLabels } = sampleGrid([samples], { classes, caption: 'Images.' })
  expect(caption).toMatch(/^Images\. Below each, .* the probability/)
  expect(columnLabels).toEqual(['clean', 'noise 1', 'noise 2'])
  expect(rows[0]?.label).toBe('one')
  expect(rows[0]?.images.map(shown => [shown?.png, shown?.frame, shown?.note])).toEqual([
    ['AA==', undefined, undefined],
    ['AQ==', 'kept', 'one 51 %'],
    ['Ag==', 'hallucinated', 'two 100 %'],
  ])
})

it('says nothing of probabilities where a file has none', () => {
  const { caption, rows } = sampleGrid(samplesFile(1).samples, { classes, caption: 'Images.' })
  expect(caption).toBe('Images.')
  expect(rows[0]?.images[1]?.note).toMatch(/^\w+$/)
})
