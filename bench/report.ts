import { availableParallelism, cpus, loadavg } from 'node:os'
import Table from 'cli-table3'
import { lossDifference, type Measurement } from './measure'
import { RATIO_TARGET, type Spread, type Summary } from './summary'

/** What the bench prints. */
export function describeResult(measurement: Measurement, summary: Summary): string {
  const { facts } = measurement
  const { scale, config } = measurement.workload
  const { method, optimisation } = config
  const { phases, interval } = summary
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
    `Fine-tuning step, ${scale}: ${optimisation.imagesPerUpdate} images, ${method.noises} noises, attack of ` +
      `${method.attack.steps} steps on ${summary.attackedImages.median} images (median)`,
    `${facts.deviceName}, ${facts.device}, ${facts.threads} torch thread(s), torch ${facts.torch}, ` +
      `Python ${facts.python}, Node ${process.versions.node}`,
    `Losses of both sides over ${rounds.length} updates: ${
      difference === 0
        ? 'equal to the last bit'
        : `largest relative difference ${difference.toExponential(1)}`
    }`,
    times.toString(),
    parts.toString(),
    `${phases.answers} answers, ${phases.instructions} instructions, ${Math.round(phases.sentBytes / phases.answers)} bytes ` +
      `a program, ${Math.round(phases.receivedBytes / phases.answers)} bytes an answer`,
    `ratio of medians ${summary.ratioOfMedians.toFixed(4)}; median of the ${summary.updates} paired ratios ` +
      `${summary.medianRatio.toFixed(4)}, 95 % interval ${interval.lower.toFixed(4)} to ${interval.upper.toFixed(4)}`,
    `target: at most ${RATIO_TARGET} times the plain Python loop: ${summary.targetMet ? 'met' : 'MISSED'}`,
  ].join('\n')
}

/** What a result file holds: enough to know what was measured, on what, and to compute the summary again. */
export function resultOf(measurement: Measurement, summary: Summary): unknown {
  const { facts, timed } = measurement
  const [processor] = cpus()
  return {
    bench: `fine-tuning step, ${measurement.workload.scale}`,
    command: ['npx ts-node bench/run.ts', ...process.argv.slice(2)].join(' '),
    date: new Date().toISOString(),
    device: facts.device,
    machine: { processor: processor?.model, cores: availableParallelism(), loadAverage: loadavg() },
    versions: { node: process.versions.node, python: facts.python, torch: facts.torch, cuda: facts.cuda },
    threads: facts.threads,
    checkedUpdates: measurement.checked.length,
    lossDifference: lossDifference([...measurement.checked, ...timed]),
    ratioTarget: RATIO_TARGET,
    summary,
    rounds: timed.map(({ typescript, python }) => ({
      typescriptMs: typescript.totalMs,
      pythonMs: python.totalMs,
      hostMs: typescript.totalMs - typescript.phases.pythonMs,
      attacked: typescript.figures.attacked,
    })),
  }
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
