import { clearLine, cursorTo } from 'node:readline'
import { Presets, SingleBar } from 'cli-progress'

export interface Progress {
  /** Shows how far the work is, with a few figures beside it. */
  update(done: number, figures?: string): void
  stop(): void
}

/** Ctrl-C stays the command's to answer, and a process that is killed leaves the terminal as it was. */
const UNOBTRUSIVE = { gracefulExit: false, hideCursor: false, linewrap: true, fps: 5 } as const

/** A progress bar on stderr with the time left; one line at the end where stderr is no terminal. */
export function progressBar(label: string, { total }: { total: number }): Progress {
  if (!process.stderr.isTTY) return finalLine(label)
  const bar = new SingleBar(
    {
      ...UNOBTRUSIVE,
      format: `${label.padEnd(24)} {bar} {percentage}% · {eta_formatted} left · {figures}`,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  )
  bar.start(total, 0, { figures: '' })
  return {
    update: (done, figures = '') => bar.update(done, { figures }),
    stop: () => bar.stop(),
  }
}

function finalLine(label: string): Progress {
  const begun = performance.now()
  let last = ''
  return {
    update: (_done, figures = '') => {
      last = figures
    },
    stop: () => console.error(`${label}: ${((performance.now() - begun) / 1000).toFixed(0)} s, ${last}`),
  }
}

export interface LiveLine {
  /** Shows another line in the place of the last. It is asked for again when it is drawn, for the width of that moment. */
  show(line: (columns: number) => string): void
  /** Writes a line that stays, above the live one. */
  print(text: string): void
  /** Ends the line, which stays as it is. */
  stop(): void
}

/** A line on a terminal, stderr, that is drawn over itself. What is shown must fit into the columns that it is given. */
export function liveLine(): LiveLine {
  let line: (columns: number) => string = () => ''
  const bar = new SingleBar({
    ...UNOBTRUSIVE,
    // The last column stays free: terminals wrap when it is written.
    format: () => line((process.stderr.columns || 80) - 1),
    // What is printed above it pushes the line away, so it is drawn although it has not changed.
    forceRedraw: true,
  })
  bar.start(1, 0)
  return {
    show: next => {
      line = next
    },
    print: text => {
      cursorTo(process.stderr, 0)
      clearLine(process.stderr, 0)
      process.stderr.write(`${text}\n`)
      bar.render()
    },
    stop: () => bar.stop(),
  }
}
