import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import manifest from '../package.json'
import { PACKAGE_FOLDER } from '../src/files/package-folder'

interface Packed {
  readonly size: number
  readonly files: readonly { readonly path: string }[]
}

async function pack(): Promise<Packed> {
  const { stdout } = await execa('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: PACKAGE_FOLDER,
  })
  const [packed] = JSON.parse(stdout) as [Packed]
  return packed
}

/** The files below folders of this package. */
function filesIn(folders: readonly string[], isTaken: (name: string) => boolean): string[] {
  return folders.flatMap(folder =>
    readdirSync(join(PACKAGE_FOLDER, folder), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && isTaken(entry.name))
      .map(entry => relative(PACKAGE_FOLDER, join(entry.parentPath, entry.name))),
  )
}

it('packs what runs and what is read, and nothing else, in less than 8 MB', async () => {
  const packed = await pack()
  const paths = packed.files.map(({ path }) => path).filter(path => !path.startsWith('dist/'))
  const host = readdirSync(join(PACKAGE_FOLDER, 'python', 'ftcadis_host'), {
    recursive: true,
    encoding: 'utf8',
  })
  expect(paths.sort()).toEqual(
    [
      'LICENSE',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'README.md',
      'package.json',
      'environment.yml',
      'assets/digits/classifier/config.json',
      'assets/digits/classifier/model.safetensors',
      'assets/digits/denoiser/config.json',
      'assets/digits/denoiser/diffusion_pytorch_model.safetensors',
      'assets/digits/denoiser/scheduler_config.json',
      'assets/frontier.json',
      'assets/paper/tables.json',
      ...['index.html', 'page.js', 'style.css'].map(name => `assets/service/${name}`),
      'python/requirements.txt',
      'python/requirements-onnx.txt',
      ...filesIn(['schema', 'examples'], () => true),
      ...filesIn(['docs'], name => /\.(md|svg)$/.test(name)),
      ...host.filter(name => name.endsWith('.py')).map(name => `python/ftcadis_host/${name}`),
    ].sort(),
  )
  expect(packed.size).toBeLessThan(8e6)
})

it('has what the links of its README name', async () => {
  const paths = (await pack()).files.map(({ path }) => path)
  const text = readFileSync(join(PACKAGE_FOLDER, 'README.md'), 'utf8')
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link)
  expect(links.length).toBeGreaterThan(10)
  const isThere = (link: string) => paths.some(path => path === link || path.startsWith(`${link}/`))
  expect(links.filter(link => !isThere(link))).toEqual([])
})

it('has examples that import nothing of it but its entry points', () => {
  const imported = filesIn(['examples'], name => name.endsWith('.ts')).flatMap(file =>
    [...readFileSync(join(PACKAGE_FOLDER, file), 'utf8').matchAll(/from '([^']+)'/g)].map(
      ([, name = '']) => name,
    ),
  )
  const points = Object.keys(manifest.exports).map(point => point.replace(/^\./, 'ft-cadis'))
  const others = imported.filter(name => !points.includes(name) && !name.startsWith('node:'))
  expect([...new Set(others)].sort()).toEqual(['./networks', './service-api', '@resvg/resvg-js', 'zod'])
})

it('runs nothing when it is installed, and points to what is built', () => {
  const { scripts, main, types, exports, bin } = manifest
  // `prepare` runs in a checkout, and where the package is packed, but not where it is installed.
  expect(Object.keys(scripts).filter(name => /^(pre|post)?install$/.test(name))).toEqual([])
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
