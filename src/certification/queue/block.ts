/** Copies per random stream, which is named by the number of the block: any block can be drawn alone. */
export const BLOCK = 16
