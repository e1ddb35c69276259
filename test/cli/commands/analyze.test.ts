import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { beforeEach, describe, expect, it } from 'vitest'
import { TABLE_FORMATS } from '../../../src/analysis/tables'
import { addAnalyzeCommand } from '../../../src/cli/commands/analyze'
import { createProgram } from '../../../src/cli/program'
import { formatRow, LOG_HEADER } from '../../../src/logs/certification-log'
import { configuration } from '../../analysis/logs'
import { loggedRow } from '../../support/logged-row'
import { runWithoutPython } from '../../support/run-without-python'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'analyze-'))
  return () => rm(folder, { recursive: true })
})

function run(...words: string[]) {
  return runWithoutPython(folder, 'analyze', ...words)
}

/** A log of Cohen's columns alone; null abstains. */
async function writeCohen(name: string, radii: readonly (number | null)[], end = ''): Promise<void> {
  const rows = radii.map((radius, index) =>
    [index, 1, radius === null ? -1 : 1, radius ?? '0.0', radius === null ? 0 : 1, '0:00:14.17'].join('\t'),
  )
  const text = ['idx\tlabel\tpredict\tradius\tcorrect\ttime', ...rows].map(line => `${line}\n`).join('')
  await writeFile(join(folder, name), text + end)
}

/** A log of this package with its metadata; undefined is the radius that follows from the votes. */
async function writeOwn(
  name: string,
  radii: readonly (number | undefined)[],
  changes: object = {},
): Promise<void> {
  const rows = radii.map((radius, index) =>
    formatRow(loggedRow({ index, ...(radius !== undefined && { radius }) })),
  )
  await writeFile(join(folder, name), [LOG_HEADER, ...rows].map(line => `${line}\n`).join(''))
  await writeFile(
    join(folder, `${name}.json`),
    JSON.stringify({ format: 2, configuration: { ...configuration, ...changes } }),
  )
}

it('prints a table to stdout, and what to know to stderr', async () => {
  await writeCohen('cohen.tsv', [0.5, null])
  await writeOwn('certify.tsv', [1, 0.74951])
  const { stdout, stderr, exitCode } = await run(
    'cohen.tsv',
    'ours=certify.tsv',
    '--radii',
    '0.5,0.75',
    '--format',
    'csv',
  )
  expect(stdout).toBe(
    'method,σ,n0,n,α,r = 0.5,r = 0.75,abstained,ACR\ncohen,,,,,50,0,50,0.25\nours,0.5,100,1000,0.001,100,50,0,0.874755',
  )
  expect(stderr).toMatch(/^note: The logs do not all have the same σ: cohen unknown; ours 0\.5\.$/m)
  expect(exitCode).toBe(0)
})

it.each(TABLE_FORMATS)('marks a partial log in %s', async format => {
  await writeCohen('cut.tsv', [0.5], '1\t1\t1\t0.')
  const { stdout, stderr, exitCode } = await run('cut.tsv', '--format', format)
  expect(stdout).toContain('cut (partial)')
  expect(stderr).toMatch(/^note: cut\.tsv is partial: line 3 is cut short/m)
  expect(exitCode).toBe(0)
})

it('averages logs of one label, and takes files of one name for different methods', async () => {
  await writeOwn('a.tsv', [1])
  await writeOwn('b.tsv', [2], { seed: 1 })
  await writeOwn('sigma=1.tsv', [3])
  const { stdout } = await run(
    'm=a.tsv',
    'm=b.tsv',
    './a.tsv',
    'a.tsv',
    'sigma=1.tsv',
    '--radii',
    '0',
    '--format',
    'json',
  )
  expect(JSON.parse(stdout).tables[0].rows.map((row: unknown[]) => row[0])).toEqual([
    'm',
    './a.tsv',
    'a.tsv',
    'sigma=1',
  ])
})

it('writes the curves and a page, whole or not at all', async () => {
  await writeOwn('a.tsv', [1, 0.5])
  const { exitCode, stderr } = await run('a.tsv', '--plot', 'out/curves.svg', '--html', 'out/page.html')
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: expect.stringMatching(/^note: Not checkable.*: all logs\.$/),
  })
  expect((await readdir(join(folder, 'out'))).sort()).toEqual(['curves.svg', 'page.html'])
  expect(await readFile(join(folder, 'out/curves.svg'), 'utf8')).toMatch(
    /^<svg [\s\S]*certified accuracy \(%\)/,
  )
  const page = await readFile(join(folder, 'out/page.html'), 'utf8')
  expect(page).toContain('by class')
  expect(page).toMatch(/<\/html>\n$/)
})

