import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PACKAGE_FOLDER } from '../src/files/package-folder'

/** What the command begins with, in place of all that it loads: quick to build. */
const STUBS = {
  'cli/ft-cadis.ts': 'export const createFtCadis = () => ({ parseAsync: async () => {} })\n',
  'cli/help.ts': "export const FIRST_STEPS = 'it runs'\n",
  'cli/program.ts': 'export const runMain = (main: () => Promise<unknown>) => main()\n',
  'terminal/print.ts': 'export const printLine = (line: string) => console.log(line)\n',
}

let checkout: string
beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'ft-cadis-build-'))
  for (const room of ['cli', 'terminal']) await mkdir(join(checkout, 'src', room), { recursive: true })
  for (const name of [
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    join('src', 'cli', 'main.ts'),
  ]) {
    await copyFile(join(PACKAGE_FOLDER, name), join(checkout, name))
  }
  for (const [name, text] of Object.entries(STUBS)) await writeFile(join(checkout, 'src', name), text)
  await symlink(join(PACKAGE_FOLDER, 'node_modules'), join(checkout, 'node_modules'))
})
afterAll(() => rm(checkout, { recursive: true }))

it('leaves a command that runs, the second time too', async () => {
  // npx keeps a link to the checkout in npm's cache.
  const options = { cwd: checkout, env: { npm_config_cache: join(checkout, 'npm-cache') } }
  for (const time of ['first', 'second']) {
    await execa('npm', ['run', '-s', 'build'], options)
    const { stdout } = await execa('npx', ['--no-install', 'ft-cadis'], options)
    expect(stdout, `${time} build`).toBe('it runs')
  }
}, 120_000)
