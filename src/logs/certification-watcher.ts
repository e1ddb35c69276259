import type { CertifiedImage } from './certification-log'

/** Observes a certification without changing it. */
export interface CertificationWatcher {
  /** Called when everything is loaded, with the number of images that this process certifies or has already certified. */
  readonly onStart?: ((images: number) => void) | undefined
  /** Called for each image, with the number done: first for those already in the log. */
  readonly onImage?: ((done: number, image: CertifiedImage) => void) | undefined
  /** Called about once a second for a slow image, with the number of noisy copies that have voted and of those requested. */
  readonly onCopies?: ((copies: number, of: number) => void) | undefined
  /** Called for an event that does not change the result, such as a smaller batch. */
  readonly onNote?: ((note: string) => void) | undefined
  /** Called when torch begins to compile a network, and when it ends: no image is certified meanwhile. */
  readonly onCompiling?: ((isCompiling: boolean) => void) | undefined
  /** Called once, whatever the result. */
  readonly onEnd?: (() => void) | undefined
}

/** Calls all watchers, one after another. */
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
