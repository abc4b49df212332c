// Permutations of axes, as Transpose means them: axis k of the result is axis p[k] of what goes in.

export type Permutation = readonly number[]

export const isIdentity = (p: Permutation): boolean => p.every((axis, k) => axis === k)

/** First `first`, then `second`, as one. */
export const composed = (first: Permutation, second: Permutation): Permutation => second.map((axis) => first[axis]!)

export function inverse(p: Permutation): Permutation {
  const result = new Array<number>(p.length)
  for (const [k, axis] of p.entries()) result[axis] = k
  return result
}

export const equal = (a: Permutation, b: Permutation): boolean => a.length === b.length && isIdentity(composed(inverse(a), b))

/** `list`, which belongs to the axes of the result, in the order of the axes of what goes in. */
export function unturned<Item>(list: readonly Item[], p: Permutation): Item[] {
  return inverse(p).map((axis) => list[axis]!)
}

/** What is left of it where these axes of the result (and those they come from) are gone. */
export function without(p: Permutation, gone: ReadonlySet<number>): Permutation {
  const kept = p.filter((_, k) => !gone.has(k))
  const sorted = [...kept].sort((a, b) => a - b)
  return kept.map((axis) => sorted.indexOf(axis))
}

/** Adds new axes at these places of the result, and at the same places of what goes in. */
export function withNew(p: Permutation, places: ReadonlySet<number>): Permutation {
  const rank = p.length + places.size
  const others = Array.from({ length: rank }, (_, k) => k).filter((k) => !places.has(k))
  const result = Array.from({ length: rank }, (_, k) => k)
  for (const [i, k] of others.entries()) result[k] = others[p[i]!]!
  return result
}