it('averages different logs where it is told to, and says so in the table', async () => {
  await writeCohen('sigma0.25.tsv', [0.953, 0.5])
  await writeCohen('sigma0.5.tsv', [1.906, 0.5])
  const words = ['m=sigma0.25.tsv', 'm=sigma0.5.tsv', '--format', 'csv']
  const refused = await run(...words)
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
  expect(refused.stderr).toMatch(
    /sigma: 0\.25 \(inferred from the name of its file\) and 0\.5[\s\S]*--allow-different/,
  )
  const { stdout, exitCode } = await run(...words, '--allow-different')
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(
    /^# sigma0\.25\.tsv and sigma0\.5\.tsv differ: sigma: 0\.25 .*\nmethod,[^\n]*\nm \(mixed\),/,
  )
})

it('adds what the options ask for', async () => {
  await writeOwn('a.tsv', [1, 0.5])
  await writeOwn('b.tsv', [0.5, 0.25])
  const words = ['--high-probability', '--linf', '3072', '--eps', '1/255,2/255', '--per-class']
  const { stdout } = await run(
    'a.tsv',
    'b.tsv',
    ...words,
    '--against',
    'paper',
    '--compare',
    'a,b',
    '--format',
    'json',
  )
  const captions = JSON.parse(stdout).tables.map(({ caption }: { caption: string }) => caption)
  expect(captions).toEqual([
    expect.stringMatching(/^Certified accuracy in percent at ℓ2 radius r; abstention/),
    expect.stringMatching(/exact certificates/),
    expect.stringMatching(/ℓ∞ radius ε/),
    expect.stringMatching(/beside Table 1 \(table1_cifar10\)/),
    expect.stringMatching(/^Differences to Table 1/),
    expect.stringMatching(/^a and b on the same 2 images/),
    expect.stringMatching(/^a: .* by class$/),
    expect.stringMatching(/^b: .* by class$/),
  ])
})

describe('refuses, in one message and without a table', () => {
  const refuse = async (exitCode: number, message: RegExp, ...words: string[]) => {
    const result = await run(...words)
    expect(result.stderr).toMatch(message)
    expect(result).toMatchObject({ stdout: '', exitCode })
  }

  it('a malformed row, by file, line and reason', async () => {
    await writeCohen('bad.tsv', [0.5, 0.25], '2\t1\t1\tx\t1\t0:00:01\n')
    await refuse(1, /^error: bad\.tsv, line 4: radius must be a number from 0 to 5000, got "x"\./, 'bad.tsv')
  })

  it('a log that is not there', () =>
    refuse(1, /^error: The certification log no\.tsv does not exist\./, 'no.tsv'))

  it('to average different configurations', async () => {
    await writeOwn('a.tsv', [1], { sigma: 0.25 })
    await writeOwn('b.tsv', [1], { sigma: 0.5 })
    await refuse(
      1,
      /^error: The logs of "m" would be averaged[\s\S]*sigma: 0\.25 and 0\.5[\s\S]*--envelope/,
      'm=a.tsv',
      'm=b.tsv',
    )
  })

  it('a log given twice', async () => {
    await writeOwn('a.tsv', [1])
    await refuse(1, /^error: The log \.\/a\.tsv is given twice as "m"\./, 'm=a.tsv', 'm=./a.tsv')
    const words = ['--by', 'sigma', 'a.tsv', './a.tsv']
    await refuse(1, /^error: The log \.\/a\.tsv is given twice as "σ = 0\.5"\./, ...words)
  })

  it('a picture that it cannot draw, before anything is read', () =>
    refuse(
      1,
      /^error: --plot writes SVG, PNG and PDF, expected curve, envelope, p-a, expected-n, a file ending in .*, got x\.gif\./,
      'no.tsv',
      '--plot',
      'x.gif',
    ))

  it('a log that is not there, by what follows the last equals sign', () =>
    refuse(1, /^error: The certification log none\.tsv does not exist\./, 'σ=0.5=none.tsv'))

  it('a folder', () =>
    refuse(
      1,
      /^error: \.\/ is a folder, expected a certification log\. Name the logs in it, for instance \*\.tsv\./,
      './',
    ))

  it('a file that cannot be written', async () => {
    await writeOwn('a.tsv', [1])
    await refuse(1, /^error: a\.tsv\/page\.html cannot be written/, 'a.tsv', '--html', 'a.tsv/page.html')
  })
})

it('takes labels with equals signs and commas, and logs after every option', async () => {
  await writeOwn('a.tsv', [1, 0.5])
  await writeOwn('lr=0.1.tsv', [0.5, 0.25])
  const { stdout } = await run(
    ...['--compare', 'σ=0.5', '--compare', 'x,y'],
    ...['σ=0.5=a.tsv', 'x,y=lr=0.1.tsv', '--format', 'json'],
  )
  const captions = JSON.parse(stdout).tables.map(({ caption }: { caption: string }) => caption)
  expect(captions).toContainEqual(expect.stringMatching(/^σ=0\.5 and x,y on the same 2 images/))
})

