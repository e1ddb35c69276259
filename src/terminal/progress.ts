import { liveLine } from './live-line'
import { say } from './print'
import { formatDuration } from './training-line'

export interface Progress {
  /** Shows the progress, with a few figures. */
  update(done: number, figures?: string): void
  stop(): void
}

/** Columns of the bar. */
const BAR = 20

/** Returns a progress bar on stderr with the remaining time; if stderr is not a terminal, one line at the end. */
export function progressBar(label: string, { total }: { total: number }): Progress {
  const begun = performance.now()
  const line = process.stderr.isTTY ? liveLine() : undefined
  let shown = { done: 0, figures: '' }
  line?.show(columns => {
    const { done, figures } = shown
    const share = total === 0 ? 1 : done / total
    const left =
      done === 0
        ? 'time left unknown'
        : `${formatDuration(((performance.now() - begun) * (1 - share)) / share)} left`
    const filled = Math.round(BAR * share)
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`
    const fields = [`${Math.floor(100 * share)} %`, left, ...(figures === '' ? [] : [figures])]
    return `${label} ${bar} ${fields.join(' · ')}`.slice(0, columns)
  })
  return {
    update: (done, figures = '') => {
      shown = { done, figures }
    },
    stop: () => {
      if (line !== undefined) line.stop()
      // Prints nothing if the work failed before its first item.
      else if (shown.done > 0) {
        const fields = [
          formatDuration(performance.now() - begun),
          ...(shown.figures === '' ? [] : [shown.figures]),
        ]
        say(`${label}: ${fields.join(', ')}`)
      }
    },
  }
}

export interface Loading extends Disposable {
  /** Shows the part being loaded. */
  show(what: string): void
  end(): void
}

/** Shows on a terminal which part is being loaded, until loading ends. Prints nothing elsewhere. */
export function loadingLine({ isShown }: { readonly isShown: boolean }): Loading {
  const line = isShown && process.stderr.isTTY ? liveLine() : undefined
  let isEnded = false
  const end = () => {
    if (!isEnded) line?.clear()
    isEnded = true
  }
  return {
    show: what => line?.show(columns => `${what} …`.slice(0, columns)),
    end,
    [Symbol.dispose]: end,
  }
}

/** Returns whether to show the progress of a run or a certification. Default: if stderr is a terminal. */
export function isShown(progress: boolean | undefined): boolean {
  return progress ?? process.stderr.isTTY === true
}
