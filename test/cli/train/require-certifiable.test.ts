import { expect, it } from 'vitest'
import { ConfigError, presets } from '../../../src'
import { requireCertifiable } from '../../../src/cli/train/require-certifiable'
import { runHere } from '../../support/run-here'

const { method } = presets.digits({ output: 'run' })
const selector = { method: { kind: 'selector', noises: 1, threshold: 0.5, predictions: 'labels' } } as const

it('a selector is not certified alone, and that is said before it trains', () => {
  expect(() => requireCertifiable(selector, { certify: true })).toThrow(ConfigError)
  expect(() => requireCertifiable(selector, { certify: true })).toThrow(
    'The method selector trains a network that tells no classes of the data apart, so there is nothing to certify alone. Leave --certify out, or give --no-certify.',
  )
  expect(() => requireCertifiable(selector, { certify: false })).not.toThrow()
  expect(() => requireCertifiable(selector, {})).not.toThrow()
  expect(() => requireCertifiable({ method }, { certify: true })).not.toThrow()
})

it('the command line refuses it before Python is started', async () => {
  const { exitCode, stderr } = await runHere(
    ...[
      'train',
      '--preset',
      'digits',
      '--certify',
      '--python',
      '/nowhere/python',
      '--output',
      '/nowhere/run',
    ],
    ...['--set', `method=${JSON.stringify(selector.method)}`],
  )
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('there is nothing to certify alone'),
  })
})