it.each([
  ['one label to compare', /--compare takes two labels with a comma between, got 1/, ['--compare', 'a']],
  ['a table of nothing', /--table needs --against paper/, ['--table', 'table1_cifar10']],
  ['rows of nothing', /--rows needs --against/, ['--rows', 'CAT-RS']],
  ['another source', /Allowed choices are paper/, ['--against', 'x']],
  ['another format', /Allowed choices are terminal, markdown, latex, csv, json/, ['--format', 'x']],
  ['radii that are none', /Expected a number of at least 0, or several with/, ['--radii', '0:1.5:0.25']],
  ['a radius twice', /Expected each number once/, ['--radii', '0.5,0.50']],
])('%s is a usage error', async (_what, message, words) => {
  const program = createProgram('tool', 'A tool.').configureOutput({ writeErr: () => {} })
  addAnalyzeCommand(program)
  for (const command of program.commands) command.configureOutput({ writeErr: () => {} })
  const parsed = program.parseAsync(['analyze', 'a.tsv', ...words], { from: 'user' })
  await expect(parsed).rejects.toThrow(CommanderError)
  await expect(parsed).rejects.toThrow(message)
})

describe('charts', () => {
  it('are SVG, PNG and PDF of the kinds that are named, as wide as is said', async () => {
    await writeOwn('a.tsv', [undefined, undefined], { bound: 'gaussian' })
    const { exitCode, stderr } = await run(
      ...['m=a.tsv', '--plot', 'curves.pdf', '--plot', 'curve=c.svg', '--plot', 'c.png'],
      ...['--plot', 'p-a', '--plot', 'expected-n=n.svg', '--ns', '100,1000', '--width', '3.25in'],
    )
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    const text = async (name: string) => (await readFile(join(folder, name))).toString('latin1')
    expect(await text('curves.pdf')).toMatch(/\/MediaBox \[0 0 234 /)
    expect(await text('c.svg')).toMatch(/^<svg [^>]*width="312"/)
    expect(await text('p-a.svg')).toContain('images with at least p (%)')
    expect(await text('n.svg')).toContain('votes an image (n)')
    // 300 dots an inch.
    expect((await readFile(join(folder, 'c.png'))).readUInt32BE(16)).toBe(975)
  })

  it.each([
    [
      '--plot',
      'curves.gif',
      /--plot writes SVG, PNG and PDF, expected curve, envelope, p-a, expected-n, .* got curves\.gif/,
    ],
    ['--plot', 'p-a=votes.txt', /got p-a=votes\.txt/],
    ['--width', '3 furlongs', /--width must be a length of at least 150px, as 3\.25in, .* got 3 furlongs/],
    ['--width', '1in', /at least 150px/],
    ['--by', 'method,sigmas', /--by takes method, sigma, n, folder, with commas between, got method,sigmas/],
  ])('refuses %s %s before anything is read', async (option, value, message) => {
    const { stderr, exitCode } = await run('missing.tsv', option, value)
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(message) })
  })
})

it('makes labels of what runs and logs say, of an envelope without the noise level', async () => {
  for (const [kind, sigma] of [
    ['macer', 0.25],
    ['macer', 0.5],
    ['ft-cadis', 0.5],
  ] as const) {
    const run = join(folder, `${kind}-${sigma}`)
    await mkdir(run)
    await writeFile(join(run, 'config.json'), JSON.stringify({ config: { method: { kind } } }))
    await writeOwn(join(`${kind}-${sigma}`, 'certify.tsv'), [sigma], { sigma })
  }
  const paths = ['macer-0.25/certify.tsv', 'macer-0.5/certify.tsv', 'ft-cadis-0.5/certify.tsv']
  const names = async (...words: string[]) => {
    const { stdout, stderr } = await run(
      ...paths,
      '--by',
      'method,sigma',
      '--radii',
      '0',
      '--format',
      'json',
      ...words,
    )
    expect(stderr).not.toContain('error')
    return JSON.parse(stdout).tables[0].rows.map(([name]: readonly string[]) => name)
  }
  expect(await names()).toEqual(['macer, σ = 0.25', 'macer, σ = 0.5', 'ft-cadis, σ = 0.5'])
  expect(await names('--envelope')).toEqual(['macer', 'ft-cadis'])
  await writeCohen('cohen.tsv', [0.5])
  const { stderr } = await run('cohen.tsv', '--by', 'sigma')
  expect(stderr).toMatch(/Nothing beside cohen\.tsv says its sigma, which --by asks for/)
})
