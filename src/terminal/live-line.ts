import { visibleLine, visibleMessage } from '../files/visible-text'

export interface LiveLine {
  /** Replaces the line. It is computed again whenever it is drawn, for the current width. */
  show(line: (columns: number) => string): void
  /** Writes a permanent line above the live one. */
  print(text: string): void
  /** Stops updating the line and leaves it in place. */
  stop(): void
  /** Stops and removes the line. */
  clear(): void
}

const DRAWN_EVERY_MS = 200

/**
 * Returns a line on a terminal (stderr) that updates in place. Other output of the process, for example from console.log,
 * appears above it. The cursor stays in the row below, so output of the terminal itself, such as `^C`, does not break a
 * line.
 */
export function liveLine(): LiveLine {
  const { stderr, stdout } = process
  const write = stderr.write.bind(stderr)
  let line: (columns: number) => string = () => ''
  /** Another writer has begun a line: the terminal belongs to it until the line ends. */
  let isTaken = false
  let drawing: ReturnType<typeof import('log-update').createLogUpdate> | undefined
  let isEnded = false
  // The last column stays free: terminals wrap when it is written.
  const text = () => visibleLine(line((stderr.columns || 80) - 1))
  const draw = () => {
    const shown = text()
    if (!isTaken && shown !== '') drawing?.(shown)
  }
  // An ES module, which CommonJS can load only this way in every supported Node.
  void import('log-update').then(({ createLogUpdate }) => {
    if (!isEnded) drawing = createLogUpdate(behind(stderr, write), { showCursor: true })
  })
  const others = {
    before: () => {
      if (!isTaken) drawing?.clear()
    },
    after: (written: string) => {
      isTaken = !written.endsWith('\n')
      draw()
    },
  }
  const unwatch = [stderr, stdout].filter(({ isTTY }) => isTTY).map(stream => watchWrites(stream, others))
  const timer = setInterval(draw, DRAWN_EVERY_MS).unref()
  const end = () => {
    isEnded = true
    clearInterval(timer)
    for (const end of unwatch) end()
    if (isTaken) write('\n')
    isTaken = false
  }
  return {
    show: next => {
      line = next
    },
    print: text => stderr.write(`${visibleMessage(text)}\n`),
    stop: () => {
      end()
      if (drawing !== undefined) draw()
      else if (text() !== '') write(`${text()}\n`)
    },
    clear: () => {
      if (!isTaken) drawing?.clear()
      end()
    },
  }
}

/** Returns the terminal with unwatched writes, and with a size if it says 0, in which nothing would be drawn. */
function behind(terminal: NodeJS.WriteStream, write: NodeJS.WriteStream['write']): NodeJS.WriteStream {
  return Object.create(terminal, {
    write: { value: write },
    columns: { get: () => terminal.columns || 80 },
    rows: { get: () => terminal.rows || 24 },
  })
}

/** Calls a function around each write to a stream, until the returned function is called. */
function watchWrites(
  stream: NodeJS.WriteStream,
  { before, after }: { before: () => void; after: (text: string) => void },
): () => void {
  const { write } = stream
  let isWatched = true
  const watched = (...of: Parameters<typeof write>) => {
    if (!isWatched) return write.apply(stream, of)
    before()
    const isDrained = write.apply(stream, of)
    after(String(of[0]))
    return isDrained
  }
  stream.write = watched as typeof write
  return () => {
    isWatched = false
    if (stream.write === watched) stream.write = write
  }
}
