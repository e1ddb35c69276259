import type { CertifiedImage } from './certification-log'

/** Something that looks at a certification and changes nothing about it. */
export interface CertificationWatcher {
  /** Called when all is loaded, with how many images this process has to certify or has certified before. */
  readonly onStart?: ((images: number) => void) | undefined
  /** Called for each image, with how many are done: those that the log holds already first. */
  readonly onImage?: ((done: number, image: CertifiedImage) => void) | undefined
  /** Called about each second with how many noisy copies of the image in work have voted, of those asked for, where it takes long. */
  readonly onCopies?: ((copies: number, of: number) => void) | undefined
  /** Called with what happened that does not change the result, such as a smaller batch. */
  readonly onNote?: ((note: string) => void) | undefined
  /** Called when torch begins to compile a network, and when it has: no image is certified meanwhile. */
  readonly onCompiling?: ((isCompiling: boolean) => void) | undefined
  /** Called once, whatever happened. */
  readonly onEnd?: (() => void) | undefined
}

/** Calls all of the watchers, one after the other. */
export function watchedBy(watchers: readonly CertificationWatcher[]) {
  return {
    onStart: (images: number) => {
      for (const watcher of watchers) watcher.onStart?.(images)
    },
    onImage: (done: number, image: CertifiedImage) => {
      for (const watcher of watchers) watcher.onImage?.(done, image)
    },
    onCopies: watchers.some(({ onCopies }) => onCopies !== undefined)
      ? (copies: number, of: number) => {
          for (const watcher of watchers) watcher.onCopies?.(copies, of)
        }
      : undefined,
    onNote: (note: string) => {
      for (const watcher of watchers) watcher.onNote?.(note)
    },
    onCompiling: (isCompiling: boolean) => {
      for (const watcher of watchers) watcher.onCompiling?.(isCompiling)
    },
    onEnd: () => {
      for (const watcher of watchers) watcher.onEnd?.()
    },
  } satisfies CertificationWatcher
}
