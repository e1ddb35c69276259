import { rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { OutputCollector } from '../../src/bridge/output-collector'
import { makeTemporaryFolder, noTemporaryPlace } from '../../src/files/temporary-folder'

afterEach(() => vi.unstubAllEnvs())

it.each(['/nowhere', '/proc', `/tmp/${'x'.repeat(90)}`])('where TMPDIR is %s, /tmp does', async place => {
  vi.stubEnv('TMPDIR', place)
  const folder = await makeTemporaryFolder('ft-cadis-test-')
  expect(dirname(folder)).toBe('/tmp')
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  await rm(folder, { recursive: true })
  const collector = await OutputCollector.listen()
  expect(dirname(collector.address)).toBe('/tmp')
  collector.close()
})

it('says where it looked when it finds none', () => {
  vi.stubEnv('TMPDIR', '/nowhere')
  expect(noTemporaryPlace(new Error('ENOENT')).message).toBe(
    'No temporary file can be made in /nowhere or /tmp: ENOENT. Set TMPDIR to a folder that exists and can be written.',
  )
})
