import { visibleLine, visibleMessage } from '../files/visible-text'

export interface LiveLine {
  /** Shows another line in place of the last. It is asked for again when it is drawn, for the width of that moment. */
  show(line: (columns: number) => string): void
  /** Writes a line that stays, above the live one. */
  print(text: string): void
  /** Ends the line, which stays as it is. */
  stop(): void
  /** Ends the line and takes it away. */
  clear(): void
}

const DRAWN_EVERY_MS = 200

/**
 * A line on a terminal, stderr, that is drawn over itself. What the process writes to the terminal meanwhile, by
 * console.log for one, stands above it. The cursor waits in the row below: what the terminal itself writes there, such as
 * `^C`, breaks no line.
 */
export function liveLine(): LiveLine {
  const { stderr, stdout } = process
  const write = stderr.write.bind(stderr)
  let line: (columns: number) => string = () => ''
  /** Something else has begun a line and not ended it: the terminal is left to it until it does. */
  let isTaken = false
  let drawing: ReturnType<typeof import('log-update').createLogUpdate> | undefined
  let isEnded = false
  // The last column stays free: terminals wrap when it is written.
  const text = () => visibleLine(line((stderr.columns || 80) - 1))
  const draw = () => {
    const shown = text()
    if (!isTaken && shown !== '') drawing?.(shown)
  }
  // An ES module, which a CommonJS one can load this way alone in every Node.
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

/** A terminal whose writes nobody watches. */
function behind(terminal: NodeJS.WriteStream, write: NodeJS.WriteStream['write']): NodeJS.WriteStream {
  return Object.create(terminal, { write: { value: write } })
}

/** Calls what is given around each write to a stream, until the function that it returns is called. */
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
