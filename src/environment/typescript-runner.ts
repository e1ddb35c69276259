import { existsSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { ConfigError } from '../errors'
import { PACKAGE_FOLDER } from '../files/package-folder'
import { readJson } from '../files/read-json'

/** A package that runs TypeScript files. */
type TypeScriptRunner = 'ts-node' | 'tsx'

/** The first TypeScript version that is not a library for ts-node. */
const FIRST_WITHOUT_LIBRARY = 7

/** Packages to install with a runner. */
export const INSTALLED_WITH: Readonly<Record<TypeScriptRunner, string>> = {
  'ts-node': `typescript@${FIRST_WITHOUT_LIBRARY - 1}`,
  tsx: 'typescript',
}

/**
 * Makes both runners use the settings of this package when they run it from its sources. Otherwise they use those of the
 * working directory, which may name code, and TypeScript itself from there.
 */
export const OWN_TYPESCRIPT_SETTINGS = {
  TS_NODE_CWD: PACKAGE_FOLDER,
  TS_NODE_PROJECT: join(PACKAGE_FOLDER, 'tsconfig.json'),
  TSX_TSCONFIG_PATH: join(PACKAGE_FOLDER, 'tsconfig.json'),
} as const

/** Returns ts-node, or tsx if ts-node does not work: for ES modules, and with TypeScript 7. */
export async function typeScriptRunner(file: string): Promise<TypeScriptRunner> {
  if (await isModule(file)) return 'tsx'
  return (await typeScriptMajor(file)) >= FIRST_WITHOUT_LIBRARY ? 'tsx' : 'ts-node'
}

/**
 * Returns Node options that run a TypeScript file: with a runner of the project, or else of this package.
 *
 * @param named - The runner; by default that of {@link typeScriptRunner}.
 * @throws ConfigError if there is none
 */
export async function typeScriptOptions(file: string, named?: TypeScriptRunner): Promise<readonly string[]> {
  const runner = named ?? (await typeScriptRunner(file))
  try {
    return runner === 'tsx'
      ? ['--import', pathToFileURL(resolveFor(file, 'tsx')).href]
      : ['-r', resolveFor(file, 'ts-node/register')]
  } catch (cause) {
    throw new ConfigError(`${file} is TypeScript, and ${runner}, which runs it, is not installed.`, {
      remedy: `Run \`npm install --save-dev ${runner} ${INSTALLED_WITH[runner]}\`, or launch compiled JavaScript.`,
      cause,
    })
  }
}

/**
 * Returns whether a TypeScript file is an ES module, by its name or by the nearest package.json.
 *
 * @throws ConfigError if that cannot be read
 */
export async function isModule(file: string): Promise<boolean> {
  if (extname(file) !== '.ts') return extname(file) === '.mts'
  const manifest = nearestFile('package.json', dirname(file))
  return manifest !== undefined && (await readManifest(manifest))?.type === 'module'
}

function readManifest(path: string) {
  return readJson(path, {
    schema: z.looseObject({ type: z.unknown().optional(), version: z.string().exactOptional() }),
    refuse: (reason, cause) =>
      new ConfigError(`${path} ${reason}.`, { remedy: 'Repair it, or work in another folder.', cause }),
  })
}

/** Returns the file of this name in the folder, or in its nearest parent that has one. */
export function nearestFile(name: string, folder: string): string | undefined {
  const file = join(folder, name)
  if (existsSync(file)) return file
  return dirname(folder) === folder ? undefined : nearestFile(name, dirname(folder))
}

/** Returns the major version of TypeScript, 0 if not installed. */
async function typeScriptMajor(file: string): Promise<number> {
  let manifest: string
  try {
    manifest = resolveFor(file, 'typescript/package.json')
  } catch {
    return 0
  }
  return Number.parseInt((await readManifest(manifest))?.version ?? '0', 10)
}

function resolveFor(file: string, module: string): string {
  return require.resolve(module, { paths: [dirname(file), process.cwd(), PACKAGE_FOLDER] })
}
