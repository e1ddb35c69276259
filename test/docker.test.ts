import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { PACKAGE_FOLDER } from '../src/files/package-folder'

const read = (name: string) => readFileSync(join(PACKAGE_FOLDER, name), 'utf8')
const dockerfile = read('Dockerfile')
const ignored = read('.dockerignore')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'))

describe('the Dockerfile', () => {
  it('copies files that are there and are not ignored', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) =>
      files.split(' '),
    )
    expect(copied).toEqual(expect.arrayContaining(['package.json', 'python/requirements.txt', '.']))
    for (const file of copied) {
      expect(existsSync(join(PACKAGE_FOLDER, file)), file).toBe(true)
      expect(ignored).not.toContain(file.split('/')[0])
    }
  })

  it('ignores nothing that the package is built of or publishes', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] }
    const made = ['dist', 'tsconfig.build.json', 'src', 'README.md', 'LICENSE', ...files]
    for (const needed of made.filter(name => name !== 'dist')) {
      expect(ignored).not.toContain(needed.split('/')[0])
    }
  })

  it('has a Node and a Python that the package takes, and its pins', () => {
    expect(dockerfile.match(/^FROM node:22-bookworm-slim/gm)).toHaveLength(2)
    const torch = read('python/requirements.txt').match(/^torch(vision)?==/gm)
    expect(torch).toHaveLength(2)
    expect(dockerfile).toContain("grep -E '^torch(vision)?=='")
  })

  it('has an entry point that the package has', () => {
    const { bin } = JSON.parse(read('package.json')) as { bin: Record<string, string> }
    expect(dockerfile).toContain(`ft-cadis/${bin['ft-cadis']?.replace('./', '')} /usr/local/bin/ft-cadis`)
  })
})

it('an image is built, and its doctor finds all that is needed', async ({ skip }) => {
  const engine = await execa('docker', ['info', '--format', '{{.ServerVersion}}'], {
    reject: false,
    timeout: 10_000,
  })
  skip(engine.exitCode !== 0, `no Docker engine: ${engine.stderr.split('\n').at(-1) || engine.shortMessage}`)
  const tag = `ft-cadis-test:${process.pid}`
  await execa('docker', ['build', '--tag', tag, '.'], { cwd: PACKAGE_FOLDER, timeout: 1_700_000 })
  try {
    const { stdout } = await execa('docker', ['run', '--rm', '--network', 'none', tag, 'doctor'])
    expect(stdout).toMatch(/torch +2\./)
    const digits = [
      'certify',
      '--preset',
      'digits',
      '--images',
      'first:1',
      '--n0',
      '16',
      '--n',
      '100',
      '--json',
    ]
    const certified = await execa('docker', ['run', '--rm', '--network', 'none', tag, ...digits])
    expect(JSON.parse(certified.stdout)).toMatchObject({ document: 'certification', missing: [] })
  } finally {
    await execa('docker', ['image', 'rm', '--force', tag], { reject: false })
  }
}, 1_800_000)
