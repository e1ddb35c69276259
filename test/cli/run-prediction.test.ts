import { expect, it } from 'vitest'
import type { ImagePrediction } from '../../src/certification/predict'
import { oneClassNote } from '../../src/cli/run-prediction'

const predicted = (prediction: number, changes: Partial<ImagePrediction> = {}): ImagePrediction => ({
  ...{ file: 'a.png', verdict: 'certified', prediction, className: null, radius: 0.1, lowerBound: 0.6 },
  ...{ pValue: 0, topClass: prediction, topCount: 90, runnerUp: 1, runnerUpCount: 10, n: 100 },
  ...changes,
})
const times = (count: number, prediction: ImagePrediction) => Array.from({ length: count }, () => prediction)

it('names a class that nearly all images got, by its name if it has one', () => {
  const [note] = oneClassNote([...times(11, predicted(2, { className: 'mug' })), predicted(0)])
  expect(note).toMatch(/^note: 11 of 12 answers are the class mug\. If the images show several classes/)
  expect(oneClassNote(times(10, predicted(2)))[0]).toMatch(/^note: 10 of 10 answers are the class 2\./)
})

it('says nothing of few images, of several classes, and of abstentions', () => {
  expect(oneClassNote(times(9, predicted(2)))).toEqual([])
  expect(oneClassNote([...times(8, predicted(2)), ...times(2, predicted(1))])).toEqual([])
  expect(oneClassNote(times(12, predicted(-1, { verdict: 'abstained' })))).toEqual([])
})
