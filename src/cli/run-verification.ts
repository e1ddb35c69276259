import { ConfigError, DataError } from '../errors'
import { isObject, readJson } from '../files/read-json'
import { readText } from '../files/read-text'
import { wrapWords } from '../files/wrap-words'
import { print, printLine } from '../terminal/print'
import { verifyLog } from '../verify/verify-log'

/** The largest number of rows to show. */
const MOST_ROWS = 20

/** `ft-cadis verify` of one log: prints inconsistent rows, and sets the exit code. */
export async function verifyFile(log: string): Promise<void> {
  const text = await readText(log)
  if (text === undefined) {
    throw new DataError(`The certification log ${log} does not exist.`, { remedy: 'Check the path.' })
  }
  const refuse = (reason: string, cause?: unknown) =>
    new DataError(`${log}.json must say how the rows were certified: it ${reason}.`, {
      remedy: 'Restore the file; rows of logs without it cannot be recomputed.',
      cause,
    })
  const metadata = await readJson<Readonly<Record<string, unknown>>>(`${log}.json`, { refuse })
  if (metadata === undefined) throw refuse('does not exist')
  if (!isObject(metadata.configuration as never)) throw refuse('has no configuration')
  const { rows, errors, unchecked, largestExcess } = verified(log, text, metadata)
  const { plan } = metadata as { plan?: { count?: number } }
  const share = plan?.count === undefined || plan.count === rows ? `${rows}` : `${rows} of ${plan.count}`
  for (const { image, line, problem } of errors.slice(0, MOST_ROWS)) {
    printLine(`${log}, line ${line}, image ${image}: ${problem}`)
  }
  if (errors.length > MOST_ROWS) printLine(`${log}: ${errors.length - MOST_ROWS} rows more`)
  const parts = [
    `${share} images`,
    errors.length === 0 ? 'every row follows from its counts' : `${errors.length} rows do not follow`,
    ...(unchecked > 0 ? [`${unchecked} keep too little to tell`] : []),
    ...(Number.isFinite(largestExcess)
      ? [`largest excess of a radius ${largestExcess.toExponential(1)}`]
      : []),
  ]
  print(wrapWords(`${log}: ${parts.join(', ')}`, { indent: '  ' }))
  if (errors.length > 0) process.exitCode = 1
}

function verified(log: string, text: string, metadata: object) {
  try {
    return verifyLog(text, metadata as Parameters<typeof verifyLog>[1])
  } catch (cause) {
    throw new ConfigError(`${log} cannot be verified: ${cause instanceof Error ? cause.message : cause}.`, {
      remedy: 'verify knows what docs/verify.md lists.',
      cause,
    })
  }
}
