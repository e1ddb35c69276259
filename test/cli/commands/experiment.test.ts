import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { PAPER_EXPERIMENTS } from '../../../src/experiments'
import { runWithoutPython } from '../../support/run-without-python'

it('lists the experiments with where the paper has them, without Python', async () => {
  const { stdout, stderr, exitCode } = await runWithoutPython(tmpdir(), 'experiment')
  for (const { name, source } of PAPER_EXPERIMENTS) {
    expect(stdout).toMatch(new RegExp(`│ ${name} +│ ${source} +│`))
  }
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
})

it.each([
  [['nothing'], /nothing.*expected/],
  [['main', '--scale', 'cifar10'], /scale cifar10 needs data[\s\S]*--data/],
])('refuses %j', async (words, message) => {
  const { stderr, exitCode } = await runWithoutPython(tmpdir(), 'experiment', ...words)
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(message) })
})
