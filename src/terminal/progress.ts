import { Presets, SingleBar } from 'cli-progress'

export interface Progress {
  /** Shows how far the work is, with a few figures beside it. */
  update(done: number, figures?: string): void
  stop(): void
}

/** Ctrl-C stays the command's to answer, and a process that is killed leaves the terminal as it was. */
const UNOBTRUSIVE = { gracefulExit: false, hideCursor: false, linewrap: true, fps: 5 } as const

/** A progress bar on stderr with the time left; one line at the end where stderr is not a terminal. */
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

/** Whether the progress of a run or a certification is shown. Default: where stderr is a terminal. */
export function isShown(progress: boolean | undefined): boolean {
  return progress ?? process.stderr.isTTY === true
}
