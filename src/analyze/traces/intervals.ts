// Times as sets: only lengths of unions add up, since streams and threads overlap. A set is two columns, merged: no two of its
// intervals touch, and they are in order.

export interface Intervals {
  readonly starts: Float64Array
  readonly ends: Float64Array
}

/** Gathers intervals before they are merged. */
export class IntervalList {
  #starts = new Float64Array(256)
  #ends = new Float64Array(256)
  length = 0

  add(start: number, end: number): void {
    if (this.length === this.#starts.length) {
      this.#starts = grown(this.#starts)
      this.#ends = grown(this.#ends)
    }
    this.#starts[this.length] = start
    this.#ends[this.length] = end
    this.length++
  }

  /** Their union, of what lies between `from` and `to`. */
  merged(from: number = Number.NEGATIVE_INFINITY, to: number = Number.POSITIVE_INFINITY): Intervals {
    return merge(this.#starts.slice(0, this.length), this.#ends.slice(0, this.length), from, to)
  }
}

function grown(column: Float64Array): Float64Array<ArrayBuffer> {
  const next = new Float64Array(Math.ceil(column.length * 1.5))
  next.set(column)
  return next
}

/**
 * Starts and ends are sorted apart: at any time as many intervals are open as have started and not ended, and a union ends where none
 * is. Sorts what it is given.
 */
function merge(starts: Float64Array, ends: Float64Array, from: number, to: number): Intervals {
  starts.sort()
  ends.sort()
  const mergedStarts: number[] = []
  const mergedEnds: number[] = []
  let open = 0
  let since = 0
  for (let i = 0, j = 0; j < ends.length; ) {
    if (i < starts.length && starts[i]! <= ends[j]!) {
      if (open++ === 0) since = starts[i]!
      i++
      continue
    }
    const until = ends[j++]!
    if (--open > 0) continue
    const low = Math.max(since, from)
    const high = Math.min(until, to)
    if (high > low) {
      mergedStarts.push(low)
      mergedEnds.push(high)
    }
  }
  return { starts: Float64Array.from(mergedStarts), ends: Float64Array.from(mergedEnds) }
}

export const EMPTY: Intervals = { starts: new Float64Array(0), ends: new Float64Array(0) }

/** Length of a set. */
export function lengthOf({ starts, ends }: Intervals): number {
  let sum = 0
  for (let i = 0; i < starts.length; i++) sum += ends[i]! - starts[i]!
  return sum
}

/** What is in one of two sets at least. */
export function union(a: Intervals, b: Intervals): Intervals {
  const list = new IntervalList()
  for (const set of [a, b]) for (let i = 0; i < set.starts.length; i++) list.add(set.starts[i]!, set.ends[i]!)
  return list.merged()
}

/** What is in both. */
export function intersection(a: Intervals, b: Intervals): Intervals {
  const starts: number[] = []
  const ends: number[] = []
  for (let i = 0, j = 0; i < a.starts.length && j < b.starts.length; ) {
    const start = Math.max(a.starts[i]!, b.starts[j]!)
    const end = Math.min(a.ends[i]!, b.ends[j]!)
    if (end > start) {
      starts.push(start)
      ends.push(end)
    }
    if (a.ends[i]! < b.ends[j]!) i++
    else j++
  }
  return { starts: Float64Array.from(starts), ends: Float64Array.from(ends) }
}

/** What is in the first and not in the second. */
export function difference(a: Intervals, b: Intervals): Intervals {
  const starts: number[] = []
  const ends: number[] = []
  let j = 0
  for (let i = 0; i < a.starts.length; i++) {
    let at = a.starts[i]!
    const end = a.ends[i]!
    while (j < b.starts.length && b.ends[j]! <= at) j++
    for (let k = j; k < b.starts.length && b.starts[k]! < end; k++) {
      if (b.starts[k]! > at) {
        starts.push(at)
        ends.push(b.starts[k]!)
      }
      at = Math.max(at, b.ends[k]!)
    }
    if (at < end) {
      starts.push(at)
      ends.push(end)
    }
  }
  return { starts: Float64Array.from(starts), ends: Float64Array.from(ends) }
}

/** The stretches between `from` and `to` that are not in the set. */
export function gaps(set: Intervals, from: number, to: number): Intervals {
  return difference({ starts: Float64Array.of(from), ends: Float64Array.of(to) }, set)
}

/** The place of the first number that is not below `value`, in a sorted column. */
export function firstFrom(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
