import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { useForkedPython } from '../support/forked-python'
import { runSupportScript } from '../support/run-example'
import { TYPESCRIPT } from '../support/typescript'

useForkedPython()

const TIMEOUT_MS = 600_000

/** What makes minutes seconds. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  certify: ['--images', 'over-classes:3', '--n', '100'],
  predict: ['--n', '100'],
  train: ['--steps', '1', '--evaluate-images', '6', '--threads', '1'],
}

test(
  'the commands of the page, as they stand there, lead from pictures and a .pth to certified classes',
  async () => {
    const page = await readFile(join(PACKAGE_FOLDER, 'docs/certify-your-own-classifier.md'), 'utf8')
    const steps = page.slice(page.indexOf('## 1. '))
    const commands = [...steps.matchAll(/^npx ft-cadis (.+)$/gm)]
      .map(([, words = '']) => words.split(' '))
      // The weights of OpenAI are two gigabytes.
      .filter(words => words.every(word => !word.endsWith('256x256_diffusion_uncond.pt')))
    expect(commands.map(([name]) => name).join(' ')).toBe(
      'inspect inspect certify predict train certify analyze inspect predict export',
    )
    const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-own-'))
    try {
      await runSupportScript('own_photos.py', folder)
      const printed: string[] = []
      for (const words of commands) {
        const program = join(PACKAGE_FOLDER, 'src/cli/main.ts')
        const { stdout, stderr, exitCode } = await execa(
          'node',
          [...TYPESCRIPT, program, ...words, ...(SHORT[words[0] ?? ''] ?? [])],
          { cwd: folder, reject: false },
        )
        expect(exitCode, `${words.join(' ')}\n${stderr}`).toBe(0)
        printed.push(stdout)
      }
      const [inspected, , certified, predicted] = printed
      expect(printed.at(-3)?.split('\n')).toHaveLength(24)
      expect(inspected).toMatch(/cat \(40\), coffee \(40\), flower \(40\)/)
      expect(certified).toMatch(/r = 0\.2/)
      expect(predicted).toMatch(/coffee\/00\.jpg\s*│ coffee +│ certified/)
      expect(predicted).toMatch(/cat\/01\.jpg\s*│ cat +│ certified/)
      const log = JSON.parse(await readFile(join(folder, 'runs/as-it-is.tsv.json'), 'utf8'))
      expect(log.notes.sanity).toMatchObject({ images: 24, likelyCause: null })
      const run = JSON.parse(await readFile(join(folder, 'runs/photos/config.json'), 'utf8'))
      expect(run.sanity).toMatchObject({ images: 24, likelyCause: null })
    } finally {
      await rm(folder, { recursive: true })
    }
  },
  TIMEOUT_MS,
)
