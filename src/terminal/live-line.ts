export interface LiveLine {
  /** Shows another line in the place of the last. It is asked for again when it is drawn, for the width of that moment. */
  show(line: (columns: number) => string): void
  /** Writes a line that stays, above the live one. */
  print(text: string): void
  /** Ends the line, which stays as it is. */
  stop(): void
}

const FIRST_COLUMN = '\u001b[1G'
const ERASE_RIGHT = '\u001b[0K'
const DRAWN_EVERY_MS = 200

/**
 * A line on a terminal, stderr, that is drawn over itself. What is shown must fit into the columns that it is given. What
 * the process writes to the terminal meanwhile, by console.log for one, stands above it.
 */
export function liveLine(): LiveLine {
  const { stderr, stdout } = process
  const write = stderr.write.bind(stderr)
  let line: (columns: number) => string = () => ''
  /** Something else has begun a line and not ended it: the terminal is left to it until it does. */
  let isTaken = false
  const draw = () => {
    // The last column stays free: terminals wrap when it is written.
    if (!isTaken) write(`${FIRST_COLUMN}${line((stderr.columns || 80) - 1)}${ERASE_RIGHT}`)
  }
  const others = {
    before: () => {
      if (!isTaken) write(`${FIRST_COLUMN}${ERASE_RIGHT}`)
    },
    after: (text: string) => {
      isTaken = !text.endsWith('\n')
      draw()
    },
  }
  const unwatch = [stderr, stdout].filter(({ isTTY }) => isTTY).map(stream => watchWrites(stream, others))
  const timer = setInterval(draw, DRAWN_EVERY_MS).unref()
  return {
    show: next => {
      line = next
    },
    print: text => stderr.write(`${text}\n`),
    stop: () => {
      clearInterval(timer)
      for (const end of unwatch) end()
      draw()
      write('\n')
    },
  }
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
