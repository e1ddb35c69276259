/** This many copies are one random stream, named by the number of the block: any block can be drawn alone. */
export const BLOCK = 16
