export * from './certify-images'
export type { ImageAtHand } from './image-at-hand'
export { type Line, MAIN_LINE } from './line'
