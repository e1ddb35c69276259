import Table from 'cli-table3'
import { lossDifference, type Measurement } from './measure'
import type { Spread, Summary } from './summary'

/** Where the time of a step goes, in words and tables. */
export function describeStep(measurement: Measurement, summary: Summary): string {
  const { info, workload } = measurement
  const { method, optimisation } = workload.config
  const { phases } = summary
  const rounds = [...measurement.checked, ...measurement.timed]
  const difference = lossDifference(rounds)

  const times = table(['one step', 'median', '5 %', '95 %'])
  times.push(
    ['TypeScript', ...milliseconds(summary.typescriptMs)],
    ['plain Python loop', ...milliseconds(summary.pythonMs)],
    ['host time: not in Python', ...milliseconds(summary.hostMs)],
  )
  const parts = table(['where a step in TypeScript spends its time', 'median'])
  parts.push(
    ['record and select', ms(phases.recordMs)],
    ['encode programs', ms(phases.encodeMs)],
    ['transport: waiting less Python', ms(phases.transportMs)],
    ['Python runs the programs', ms(phases.pythonMs)],
    ['decode answers', ms(phases.decodeMs)],
  )
  return [
    `Fine-tuning step, ${workload.scale}: ${optimisation.imagesPerUpdate} images, ${method.noises} noises, attack of ` +
      `${method.attack.steps} steps on ${summary.attackedImages.median} images (median)`,
    `${info.deviceName}, ${info.device}, ${info.threads} torch thread(s), torch ${info.torch}, ` +
      `Python ${info.python}, Node ${process.versions.node}`,
    `Losses of both sides over ${rounds.length} updates: ${
      difference === 0
        ? 'equal to the last bit'
        : `largest relative difference ${difference.toExponential(1)}`
    }`,
    times.toString(),
    parts.toString(),
    `${phases.answers} answers, ${phases.instructions} instructions, ${Math.round(phases.sentBytes / phases.answers)} bytes ` +
      `a program, ${Math.round(phases.receivedBytes / phases.answers)} bytes an answer`,
  ].join('\n')
}

function table(head: string[]): Table.Table {
  return new Table({ head, style: { head: [], border: [] } })
}

function milliseconds({ median, fifth, ninetyFifth }: Spread): string[] {
  return [median, fifth, ninetyFifth].map(ms)
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`
}
