import { afterEach, expect, it, vi } from 'vitest'
import { resumeCommand } from '../../../src/cli/train/resume-command'

afterEach(() => vi.unstubAllEnvs())

it('is the words of the command with --resume', () => {
  const typed = ['node', '/x/dist/cli/main.js', 'train', '--preset', 'digits', '--replace']
  expect(resumeCommand(typed)).toBe('npx ft-cadis train --preset digits --resume')
  expect(resumeCommand(['node', 'main.js', 'sweep', '--set', 'seed=0,1', '--replace'])).toBe(
    'npx ft-cadis sweep --set seed=0,1',
  )
  expect(resumeCommand([...typed, '--resume'])).toBe('npx ft-cadis train --preset digits --resume')
})

it('quotes what a shell would take apart', () => {
  expect(resumeCommand(['node', 'main.js', 'train', '--set', 'method={"kind": "a"}', "it's"])).toBe(
    `npx ft-cadis train --set 'method={"kind": "a"}' 'it'\\''s' --resume`,
  )
})

it('starts a script as it was started', () => {
  expect(resumeCommand(['node', `${process.cwd()}/examples/finetune-cifar10.ts`, '--data', 'd'])).toBe(
    'npx ts-node examples/finetune-cifar10.ts --data d --resume',
  )
})

it('leaves the options of a launch to the reader', () => {
  for (const [name, value] of Object.entries({ RANK: '0', WORLD_SIZE: '2', LOCAL_RANK: '0' })) {
    vi.stubEnv(name, value)
  }
  expect(resumeCommand(['node', 'main.js', 'train'])).toBe('npx ft-cadis launch … -- train --resume')
})
