import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { referencePages } from '../../scripts/reference-pages'
import { serviceApi } from '../../scripts/service-api'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

test.each(Object.entries(referencePages()))(
  '%s says what the code says: else run `npm run docs`',
  (path, text) => {
    expect(readFileSync(join(PACKAGE_FOLDER, path), 'utf8')).toBe(text)
  },
)

test('the interface of the service, and its types, say what the code says: else run `npm run docs`', async () => {
  for (const [path, text] of Object.entries(await serviceApi())) {
    expect(readFileSync(join(PACKAGE_FOLDER, path), 'utf8'), path).toBe(text)
  }
})

test('a field has its type, bounds, default and meaning', () => {
  const page = referencePages()['docs/reference/configuration.md']
  for (const row of [
    '| `sigma` | `number > 0` |  | Noise level: standard deviation for pixels in [0, 1]; in [-1, 1] it is twice that. |',
    '| `attack.epsilon[].fromEpoch` | `integer ≥ 0` |  | First epoch of the step, counted from 0. |',
    '| `alpha` | `number > 0, < 1` | `0.001` | Probability that a certificate is wrong. |',
    "| `crossEntropy` | `'selected' \\| 'all'` | `'selected'` |",
    "**`source: 'timm'`** A timm model.",
  ]) {
    expect(page).toContain(row)
  }
})

test('a choice between sources within a section has its own section', () => {
  const page = referencePages()['docs/reference/configuration.md']
  const row = '| `denoiser` | `object` |  | The denoiser in front of the classifier;'
  const [, smoothing = ''] = page?.split('\n### `smoothing`\n') ?? []
  const [table = '', ...choices] = smoothing.split('\n### ')
  expect(table).toContain(row)
  expect(choices[0]).toMatch(/^`smoothing\.denoiser`\n/)
  for (const source of ['diffusers', 'openai', 'none'])
    expect(choices[0]).toContain(`**\`source: '${source}'\`**`)
})

test('a command has its arguments and options', () => {
  const page = referencePages()['docs/reference/cli.md']
  for (const line of [
    '`npx ft-cadis certify merge [options] <shards...>`; for example:',
    'npx ft-cadis certify merge certify.shard-*-of-04.tsv --output certify.tsv',
    '| `--nproc-per-node <n>` | processes on this machine | `1` |',
    '| `--format <format>` |',
  ]) {
    expect(page).toContain(line)
  }
})
