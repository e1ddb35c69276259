import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { INSTALLED_WITH, isModule, nearestFile, typeScriptRunner } from '../../environment/typescript-runner'
import { ConfigError } from '../../errors'
import { PACKAGE_FOLDER } from '../../files/package-folder'
import { writeNew } from '../../files/write'
import { experimentFiles, TSCONFIG } from './templates'

/** Name of its script. */
const SCRIPT = 'experiment.ts'

/**
 * Writes an experiment into a folder, atomically.
 *
 * @returns a summary of the written files and next steps, for people
 * @throws ConfigError if one of the files exists, or the folder cannot be written
 */
export async function writeExperiment(name: string): Promise<string> {
  const folder = resolve(name)
  const files = Object.entries({
    ...experimentFiles({
      isModule: await isModule(join(folder, SCRIPT)),
      schema: relative(folder, join(PACKAGE_FOLDER, 'schema', 'overrides.json')),
    }),
    ...(nearestFile('tsconfig.json', folder) === undefined ? { 'tsconfig.json': TSCONFIG } : {}),
  })
  const existing = files.map(([file]) => join(folder, file)).filter(existsSync)
  if (existing.length > 0) {
    throw new ConfigError(`${existing.map(fromHere).join(' and ')} would be overwritten.`, {
      remedy: 'Name another folder.',
    })
  }
  try {
    await mkdir(folder, { recursive: true })
    for (const [file, text] of files) await writeNew(join(folder, file), text)
  } catch (cause) {
    throw new ConfigError(`${folder} cannot be written: ${(cause as Error).message}.`, {
      remedy: 'Name a folder that can be written.',
      cause,
    })
  }
  return nextSteps(
    folder,
    files.map(([file]) => fromHere(join(folder, file))),
  )
}

async function nextSteps(folder: string, files: readonly string[]): Promise<string> {
  const runner = await typeScriptRunner(join(folder, SCRIPT))
  const [config = '', script = '', settings = ''] = files
  const resolver = createRequire(join(folder, SCRIPT))
  const missing = ['ft-cadis', 'typescript', '@types/node', runner].filter(
    name => !canResolve(resolver, `${name}/package.json`),
  )
  const install = missing.map(name => (name === 'typescript' ? INSTALLED_WITH[runner] : name)).join(' ')
  const steps = [
    ...(missing.length === 0 ? [] : [[`npm install ${install}`, 'what is not there yet']]),
    ['npx ft-cadis setup', 'once: the Python environment'],
    [`npx ${runner} ${script}`, 'fine-tune, certify, compare: about a minute'],
    ['npx ft-cadis report runs/first', 'curves and pictures as a page'],
    [`npx ft-cadis train --preset digits --config ${settings}`, 'the same training without a script'],
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
