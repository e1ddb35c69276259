import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { createFtCadis } from '../../src/cli/ft-cadis'
import { commandsOf, examplesOf, FIRST_STEPS } from '../../src/cli/help'
import { TYPESCRIPT } from '../support/typescript'

const names = commandsOf(createFtCadis()).map(({ name }) => name)

/** The whole help of a command, in a terminal of 80 columns. */
function helpOf(name: string): string {
  const { command } = commandsOf(createFtCadis()).find(each => each.name === name) ?? {}
  let help = ''
  command?.configureOutput({ getOutHelpWidth: () => 80, writeOut: text => (help += text) }).outputHelp()
  return help
}

/** Parses words without running anything. */
async function parse(words: readonly string[]): Promise<string> {
  const program = createFtCadis()
  let called = ''
  for (const { command, name } of commandsOf(program)) {
    command.action(() => {
      called = name
    })
  }
  await program.parseAsync(words, { from: 'user' })
  return called
}

describe.each(names)('%s', name => {
  it('has help that fits 80 columns', () => {
    const help = helpOf(name)
    expect(help).toContain('Examples:')
    expect(help.split('\n').filter(line => [...line].length > 80)).toEqual([])
  })

  it('has examples that the command line takes', async () => {
    expect(examplesOf(name).length).toBeGreaterThan(0)
    for (const example of examplesOf(name)) expect(await parse(example.split(' '))).toBe(name)
  })

  it('names a page that exists', () => {
    const page = /^Page: (\S+)$/m.exec(helpOf(name))?.[1]
    expect(existsSync(join(__dirname, '../..', page ?? 'none'))).toBe(true)
  })
})

it('lists the commands within 80 columns', () => {
  const help = createFtCadis()
    .configureOutput({ getOutHelpWidth: () => 80 })
    .helpInformation()
  expect(help.split('\n').filter(line => [...line].length > 80)).toEqual([])
})

it('is shown without loading charts, PyTorch or what a command runs', async () => {
  const { stdout } = await execa(process.execPath, [
    ...TYPESCRIPT,
    join(__dirname, '../support/loaded-modules.ts'),
  ])
  const loaded: string[] = JSON.parse(stdout)
  expect(loaded).toContain('commander')
  for (const heavy of ['vega', 'zod', 'execa', 'src/analysis', 'src/bridge', 'src/verify', 'src/training']) {
    expect(loaded).not.toContain(heavy)
  }
})

it('names first steps that the command line takes, within 80 columns', async () => {
  const lines = FIRST_STEPS.split('\n')
  expect(lines.filter(line => line.length > 80)).toEqual([])
  const steps = [...FIRST_STEPS.matchAll(/^ {2}npx ft-cadis (.*?)(?: {2,}.*)?$/gm)].map(
    ([, words]) => words ?? '',
  )
  expect(steps).toHaveLength(5)
  for (const step of steps) expect(await parse(step.split(' '))).toBe(step.split(' ')[0])
})
