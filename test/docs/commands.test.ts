import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { createFtCadis } from '../../src/cli/ft-cadis'
import { pages } from './pages'

const program = createFtCadis()

/** What is wrong with the words behind `npx ft-cadis`: a command or an option that there is not. */
function problemOf(words: readonly string[]): string | undefined {
  let command: Command = program
  let rest = words
  while (rest.length > 0) {
    const inner = command.commands.find(candidate => candidate.name() === rest[0])
    if (inner === undefined) break
    command = inner
    rest = rest.slice(1)
  }
  const separator = rest.indexOf('--')
  const own = separator === -1 ? rest : rest.slice(0, separator)
  if (command === program && own[0] !== undefined && !own[0].startsWith('-')) return `no command ${own[0]}`
  const known = ['--help', ...chain(command).flatMap(({ options }) => options.map(({ long }) => long))]
  const unknown = own.find(word => word.startsWith('--') && !known.includes(word.replace(/=.*/, '')))
  if (unknown !== undefined) return `${command.name()} has no ${unknown}`
  const launched = separator === -1 ? [] : rest.slice(separator + 1)
  return program.commands.some(inner => inner.name() === launched[0]) ? problemOf(launched) : undefined
}

function chain(command: Command): Command[] {
  return command.parent === null ? [command] : [command, ...chain(command.parent)]
}

test('an unknown command or option is found', () => {
  const problems = ['setup --pyhton x', 'certfy runs/a', 'launch --nnodes 2 -- certify --seedz 1'].map(line =>
    problemOf(line.split(' ')),
  )
  expect(problems).toEqual(['setup has no --pyhton', 'no command certfy', 'certify has no --seedz'])
  expect(problemOf('certify merge a.tsv --output b.tsv'.split(' '))).toBeUndefined()
})

test('commands in README and docs exist, with the options that they are given', () => {
  const commands = pages().flatMap(({ path, text }) =>
    [...text.replaceAll(/\\\n\s*/g, '').matchAll(/npx ft-cadis +([^`\n]+)/g)].map(([, line = '']) => ({
      path,
      line,
      problem: problemOf(
        line
          .split(/ {2}|#/)[0]
          ?.trim()
          .split(' ') ?? [],
      ),
    })),
  )
  expect(commands.length).toBeGreaterThan(20)
  expect(commands.filter(({ problem }) => problem !== undefined)).toEqual([])
})
