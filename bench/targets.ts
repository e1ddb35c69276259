import Table from 'cli-table3'

/** A row of the table of targets. */
export interface Verdict {
  readonly what: string
  readonly target: number
  readonly measured: number
  /** Whether less or more is better. */
  readonly better: 'less' | 'more'
  readonly unit: '×' | 'ms' | 's' | '' | 'MiB'
  /** What else was measured, such as an interval. */
  readonly note: string
}

export function isMet({ target, measured, better }: Verdict): boolean {
  return better === 'less' ? measured <= target : measured >= target
}

export function describeVerdicts(verdicts: readonly Verdict[]): string {
  const table = new Table({
    head: ['what', 'target', 'measured', '', 'note'],
    style: { head: [], border: [] },
  })
  for (const verdict of verdicts) {
    const { what, target, measured, better, unit, note } = verdict
    const shown = (value: number) => `${Number(value.toPrecision(4))}${unit === '' ? '' : ` ${unit}`}`
    const bound = `${better === 'less' ? 'at most' : 'at least'} ${shown(target)}`
    table.push([what, bound, shown(measured), isMet(verdict) ? 'met' : 'MISSED', note])
  }
  return table.toString()
}
