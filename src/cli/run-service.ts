import { requireCertify, requireFixedBound, requireGaussian } from '../certification/guarantee'
import type { ExpectedTime } from '../certification/prediction/expected-time'
import { ConfigError } from '../errors'
import { given } from '../files/given'
import { readText } from '../files/read-text'
import { serve } from '../service/serve'
import { printLine, say } from '../terminal/print'
import { loadingLine } from '../terminal/progress'
import { formatDuration } from '../terminal/training-line'
import type { SmoothedOptions } from './certification-options'
import { interruptible } from './interruption'
import { smoothedSource } from './smoothed-source'

export interface ServeCommandOptions extends SmoothedOptions {
  readonly host: string
  readonly port: number
  readonly tokenFile?: string
  readonly allowHost?: readonly string[]
  readonly allowSeed?: boolean
  readonly maxMegabytes: number
  readonly maxMegapixels: number
  readonly maxN: number
  readonly maxWaiting: number
  readonly maxSeconds: number
}

/** `ft-cadis serve`: answers until a signal stops it, then finishes accepted requests. */
export async function runService(folder: string | undefined, options: ServeCommandOptions): Promise<void> {
  const { host, port, allowHost, allowSeed, python } = options
  const token = await readToken(options.tokenFile)
  // Nothing is written, so settings need no output.
  const source = await smoothedSource(folder, { ...options, output: 'predictions' })
  requireGaussian('serve', source.config.certification)
  requireCertify('serve', source.config.certification)
  requireFixedBound('serve', source.config.certification)
  const { device, threads } = source.config
  await interruptible('accepted requests are answered', async signal => {
    using starting = loadingLine({ isShown: true })
    starting.show('starting Python, and loading the networks')
    const service = await serve(source, {
      ...{ host, port, token, device, threads, python, onNote: say, ...given({ allowedHosts: allowHost }) },
      allowsSeed: allowSeed === true,
      limits: {
        megabytes: options.maxMegabytes,
        megapixels: options.maxMegapixels,
        mostVotes: options.maxN,
        waiting: options.maxWaiting,
        seconds: options.maxSeconds,
      },
      onRequest: line => say(JSON.stringify(line)),
      onError: error => say(error instanceof Error ? (error.stack ?? error.message) : String(error)),
      onRestart: error => say(`Python is started again. ${error.message}`),
    })
    try {
      starting.show('timing a pass')
      // Whoever stops it meanwhile does not wait for the time.
      const expected = await Promise.race([service.expectedTime(), aborted(signal)])
      starting.end()
      if (expected !== undefined) say(requestTime(expected, options))
      printLine(`serving at ${service.url}, documented at ${service.url}/docs; Ctrl-C stops it`)
      await Promise.race([service.failed, aborted(signal)])
    } finally {
      await service.close()
    }
  })
}

/** How long a request takes; with what to change where that is close to the limit. */
export function requestTime(
  { n, seconds }: ExpectedTime,
  { maxSeconds }: { readonly maxSeconds: number },
): string {
  const time = seconds < 1 ? 'less than a second' : `about ${formatDuration(1000 * seconds)}`
  const said = `A request with n = ${n.toLocaleString('en-US')}, the default, takes ${time} if no other one is at work.`
  if (seconds <= maxSeconds / 2) return said
  return `${said}\nnote: that is more than half of the ${maxSeconds} s that a request may take: lower --n, or raise --max-seconds.`
}

async function readToken(file: string | undefined): Promise<string | undefined> {
  const { FT_CADIS_TOKEN: ofEnvironment } = process.env
  if (file === undefined) return ofEnvironment === '' ? undefined : ofEnvironment
  const text = await readText(file)
  if (text !== undefined && text.trim() !== '') return text.trim()
  throw new ConfigError(`The file of the token, ${file}, is ${text === undefined ? 'missing' : 'empty'}.`, {
    remedy: 'Write a token into it, for instance by: openssl rand -hex 32.',
  })
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
