import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ENTRY_POINTS } from '../scripts/api-reference'
import { resolveInterpreter } from '../src/environment/interpreter'
import { type InstalledPackage, installPackage } from './support/installed-package'
import { casesOf } from './support/slow'
import { TYPESCRIPT } from './support/typescript'

let installed: InstalledPackage
beforeAll(async () => {
  installed = await installPackage()
}, 180_000)
afterAll(() => installed[Symbol.asyncDispose]())

const POINTS = Object.keys(ENTRY_POINTS)

/** A program of a user, which takes all entry points; the two lines that are wrong show that its types are looked at. */
const PROGRAM = `
${POINTS.map((point, index) => `import * as point${index} from '${point}'`).join('\n')}
import { defineConfig, presets, type RunConfigInput, torch } from 'ft-cadis'

const settings: RunConfigInput = {
  ...presets.digits({ output: 'runs/mine' }),
  tuning: { kind: 'lora' },
  seed: 1,
}
export const run = defineConfig(settings)
export const wrong: string = presets.digits({ output: 'runs/digits' }).smoothing.sigma
export const mean = (logits_NK: torch.Tensor<'NK'>) => torch.mean(logits_NK, 'M')
export const points = [${POINTS.map((_, index) => `point${index}`).join(', ')}]
`
const WRONG = [
  "Type 'number' is not assignable to type 'string'.",
  `Argument of type '"M"' is not assignable to parameter of type 'never'.`,
]

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  types: ['node'],
  noEmit: true,
}

/** What the compiler says of files of the project, by their paths, and which packages it reads declarations of. */
function compiled(files: readonly string[], options: ts.CompilerOptions) {
  const program = ts.createProgram(files, { ...OPTIONS, ...options })
  const errors: Record<string, string[]> = {}
  for (const { file, messageText } of ts.getPreEmitDiagnostics(program)) {
    const path = file?.fileName ?? ''
    errors[path] = [...(errors[path] ?? []), ts.flattenDiagnosticMessageText(messageText, ' ')]
  }
  const packages = program
    .getSourceFiles()
    .map(({ fileName }) => /.*\/node_modules\/((@[^/]+\/)?[^/]+)/.exec(fileName)?.[1])
  return { errors, packages: [...new Set(packages)].filter(name => name !== undefined).sort() }
}

describe('types, all of them checked', () => {
  it.each([
    ['CommonJS and ES modules', ['commonjs', 'module'], { module: ts.ModuleKind.Node16 }],
    [
      'a bundler',
      ['module'],
      { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
    ],
  ] as const)('for %s', async (name, types, options) => {
    const files: string[] = []
    for (const type of types) {
      const folder = join(installed.project, name, type)
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'package.json'), JSON.stringify({ type }))
      await writeFile(join(folder, 'program.ts'), PROGRAM)
      files.push(join(folder, 'program.ts'))
    }
    const { errors, packages } = compiled(files, options)
    expect(errors).toEqual(Object.fromEntries(files.map(file => [file, WRONG])))
    // Of the dependencies only zod, whose schemas the settings are made of.
    expect(packages).toEqual(['@types/node', 'ft-cadis', 'typescript', 'undici-types', 'zod'])
  })
})

it('has the same values for require and import', async () => {
  const keys = `Object.keys(point).filter(key => !['default', 'module.exports', '__esModule'].includes(key)).sort().join(' ')`
  for (const point of POINTS) {
    const run = (type: string, text: string) =>
      execa('node', [`--input-type=${type}`, '-e', text], { cwd: installed.project })
    const required = await run('commonjs', `const point = require('${point}'); console.log(${keys})`)
    const imported = await run('module', `import * as point from '${point}'; console.log(${keys})`)
    expect(imported.stdout, point).toBe(required.stdout)
    expect(required.stdout.split(' ').length, point).toBeGreaterThan(5)
  }
})

