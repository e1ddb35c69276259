import type { Command } from 'commander'
import type { DoctorReport, Finding } from '../../environment/doctor'
import { wrapWords } from '../../files/wrap-words'
import { print } from '../../terminal/print'

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('print versions and devices, and a command that fixes each problem')
    .option('--python <path>', 'Python to check instead of PYTHON_BIN, an active conda environment or .venv')
    .action(async (options: { python?: string }) => {
      const { doctor } = require('../../environment/doctor') as typeof import('../../environment/doctor')
      const report = await doctor(options)
      print(formatReport(report))
      if (!report.isUsable) process.exitCode = 1
    })
}

const MARKS: Readonly<Record<Finding['status'], string>> = { ok: 'ok', warning: 'warning', error: 'ERROR' }

/** Formats each finding in one line, its fix below it, and a summary line at the end. */
export function formatReport({ findings, isUsable }: DoctorReport): string {
  const nameWidth = Math.max(...findings.map(({ name }) => name.length))
  const indent = ' '.repeat(9 + nameWidth + 2)
  const lines = findings.flatMap(({ name, status, found, repair }) => [
    `${MARKS[status].padEnd(9)}${name.padEnd(nameWidth)}  ${wrapWords(found, { indent })}`,
    ...(repair === undefined ? [] : [`${indent}to repair: ${repair}`]),
  ])
  return [
    ...lines,
    '',
    isUsable ? 'All that is needed is there.' : 'Something that is needed is missing.',
  ].join('\n')
}
