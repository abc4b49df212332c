// Which row of a changed list is which of the original's: by all numbers where they are equal, then by the nearest.
import type { RowLayout } from './row-layout.ts'

/** What rows are distinguished by: one output's columns. */
export interface RowKey {
  readonly original: RowLayout
  readonly candidate: RowLayout
  /** How far numbers of one row may be apart, for each column; 0: not at all; null: the column says nothing. */
  readonly reach: readonly (number | null)[]
}

/** Place in the candidate by place in the original; -1: in none. */
export type Matches = readonly number[]

interface Pair {
  readonly from: number
  readonly to: number
  readonly distance: number
}

/** Matches the rows of the list `list`. Rows that are equal among themselves are matched in order. */
export function matchRows(keys: readonly RowKey[], list: number, rows: number, candidateRows: number): Matches {
  const matches = new Array<number>(rows).fill(-1)
  const isTaken = new Array<boolean>(candidateRows).fill(false)
  const equal = new Map<string, number[]>()
  for (let to = candidateRows - 1; to >= 0; to--) {
    const text = textOf(keys, 'candidate', list, to)
    const places = equal.get(text)
    if (places === undefined) equal.set(text, [to])
    else places.push(to)
  }
  for (let from = 0; from < rows; from++) {
    const to = equal.get(textOf(keys, 'original', list, from))?.pop()
    if (to !== undefined) [matches[from], isTaken[to]] = [to, true]
  }
  if (keys.every(({ reach }) => reach.every((one) => one === 0 || one === null))) return matches
  const open = matches.flatMap((to, from) => (to < 0 ? [from] : []))
  const free = isTaken.flatMap((taken, to) => (taken ? [] : [to]))
  for (const { from, to } of nearPairs(keys, list, open, free)) {
    if (matches[from]! >= 0 || isTaken[to]) continue
    ;[matches[from], isTaken[to]] = [to, true]
  }
  return matches
}

/** All within reach, the nearest first. */
function nearPairs(keys: readonly RowKey[], list: number, open: readonly number[], free: readonly number[]): readonly Pair[] {
  const pairs: Pair[] = []
  for (const from of open) {
    for (const to of free) {
      const distance = distanceOf(keys, list, from, to)
      if (distance < Number.POSITIVE_INFINITY) pairs.push({ from, to, distance })
    }
  }
  return pairs.sort((a, b) => a.distance - b.distance)
}

/** Sum of squared distances, in units of the reach; infinite beyond it. */
function distanceOf(keys: readonly RowKey[], list: number, from: number, to: number): number {
  let sum = 0
  for (const { original: a, candidate: b, reach } of keys) {
    const [x, y] = [(list * a.rows + from) * a.columns, (list * b.rows + to) * b.columns]
    for (let k = 0; k < a.columns; k++) {
      const [left, right, most] = [a.numbers[x + k]!, b.numbers[y + k]!, reach[k] ?? null]
      if (most === null || left === right || Object.is(left, right)) continue
      const off = Math.abs(left - right)
      if (!(off <= most)) return Number.POSITIVE_INFINITY
      sum += (off / most) ** 2
    }
  }
  return sum
}

function textOf(keys: readonly RowKey[], side: 'original' | 'candidate', list: number, row: number): string {
  const parts: number[] = []
  for (const key of keys) {
    const { numbers, rows, columns } = key[side]
    for (let k = 0; k < columns; k++) if (key.reach[k] !== null) parts.push(numbers[(list * rows + row) * columns + k]!)
  }
  return parts.join()
}
