import { describe, expect, it } from 'vitest'
import { fileName, groupLogs, isPartial, logNames } from '../../src/analysis/runs'
import { ConfigError, DataError } from '../../src/errors'
import { type CertificationLog, missingImages } from '../../src/logs/certification-log-file'
import { imagePlan } from '../../src/logs/image-plan'
import { configuration, cutShort, labelled, logOf, withMetadata } from './logs'

describe('groupLogs', () => {
  it('takes logs of one label that differ by seed and network for seeds of one run', () => {
    const logs = labelled(
      'ours',
      logOf('a.tsv', [1, 2], { seed: 0, classifier: 'net-0' }),
      logOf('b.tsv', [1, 3], { seed: 1, classifier: 'net-1' }),
    )
    const [method, ...others] = groupLogs(logs)
    expect(others).toEqual([])
    expect(method).toMatchObject({ label: 'ours', name: 'ours', runs: [{ name: 'ours' }] })
    expect(method?.runs[0]?.logs.map(({ file }) => file)).toEqual(['a.tsv', 'b.tsv'])
  })

  it.each([
    ['sigma', { sigma: 1, realisedSigma: 1.01 }, /sigma: 0.5 and 1\n {2}realisedSigma: 0.51 and 1.01/],
    ['n', { n: 100 }, /n: 1000 and 100/],
    ['alpha', { alpha: 0.01 }, /alpha: 0.001 and 0.01/],
    ['number type', { arithmetic: { dtype: 'bfloat16' } }, /arithmetic\.dtype: "float32" and "bfloat16"/],
    ['whether anything says it', 'undocumented' as const, /only one of them says how/],
  ])('refuses to average over another %s', (_what, changes, reason) => {
    const logs = labelled('ours', logOf('a.tsv', [1]), logOf('b.tsv', [1], changes))
    expect(() => groupLogs(logs)).toThrow(ConfigError)
    expect(() => groupLogs(logs)).toThrow(reason)
    expect(groupLogs(logs, { envelope: true })[0]?.runs).toHaveLength(2)
  })

  it('averages seeds whose noise is of different versions of the random streams', () => {
    const later = withMetadata(logOf('b.tsv', [1]), {
      configuration: { ...configuration, seed: 1, streams: 2 },
    })
    expect(groupLogs(labelled('ours', logOf('a.tsv', [1]), later))[0]?.runs).toHaveLength(1)
  })

  it('averages a log of format 1, which has no digest of its data, with one that has', () => {
    const data = { images: 10, classes: 2 }
    const [one, two, other] = ['aa', 'aa', 'bb'].map((digest, seed) =>
      withMetadata(logOf(`${seed}.tsv`, [1]), {
        configuration: { ...configuration, seed, data: { ...data, digest } },
      }),
    ) as [CertificationLog, CertificationLog, CertificationLog]
    const earlier = withMetadata(logOf('earlier.tsv', [1]), {
      format: 1,
      configuration: { ...configuration, data },
    })
    expect(groupLogs(labelled('ours', earlier, one, two))[0]?.runs).toHaveLength(1)
    expect(() => groupLogs(labelled('ours', one, other))).toThrow(/data\.digest: "aa" and "bb"/)
  })

  it('refuses to average over other images, in an envelope too', () => {
    const logs = labelled('ours', logOf('a.tsv', [1, 1]), logOf('b.tsv', [1], { seed: 1 }))
    expect(() => groupLogs(logs)).toThrow(/a\.tsv \(2\) and b\.tsv \(1\) hold different images/)
    expect(() => groupLogs(logs, { envelope: true })).toThrow(ConfigError)
  })

  it('refuses logs of other data, in an envelope too, and takes what they do not say for the same', () => {
    const data = { images: 10, classes: 2, classNames: ['dark', 'light'], digest: 'aa' }
    const of = (file: string, changes: object, sigma = 0.5): CertificationLog =>
      withMetadata(logOf(file, [1]), {
        configuration: { ...configuration, sigma, data: { ...data, ...changes } },
      })
    const pairs = [
      [of('a', {}), of('b', { digest: 'bb' })],
      [of('a', {}), of('b', { classNames: ['light', 'dark'] })],
    ] as const
    for (const [one, other] of pairs) {
      expect(() => groupLogs(labelled('ours', one, other))).toThrow(/data\.(digest|classNames): .* and /)
    }
    const envelope = labelled('ours', of('a', {}), of('b', { digest: 'bb' }, 1))
    expect(() => groupLogs(envelope, { envelope: true })).toThrow(
      /must be of the same images, but a and b are not:\n {2}data.digest: "aa" and "bb"/,
    )
    const earlier = of('earlier', { classNames: undefined, digest: 'of another kind' })
    expect(groupLogs(labelled('ours', of('a', {}), earlier))[0]?.runs).toHaveLength(1)
  })

  it('refuses logs of other pixels under the same numbers', () => {
    const of = (file: string, digest: string): CertificationLog => {
      const log = logOf(file, [1])
      return { ...log, rows: log.rows.map(row => ({ ...row, digest })) }
    }
    expect(() => groupLogs(labelled('ours', of('a', 'aa'), of('b', 'bb')))).toThrow(
      /image 0: digest aa and bb/,
    )
    expect(groupLogs(labelled('ours', of('a', 'aa'), of('b', 'aa'), logOf('c', [1])))[0]?.runs).toHaveLength(
      1,
    )
  })

  it('makes a run of each configuration with envelope, seeds within', () => {
    const [method] = groupLogs(
      labelled(
        'ours',
        logOf('a.tsv', [1], { sigma: 0.25 }),
        logOf('b.tsv', [1], { sigma: 0.5 }),
        logOf('c.tsv', [1], { sigma: 0.25, seed: 1 }),
      ),
      { envelope: true },
    )
    expect(method?.runs.map(({ name, logs }) => [name, logs.map(({ file }) => file)])).toEqual([
      ['ours, σ = 0.25', ['a.tsv', 'c.tsv']],
      ['ours, σ = 0.5', ['b.tsv']],
    ])
  })

  it.each([
    [
      ['x/cifar-sigma0.25.tsv', 'x/cifar-sigma0.5.tsv'],
      ['c, sigma0.25', 'c, sigma0.5'],
    ],
    [
      ['0.25.tsv', '0.5.tsv'],
      ['c, 0.25', 'c, 0.5'],
    ],
    [
      ['0.25/log', '0.5/log'],
      ['c, 0.25/log', 'c, 0.5/log'],
    ],
  ])('tells undocumented logs %j apart by where their names differ', (files, names) => {
    const logs = files.map(file => logOf(file, [1], 'undocumented'))
    const [method] = groupLogs(labelled('c', ...logs), { envelope: true })
    expect(method?.runs.map(({ name }) => name)).toEqual(names)
  })

  it('marks what holds a log that is cut short', () => {
    const logs = labelled('ours', logOf('a.tsv', [1]), cutShort(logOf('b.tsv', [1], { sigma: 1 })))
    const [method] = groupLogs(logs, { envelope: true })
    expect(method?.name).toBe('ours (partial)')
    expect(method?.runs.map(({ name }) => name)).toEqual(['ours, σ = 0.5', 'ours, σ = 1 (partial)'])
  })

  it('refuses a log without rows by its name', () => {
    expect(() => groupLogs(labelled('ours', logOf('empty.tsv', [])))).toThrow(DataError)
    expect(() => groupLogs(labelled('ours', logOf('empty.tsv', [])))).toThrow(/empty\.tsv has no whole row/)
  })
})

