import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import manifest from '../package.json'
import { PACKAGE_FOLDER } from '../src/files/package-folder'

interface Packed {
  readonly size: number
  readonly files: readonly { readonly path: string }[]
}

it('packs what runs, and nothing else, in less than 8 MB', async () => {
  const { stdout } = await execa('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: PACKAGE_FOLDER,
  })
  const [packed] = JSON.parse(stdout) as [Packed]
  const paths = packed.files.map(({ path }) => path).filter(path => !path.startsWith('dist/'))
  const host = readdirSync(join(PACKAGE_FOLDER, 'python', 'ftcadis_host'), {
    recursive: true,
    encoding: 'utf8',
  })
  expect(paths.sort()).toEqual(
    [
      'LICENSE',
      'README.md',
      'package.json',
      'environment.yml',
      'assets/digits/classifier/config.json',
      'assets/digits/classifier/model.safetensors',
      'assets/digits/denoiser/config.json',
      'assets/digits/denoiser/diffusion_pytorch_model.safetensors',
      'assets/digits/denoiser/scheduler_config.json',
      'assets/paper/tables.json',
      'python/requirements.txt',
      ...host.filter(name => name.endsWith('.py')).map(name => `python/ftcadis_host/${name}`),
    ].sort(),
  )
  expect(packed.size).toBeLessThan(8e6)
})

it('runs nothing when it is installed, and points to what is built', () => {
  const { scripts, main, types, exports, bin } = manifest
  expect(Object.keys(scripts).filter(name => /^((pre|post)?install|prepare)$/.test(name))).toEqual([])
  const { './schema/*.json': _schemas, './package.json': _manifest, ...points } = exports
  const point = (file: string) => ({ types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` })
  expect({ main, types, points, bin }).toEqual({
    main: './dist/index.js',
    types: './dist/index.d.ts',
    points: {
      '.': point('index'),
      './torch': point('torch/index'),
      './analysis': point('analysis/index'),
      './experiments': point('experiments/index'),
      './internal': point('internal'),
    },
    bin: { 'ft-cadis': './dist/cli/main.js' },
  })
})

it('imports ES modules only where they are needed: tsx cannot require them', () => {
  const modules = Object.keys(manifest.dependencies).filter(name => {
    const text = readFileSync(join(PACKAGE_FOLDER, 'node_modules', name, 'package.json'), 'utf8')
    return !text.includes('"require"') && (JSON.parse(text) as { type?: string }).type === 'module'
  })
  expect(modules).toContain('execa')
  const sources = readdirSync(join(PACKAGE_FOLDER, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => [name, readFileSync(join(PACKAGE_FOLDER, 'src', name), 'utf8')] as const)
  const required = sources.flatMap(([name, text]) =>
    modules
      .filter(module => new RegExp(`^(import|export) (?!type\\b).* from '${module}'`, 'm').test(text))
      .map(module => `${name}: ${module}`),
  )
  expect(required).toEqual([])
})
