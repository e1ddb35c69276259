import { expect, test } from 'vitest'
import { diskRemedy } from '../../src/files/disk-remedy'

test.each([
  ['ENOSPC', 'Make room'],
  ['EROFS', 'Give back the right to write there'],
  ['ENOENT', 'Bring the folder back'],
  ['EIO', 'Look after the disk'],
  [undefined, 'Look after the disk'],
])('after %s: %s', (code, remedy) => {
  expect(diskRemedy(Object.assign(new Error('no'), { code }))).toBe(remedy)
})
