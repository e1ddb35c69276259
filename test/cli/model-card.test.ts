import { expect, it } from 'vitest'
import { type ModelCard, modelCard } from '../../src/cli/export/model-card'
import { pythonSnippet } from '../../src/cli/export/snippets'
import { parseCertificationConfig } from '../../src/config/schema'

const DENOISER = { source: 'diffusers', path: 'denoiser' }
const NONE = { source: 'none' }

function cardOf(denoiser: object, others: Partial<ModelCard> = {}): string {
  const config = parseCertificationConfig({
    ...{ output: 'runs/a', data: { source: 'digits' }, certification: {} },
    smoothing: { sigma: 0.25, denoiser },
    classifier: { source: 'timm', name: 'resnet10t', path: 'weights', inputRange: 'symmetric' },
  } as never)
  return modelCard({
    ...{ kind: 'merged', name: 'a/epoch-02', known: { config }, run: undefined, condition: undefined },
    ...{ logs: [], baseModel: undefined, licence: undefined, accuracy: undefined, files: {} },
    ...{ snippet: '', version: '1.0.0', ...others },
  })
}

it.each([
  ['with a denoiser', DENOISER, 'images with Gaussian noise of σ = 0.25 that were denoised'],
  ['without one', NONE, 'images with Gaussian noise of σ = 0.25 added'],
])('presents the network as the base classifier of a smoothed one %s', (_what, denoiser, images) => {
  expect(cardOf(denoiser)).toContain(
    `It is the base classifier of a smoothed one, and expects ${images}, not clean ones.`,
  )
})

it('says of a graph that it takes noisy images', () => {
  const graph = cardOf(DENOISER, { kind: 'onnx' })
  expect(graph).toContain('holds denoiser and classifier as one ONNX graph, from noisy images to logits')
  expect(graph).not.toContain('that were denoised')
  expect(cardOf(NONE, { kind: 'onnx' })).toContain('holds the classifier as an ONNX graph, from noisy images')
})

it('has the tag of denoised smoothing with a denoiser alone', () => {
  const tags = (card: string) => [...card.matchAll(/^- (\S+-smoothing)$/gm)].map(([, tag]) => tag)
  expect(tags(cardOf(DENOISER))).toEqual(['randomized-smoothing', 'denoised-smoothing'])
  expect(tags(cardOf(NONE))).toEqual(['randomized-smoothing'])
})

it('says how many clean and noisy images the network got right when it was trained', () => {
  expect(cardOf(NONE, { accuracy: { clean: 0.9167, noisy: 0.75 } })).toContain(
    '## Accuracy without votes\n\nOf the test images of the training, after the epoch of this checkpoint: 91.7 % of clean ones, 75.0 % of ones with noise of σ = 0.25.',
  )
  expect(cardOf(DENOISER, { accuracy: { clean: 1, noisy: 0.5 } })).toContain(
    '100.0 % of clean ones, 50.0 % of ones with noise of σ = 0.25 that were denoised.',
  )
  expect(cardOf(NONE)).not.toContain('Accuracy without votes')
})

it.each([
  [true, 'denoised'],
  [false, 'with Gaussian noise of standard deviation 0.25 added'],
])('the comment of the snippet says what the network expects, denoiser: %s', (hasDenoiser, expected) => {
  const snippet = pythonSnippet({
    ...{ kind: 'merged', folder: 'merged', hasDenoiser, isBaseFolder: false, classes: 3 },
    classifier: { source: 'timm', pretrained: true, inputRange: 'symmetric', dropPath: 0 },
    ...{ imageShape: [3, 64, 64], realisedSigma: 0.25 },
  })
  expect(snippet).toContain(`images = torch.rand(1, 3, 64, 64)  # pixels in [0, 1], ${expected}\n`)
})
