// Orders of axes, as Transpose means them: axis k of the result is axis p[k] of what goes in.
import { range } from './range.ts'

export type Permutation = readonly number[]

/** 0, 1, … rank - 1. */
export const identity = (rank: number): number[] => range(0, rank)

export const isIdentity = (p: Permutation): boolean => p.every((axis, k) => axis === k)

/** Whether these are all axes of a value of that rank, each once. */
export const isPermutation = (axes: readonly number[], rank: number): boolean =>
  axes.length === rank && isIdentity([...axes].sort((a, b) => a - b))

export const samePermutation = (a: Permutation, b: Permutation): boolean =>
  a.length === b.length && a.every((axis, k) => axis === b[k])

/** First `first`, then `second`, as one. */
export const compose = (first: Permutation, second: Permutation): number[] => second.map((axis) => first[axis]!)

export const inverse = (p: Permutation): number[] => identity(p.length).map((axis) => p.indexOf(axis))

/** What takes a tensor whose axes are in order `from` to order `to`. */
export const permutationBetween = (from: Permutation, to: Permutation): number[] => compose(inverse(from), to)

/** `list`, which belongs to the axes of the result, in the order of the axes of what goes in. */
export const permuteBack = <Item>(list: readonly Item[], p: Permutation): Item[] => inverse(p).map((axis) => list[axis]!)

/** What is left of it if these axes of what goes in are taken out. */
export function removeAxes(p: Permutation, gone: readonly number[]): number[] {
  const kept = p.filter((axis) => !gone.includes(axis))
  const sorted = [...kept].sort((a, b) => a - b)
  return kept.map((axis) => sorted.indexOf(axis))
}

/** Adds new axes at these places of the result, and at the same places of what goes in. */
export function withNew(p: Permutation, places: ReadonlySet<number>): number[] {
  const result = identity(p.length + places.size)
  const others = result.filter((k) => !places.has(k))
  for (const [i, k] of others.entries()) result[k] = others[p[i]!]!
  return result
}
