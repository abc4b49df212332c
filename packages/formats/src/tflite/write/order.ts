// Orders of axes: axis `l` of a tensor is axis `order[l]` of the value that it holds.

/** 0, 1, … rank - 1. */
export const identity = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis)

export const isIdentity = (order: readonly number[]): boolean => order.every((axis, k) => axis === k)

export const sameOrder = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((axis, k) => axis === b[k])

/** [n, c, …spatial] lying as [n, …spatial, c]. */
export const channelsLast = (rank: number): number[] => [0, ...identity(rank).slice(2), 1]

/** The permutation that takes a tensor that lies in order `from` to order `to`. */
export const turn = (from: readonly number[], to: readonly number[]): number[] => to.map((axis) => from.indexOf(axis))

/** The order in which the result of a Transpose lies whose input lies in `order`: nothing moves. */
export const compose = (order: readonly number[], permutation: readonly number[]): number[] =>
  order.map((axis) => permutation.indexOf(axis))

/** An axis of the value, counted from the end where negative, as an axis of its tensor. */
export const liteAxis = (order: readonly number[], axis: number): number => order.indexOf(axis < 0 ? axis + order.length : axis)

/** The order of what is left when axes of the value are taken out. */
export function without(order: readonly number[], axes: readonly number[]): number[] {
  const left = order.filter((axis) => !axes.includes(axis))
  const ranks = [...left].sort((a, b) => a - b)
  return left.map((axis) => ranks.indexOf(axis))
}