it.each([
  ['holds its plan', { plan: imagePlan([1, 0]) }, [], false],
  ['lacks images of its plan', { plan: imagePlan([0, 5, 1, 3]) }, [5, 3], true],
  ['is a share of a larger plan', { plan: imagePlan([0, 1]), share: { number: 1, of: 2 } }, [], true],
  ['is the only share', { plan: imagePlan([0, 1]), share: { number: 1, of: 1 } }, [], false],
])('a log that %s is known', (_what, metadata, missing, partial) => {
  const log = withMetadata(logOf('a.tsv', [1, 2]), metadata)
  expect(missingImages(log)).toEqual(missing)
  expect(isPartial(log)).toBe(partial)
})

it('names the logs of a run by seed, by path where seeds do not tell them apart', () => {
  const names = (...changes: Parameters<typeof logOf>[2][]) => {
    const logs = changes.map((change, position) => logOf(`${position}.tsv`, [1], change))
    return groupLogs(labelled('m', ...logs)).flatMap(({ runs }) => runs.flatMap(logNames))
  }
  expect(names({})).toEqual(['m'])
  expect(names({ seed: 3 }, { seed: 4 })).toEqual(['m, seed 3', 'm, seed 4'])
  expect(names({}, {})).toEqual(['m: 0.tsv', 'm: 1.tsv'])
  expect(names('undocumented', 'undocumented')).toEqual(['m: 0.tsv', 'm: 1.tsv'])
})

it.each([
  ['runs/certify-a.tsv', 'certify-a'],
  ['sigma_0.25', 'sigma_0.25'],
  ['a.b.txt', 'a.b'],
])('the log %s is called %s', (path, name) => {
  expect(fileName(path)).toBe(name)
})
