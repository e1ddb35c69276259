import type { Argument, Command, Option } from 'commander'
import { createFtCadis } from '../src/cli/ft-cadis'
import { examplesOf } from '../src/cli/help'

const HEAD = `# Command line reference

Every command and option of \`ft-cadis\`, as \`--help\` prints them. This page is made from the commands by \`npm run docs\`.

Exit codes: 0 done; 1 an error, printed as one message; 2 what was typed is not understood; 124 a time limit, 129 SIGHUP, 130 Ctrl-C, 143 SIGTERM,
each with all work saved. Every command takes \`--help\`, and \`--traceback\`, which shows where an error came about, in TypeScript and in Python.
`

/** The page docs/reference/cli.md. */
export function cliReference(): string {
  return [HEAD, ...createFtCadis().commands.flatMap(command => commandSections(command, 'ft-cadis'))].join(
    '\n',
  )
}

function commandSections(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`
  const examples = examplesOf(name.replace('ft-cadis ', '')).map(example => `npx ft-cadis ${example}\n`)
  return [
    `## ${name}\n\n${sentence(command.description())}\n\n\`npx ${name} ${command.usage()}\`; for example:\n`,
    `\`\`\`sh\n${examples.join('')}\`\`\`\n`,
    ...table('argument', command.registeredArguments.map(argumentRow)),
    ...table('option', command.options.map(optionRow)),
    ...command.commands.flatMap(inner => commandSections(inner, name)),
  ]
}

function table(kind: string, rows: readonly string[]): string[] {
  return rows.length === 0 ? [] : [`| ${kind} | | default |\n|---|---|---|\n${rows.join('\n')}\n`]
}

function argumentRow(argument: Argument): string {
  const name = argument.variadic ? `${argument.name()}...` : argument.name()
  return row(argument.required ? `<${name}>` : `[${name}]`, argument)
}

function optionRow(option: Option): string {
  return row(option.flags, option)
}

function row(
  name: string,
  { description, argChoices, defaultValue }: Pick<Option, 'description' | 'argChoices' | 'defaultValue'>,
): string {
  const choices =
    argChoices === undefined ? '' : `; one of ${argChoices.map(choice => `\`${choice}\``).join(', ')}`
  const standard = defaultValue === undefined || defaultValue === false ? '' : `\`${String(defaultValue)}\``
  return `| \`${cell(name)}\` | ${cell(description)}${choices} | ${cell(standard)} |`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