describe('its examples, copied out of it', () => {
  let examples: string
  let python: string
  beforeAll(async () => {
    examples = join(installed.project, 'examples')
    await cp(join(installed.folder, 'examples'), examples, { recursive: true })
    python = (await resolveInterpreter()).path
  })

  /** Runs one, whose output goes to its own folder. */
  async function run(name: string, words: readonly string[], { ends = 0 } = {}) {
    const output = join(installed.project, 'out', name)
    const { exitCode, stdout, stderr } = await execa(
      'node',
      [...TYPESCRIPT, join('examples', name), '--output', output, ...words],
      { cwd: installed.project, env: { PYTHON_BIN: python }, reject: false },
    )
    expect({ exitCode, stderr: exitCode === ends ? '' : stderr }, name).toEqual({
      exitCode: ends,
      stderr: '',
    })
    return { output, stdout, stderr }
  }

  it('have its types', async () => {
    const names = (await readdir(examples, { recursive: true })).filter(name => name.endsWith('.ts'))
    expect(names.length).toBeGreaterThan(8)
    const files = names.map(name => join(examples, name))
    expect(compiled(files, { module: ts.ModuleKind.Node16 }).errors).toEqual({})
  })

  it('custom-classifier: a network of one’s own learns, and is saved', async () => {
    const { output, stderr } = await run('custom-classifier.ts', ['--epochs', '2', '--device', 'cpu'])
    const accuracy = Number(/^epoch 2\/2: noisy accuracy ([\d.]+) %/m.exec(stderr)?.[1])
    expect(accuracy).toBeGreaterThan(50)
    expect(await readdir(join(output, 'checkpoints', 'epoch-02'))).toContain('model.safetensors')
  }, 120_000)

  it('custom-objective: an objective of one’s own trains, and its run folder says what it measured', async () => {
    const words = ['--lambda', '3', '--steps', '3', '--device', 'cpu']
    const { output, stdout } = await run('custom-objective.ts', words)
    expect(stdout).toMatch(/^epoch 1: accuracy 0\.\d+ on clean test images, 0\.\d+ on noisy ones$/m)

    const rows = (await readFile(join(output, 'metrics.jsonl'), 'utf8')).trim().split('\n')
    const updates = rows.map(row => JSON.parse(row)).filter(({ kind }) => kind === 'update')
    expect(updates).toHaveLength(3)
    for (const { loss, crossEntropy, consistency } of updates) {
      expect(consistency).toBeGreaterThan(0)
      expect(loss).toBeCloseTo(crossEntropy + 3 * consistency, 5)
    }

    const { config, objective } = JSON.parse(await readFile(join(output, 'config.json'), 'utf8'))
    expect(config.method).toEqual({ kind: 'agreement', noises: 2, lambda: 3 })
    expect(objective).toMatchObject({ kind: 'agreement', metrics: { consistency: { label: 'KL' } } })
    expect(objective.script).toContain('custom-objective.ts')
  }, 120_000)

  it('custom-selection-rule: a rule of one’s own selects, until the time is over', async () => {
    const { output } = await run('custom-selection-rule.ts', ['--max-hours', '0.0001'], { ends: 124 })
    const { hooks } = JSON.parse(await readFile(join(output, 'config.json'), 'utf8'))
    expect(hooks.rule).toMatchObject({ name: 'confidently-right', parameters: { threshold: 0.8 } })
  }, 120_000)

  it('sweep: a point is trained, certified and tabulated', async () => {
    const point = ['--lambda', '1', '--epsilon', '0.25', '--epochs', '1', '--test-images', '1']
    const { stdout } = await run('sweep.ts', point)
    expect(stdout).toMatch(/│ λ = 1, ε = 0.25 │ /)
  }, 120_000)

  it.each(
    casesOf<[string, RegExp]>(
      [['custom-experiment.ts', /│ p\(y\) ≥ 0.8 /]],
      [['quickstart-digits.ts', /│ FT-CADIS /]],
    ),
  )(
    '%s: an experiment plans',
    async (name, row) => {
      const { stdout } = await run(name, ['--plan', '--seeds', '1', '--test-images', '2'])
      expect(stdout).toMatch(row)
      expect(stdout).toMatch(/^about \d+/m)
    },
    120_000,
  )

  it.each(casesOf(['finetune-cifar10.ts'], ['finetune-imagenet.ts']))(
    '%s: a dry run says what is missing',
    async name => {
      const nowhere = ['--data', 'nowhere', '--denoiser', 'nowhere.pt', '--classifier', 'nowhere']
      const { stdout } = await run(name, ['--dry-run', ...nowhere], { ends: 1 })
      expect(stdout).toContain("The weight file 'nowhere.pt' does not exist.")
    },
    120_000,
  )
})
