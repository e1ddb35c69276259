export type OnLine = (line: string) => void

/** The exit of a command, and its last output. */
interface Finished {
  readonly succeeded: boolean
  readonly lines: readonly string[]
}

const KEPT_LINES = 400

/**
 * Runs a command and passes on each line of output immediately. Does not throw if the command fails or does not start.
 * `inherited` is a file descriptor that the command and its children hold open until they end.
 */
export async function runLines(
  [command, ...parameters]: readonly [string, ...string[]],
  { onLine, inherited }: { readonly onLine: OnLine; readonly inherited?: number | undefined },
): Promise<Finished> {
  const { execa } = await import('execa')
  const running = execa(command, parameters, {
    // execa passes on any descriptor; its types know the first ten.
    stdio: ['ignore', 'pipe', 'pipe', ...(inherited === undefined ? [] : [inherited as 3])],
    all: true,
    reject: false,
    buffer: false,
  })
  const lines: string[] = []
  for await (const line of running.iterable({ from: 'all' })) {
    lines.push(line)
    if (lines.length > KEPT_LINES) lines.shift()
    onLine(line)
  }
  const finished = await running
  if (finished.originalMessage && finished.exitCode === undefined) lines.push(finished.originalMessage)
  return { succeeded: !finished.failed, lines }
}
