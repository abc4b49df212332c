// Whole numbers in order: axes, places, classes.

/** from, from + 1, … to - 1. */
export const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k)
