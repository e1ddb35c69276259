import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pythonSnippet, type SnippetOptions } from '../../src/cli/export/snippets'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

test('the Python of the page is what export prints of the digits classifier', async () => {
  const page = await readFile(join(PACKAGE_FOLDER, 'docs/exported-models.md'), 'utf8')
  const blocks = [...page.matchAll(/^```python\n(.*?)\n```$/gms)].map(([, block]) => block)
  const digits: Omit<SnippetOptions, 'kind' | 'folder'> = {
    classifier: { source: 'timm', pretrained: true, inputRange: 'symmetric', dropPath: 0 },
    isBaseFolder: false,
    classes: 10,
    imageShape: [1, 8, 8],
    realisedSigma: 0.7532767,
    hasDenoiser: true,
  }
  expect(blocks).toEqual([
    pythonSnippet({ ...digits, kind: 'merged', folder: 'merged' }),
    pythonSnippet({ ...digits, kind: 'onnx', folder: 'graph' }),
  ])
})
