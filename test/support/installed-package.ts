import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import manifest from '../../package.json'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

const MODULES = join(PACKAGE_FOLDER, 'node_modules')

/** A project of a user, with this package in its `node_modules` as npm puts it there. */
export interface InstalledPackage extends AsyncDisposable {
  /** Folder of the project. */
  readonly project: string
  /** Folder of this package in it. */
  readonly folder: string
  /** File that npm would download. */
  readonly tarball: string
}

/** Builds this package, packs it and unpacks it into the `node_modules` of a new project, without the network. */
export async function installPackage(): Promise<InstalledPackage> {
  const root = await mkdtemp(join(tmpdir(), 'ft-cadis-installed-'))
  const checkout = join(root, 'checkout')
  const project = join(root, 'project')
  const folder = join(project, 'node_modules', 'ft-cadis')
  await mkdir(folder, { recursive: true })
  // Only what is packed, so that the build does not touch that of the checkout.
  const packed = manifest.files.filter(name => name !== 'dist').map(name => name.replace(/\/\*\*.*/, ''))
  for (const name of new Set([...packed, 'package.json', 'README.md', 'LICENSE'])) {
    await cp(join(PACKAGE_FOLDER, name), join(checkout, name), { recursive: true })
  }
  const compiler = join(MODULES, 'typescript', 'bin', 'tsc')
  const build = ['-p', join(PACKAGE_FOLDER, 'tsconfig.build.json'), '--outDir', join(checkout, 'dist')]
  await execa('node', [compiler, ...build])
  await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', root], { cwd: checkout })
  const tarball = join(root, `ft-cadis-${manifest.version}.tgz`)
  await execa('tar', ['xzf', tarball, '-C', folder, '--strip-components', '1'])
  // What npm would install beside it: its dependencies, and what such a project has of its own.
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    const link = join(project, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(MODULES, name), link)
  }
  await writeFile(join(project, 'package.json'), '{ "name": "project", "private": true }')
  return {
    ...{ project, folder, tarball },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  }
}
