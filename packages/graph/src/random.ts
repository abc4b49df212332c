// Pseudo-random numbers that are the same on every machine: mulberry32 (Tommy Ettinger, public domain), 32 bits of state.

/** Uniform in [0, 1). The same seed gives the same numbers. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Standard normal, by Box and Muller. */
export const normal = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** Shuffles in place: R. Durstenfeld, Algorithm 235, CACM 7 (1964). */
export function shuffle<T extends number[] | Uint32Array | Int32Array>(values: T, random: () => number): T {
  for (let k = values.length - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1))
    ;[values[k], values[other]] = [values[other]!, values[k]!]
  }
  return values
}

/** Indices below `count` in an order of chance, the same for the same seed: data are often sorted by class, and halves of it are not alike. */
export const shuffledOrder = (count: number, seed = 7): Int32Array =>
  shuffle(
    Int32Array.from({ length: count }, (_, index) => index),
    mulberry32(seed),
  )
