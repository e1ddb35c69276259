import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { ConfigError } from '../errors'
import { experimentFiles, TSCONFIG } from './init-templates'

/**
 * Writes an experiment into a folder, all of its files or none.
 *
 * @returns what was written and what to do next, for people
 * @throws ConfigError if a file of the name is there already, or the folder cannot be written
 */
export async function writeExperiment(name: string): Promise<string> {
  const folder = resolve(name)
  const manifest = nearest('package.json', folder)
  const isModule = manifest !== undefined && (await saysModule(manifest))
  const files = Object.entries({
    ...experimentFiles({ isModule }),
    ...(nearest('tsconfig.json', folder) === undefined ? { 'tsconfig.json': TSCONFIG } : {}),
  })
  const existing = files.map(([file]) => join(folder, file)).filter(existsSync)
  if (existing.length > 0) {
    throw new ConfigError(`${existing.map(fromHere).join(' and ')} would be overwritten.`, {
      remedy: 'Name another folder.',
    })
  }
  try {
    await mkdir(folder, { recursive: true })
    for (const [file, text] of files) await writeFile(join(folder, file), text, { flag: 'wx' })
  } catch (cause) {
    throw new ConfigError(`${folder} cannot be written: ${(cause as Error).message}.`, {
      remedy: 'Name a folder that can be written.',
      cause,
    })
  }
  return nextSteps(folder, { files: files.map(([file]) => fromHere(join(folder, file))), isModule })
}

/** The file of this name in the folder, or in the nearest one above it that has one. */
function nearest(name: string, folder: string): string | undefined {
  const file = join(folder, name)
  if (existsSync(file)) return file
  return dirname(folder) === folder ? undefined : nearest(name, dirname(folder))
}

/** Whether .ts files beside a package.json are ES modules. */
async function saysModule(manifest: string): Promise<boolean> {
  try {
    return (JSON.parse(await readFile(manifest, 'utf8')) as { type?: string }).type === 'module'
  } catch (cause) {
    throw new ConfigError(`${manifest} cannot be read: ${(cause as Error).message}.`, {
      remedy: 'Repair it, or name a folder elsewhere.',
      cause,
    })
  }
}

function nextSteps(
  folder: string,
  { files, isModule }: { readonly files: readonly string[]; readonly isModule: boolean },
): string {
  // ts-node does not load TypeScript as ES modules.
  const runner = isModule ? 'tsx' : 'ts-node'
  const [config = '', script = ''] = files
  const resolver = createRequire(join(folder, 'experiment.ts'))
  const missing = ['ft-cadis', 'typescript', '@types/node', runner].filter(
    name => !canResolve(resolver, `${name}/package.json`),
  )
  const steps = [
    ...(missing.length === 0 ? [] : [[`npm install ${missing.join(' ')}`, 'what is not there yet']]),
    ['npx ft-cadis setup', 'once: the Python environment'],
    [`npx ${runner} ${script}`, 'fine-tune, certify, compare: about a minute'],
    ['npx ft-cadis report runs/first', 'curves and pictures as a page'],
  ] as const
  const width = Math.max(...steps.map(([command = '']) => command.length))
  return [
    `Written: ${files.join(', ')}`,
    'Next:',
    ...steps.map(([command = '', why]) => `  ${command.padEnd(width)}  ${why}`),
    `Then change ${config}.`,
  ].join('\n')
}

function canResolve(resolver: NodeJS.Require, module: string): boolean {
  try {
    resolver.resolve(module)
    return true
  } catch {
    return false
  }
}

function fromHere(path: string): string {
  return relative(process.cwd(), path)
}
