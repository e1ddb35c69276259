import { BLOCK } from './block'
import type { ImageAtWork } from './image-at-work'
import type { AskedCopies, CopyRange } from './waiting-copies'

/** Copies in a pass, and their image. */
export interface PassPart<Image> extends CopyRange {
  readonly request: AskedCopies
  readonly image: ImageAtWork<Image>
}

/** Copies requested from one line: those of earlier images first. */
export class OpenCopies<Image> {
  #open: { readonly request: AskedCopies; readonly image: ImageAtWork<Image> }[] = []

  /** Number of copies that wait for a pass. */
  get waiting(): number {
    return this.#open.reduce((total, { request }) => total + request.waiting, 0)
  }

  add(request: AskedCopies, image: ImageAtWork<Image>): void {
    const later = this.#open.findIndex(open => open.image.position > image.position)
    this.#open.splice(later < 0 ? this.#open.length : later, 0, { request, image })
  }

  /** Takes the copies of a pass, at most `size`. */
  take(size: number): readonly PassPart<Image>[] {
    const parts: PassPart<Image>[] = []
    let room = size
    for (const { request, image } of this.#open) {
      for (let range = request.take(room); range !== undefined; range = request.take(room)) {
        parts.push({ ...range, request, image })
        room -= range.count
      }
      if (room === 0) break
    }
    this.#open = this.#open.filter(({ request }) => request.waiting > 0)
    return parts
  }

  /** Takes the copies of a pass in equal parts, in whole blocks if they suffice; the first image fills the rest. */
  takeInTurn(size: number): readonly PassPart<Image>[] {
    const share = Math.max(BLOCK, Math.floor(size / this.#open.length / BLOCK) * BLOCK)
    const parts: PassPart<Image>[] = []
    let room = size
    for (const most of [share, size]) {
      for (const { request, image } of this.#open) {
        const range = request.take(Math.min(most, room))
        if (range === undefined) continue
        parts.push({ ...range, request, image })
        room -= range.count
      }
    }
    const served = new Set(parts.map(({ request }) => request))
    const waiting = this.#open.filter(({ request }) => request.waiting > 0)
    this.#open = [
      ...waiting.filter(({ request }) => !served.has(request)),
      ...waiting.filter(({ request }) => served.has(request)),
    ]
    return parts
  }

  /** Removes the copies of an image that was withdrawn. */
  remove(image: ImageAtWork<Image>): void {
    for (const { request } of this.#open.filter(open => open.image === image)) {
      for (
        let range = request.take(request.waiting);
        range !== undefined;
        range = request.take(request.waiting)
      ) {
        request.drop(range)
      }
    }
    this.#open = this.#open.filter(open => open.image !== image)
  }

  /** Returns the copies of a failed pass to the queue, except those of withdrawn images. */
  putBack(parts: readonly PassPart<Image>[]): void {
    for (const { request, image, start, count } of parts) {
      if (image.isWithdrawn) {
        request.drop({ start, count })
        continue
      }
      const isOpen = this.#open.some(open => open.request === request)
      request.putBack({ start, count })
      if (!isOpen) this.add(request, image)
    }
  }
}
