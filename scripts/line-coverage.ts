import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

/**
 * Prints the share of lines that tests reach, from two reports of Istanbul: that of the tests' own processes, which says
 * what is a statement, and that of the Node programs that they start. Files that miss lines are listed with them.
 */

type Report = Readonly<Record<string, FileReport>>

interface FileReport {
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>
  readonly s: Readonly<Record<string, number>>
}

const [tests = {}, programs = {}] = process.argv
  .slice(2)
  .map(path => JSON.parse(readFileSync(path, 'utf8')) as Report)

/** The lines on which statements begin that have run so often. */
function linesOf({ statementMap, s }: FileReport, { atLeast }: { readonly atLeast: number }): number[] {
  return Object.entries(statementMap).flatMap(([id, { start }]) =>
    (s[id] ?? 0) >= atLeast ? [start.line] : [],
  )
}

let total = 0
let reached = 0
for (const [path, ofTests] of Object.entries(tests).sort()) {
  const lines = new Set(linesOf(ofTests, { atLeast: 0 }))
  const reports = [ofTests, programs[path] ?? { statementMap: {}, s: {} }]
  const ran = new Set(reports.flatMap(report => linesOf(report, { atLeast: 1 })))
  const missed = [...lines].filter(line => !ran.has(line)).sort((a, b) => a - b)
  total += lines.size
  reached += lines.size - missed.length
  if (missed.length === 0) continue
  const share = (100 * (1 - missed.length / lines.size)).toFixed(1)
  process.stdout.write(`${share.padStart(5)} %  ${relative('src', path)}  ${missed.join(',')}\n`)
}
process.stdout.write(`${((100 * reached) / total).toFixed(2)} % of ${total} lines\n`)
