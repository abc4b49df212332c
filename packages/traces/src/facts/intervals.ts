// Times as sets: only lengths of unions add up, since streams and threads overlap. A set is two columns, merged: no two of its
// intervals touch, and they are in order.

export interface Intervals {
  readonly starts: Float64Array
  readonly ends: Float64Array
}

/** Gathers intervals. Those that come by their starts, as most do, are merged as they come: millions of calls are a few sets of time. */
export class IntervalList {
  #starts: Float64Array
  #ends: Float64Array
  #inOrder = true
  length = 0

  /** `expected`: as many there may be, if that is known. */
  constructor(expected = 256) {
    this.#starts = new Float64Array(expected)
    this.#ends = new Float64Array(expected)
  }

  add(start: number, end: number): void {
    if (!(end > start)) return
    const last = this.length - 1
    if (last >= 0) {
      if (start < this.#starts[last]!) this.#inOrder = false
      else if (start <= this.#ends[last]!) {
        if (end > this.#ends[last]!) this.#ends[last] = end
        return
      }
    }
    this.append(start, end)
  }

  /** One that begins after the end of those before. */
  append(start: number, end: number): void {
    if (this.length === this.#starts.length) {
      this.#starts = grown(this.#starts)
      this.#ends = grown(this.#ends)
    }
    this.#starts[this.length] = start
    this.#ends[this.length] = end
    this.length++
  }

  /** Their union. Nothing is added afterwards. */
  merged(): Intervals {
    const set = { starts: this.#starts.subarray(0, this.length), ends: this.#ends.subarray(0, this.length) }
    return this.#inOrder ? set : merge(set)
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
function merge({ starts, ends }: Intervals): Intervals {
  starts.sort()
  ends.sort()
  const list = new IntervalList(starts.length)
  let open = 0
  let since = 0
  for (let i = 0, j = 0; j < ends.length; ) {
    if (i < starts.length && starts[i]! <= ends[j]!) {
      if (open++ === 0) since = starts[i]!
      i++
      continue
    }
    const until = ends[j++]!
    if (--open === 0) list.append(since, until)
  }
  return list.merged()
}

/** What of a set is between two times. */
export function clipTo({ starts, ends }: Intervals, from: number, to: number): Intervals {
  let low = firstFrom(ends, from)
  while (low < ends.length && ends[low]! <= from) low++
  const high = Math.max(low, firstFrom(starts, to))
  const [first, last] = [starts[low], ends[high - 1]]
  if (low === high || first === undefined || last === undefined) return EMPTY
  const isWithin = first >= from && last <= to
  const clipped = { starts: starts.subarray(low, high), ends: ends.subarray(low, high) }
  if (isWithin) return clipped
  const copy = { starts: clipped.starts.slice(), ends: clipped.ends.slice() }
  copy.starts[0] = Math.max(first, from)
  copy.ends[high - low - 1] = Math.min(last, to)
  return copy
}

const EMPTY: Intervals = { starts: new Float64Array(0), ends: new Float64Array(0) }

/** Length of a set. */
export function lengthOf({ starts, ends }: Intervals): number {
  let sum = 0
  for (let i = 0; i < starts.length; i++) sum += ends[i]! - starts[i]!
  return sum
}

/** What is in one of the sets at least. */
export function union(...all: readonly Intervals[]): Intervals {
  const sets = all.filter(({ starts }) => starts.length > 0)
  if (sets.length < 2) return sets[0] ?? EMPTY
  const list = new IntervalList(sets.reduce((sum, { starts }) => sum + starts.length, 0))
  const at = sets.map(() => 0)
  for (;;) {
    let [next, start] = [-1, Number.POSITIVE_INFINITY]
    for (let k = 0; k < sets.length; k++) {
      const one = sets[k]!.starts[at[k]!]
      if (one !== undefined && one < start) [next, start] = [k, one]
    }
    if (next < 0) return list.merged()
    list.add(start, sets[next]!.ends[at[next]!++]!)
  }
}

/**
 * How much of `base` each set has of what none before it has; at the end what none has. Nothing is made of the pieces, of which there can
 * be millions.
 */
export function partition(base: Intervals, sets: readonly Intervals[]): number[] {
  const sums = [...sets, base].map(() => 0)
  const at = sets.map(() => 0)
  for (let i = 0; i < base.starts.length; i++) {
    const end = base.ends[i]!
    for (let from = base.starts[i]!; from < end; ) {
      // Up to where this set ends, or one before it begins.
      let [owner, until] = [sets.length, end]
      for (let k = 0; k < sets.length && owner === sets.length; k++) {
        const { starts, ends } = sets[k]!
        while (at[k]! < ends.length && ends[at[k]!]! <= from) at[k]!++
        if (at[k]! >= ends.length) continue
        if (starts[at[k]!]! > from) until = Math.min(until, starts[at[k]!]!)
        else {
          owner = k
          until = Math.min(until, ends[at[k]!]!)
        }
      }
      sums[owner]! += until - from
      from = until
    }
  }
  return sums
}

/** What is in both. */
export function intersection(a: Intervals, b: Intervals): Intervals {
  const list = new IntervalList(Math.min(a.starts.length, b.starts.length))
  for (let i = 0, j = 0; i < a.starts.length && j < b.starts.length; ) {
    const start = Math.max(a.starts[i]!, b.starts[j]!)
    const end = Math.min(a.ends[i]!, b.ends[j]!)
    if (end > start) list.append(start, end)
    if (a.ends[i]! < b.ends[j]!) i++
    else j++
  }
  return list.merged()
}

/** What is in the first and not in the second. */
export function difference(a: Intervals, b: Intervals): Intervals {
  if (b.starts.length === 0) return a
  const list = new IntervalList(a.starts.length + b.starts.length)
  let j = 0
  for (let i = 0; i < a.starts.length; i++) {
    let at = a.starts[i]!
    const end = a.ends[i]!
    while (j < b.starts.length && b.ends[j]! <= at) j++
    for (let k = j; k < b.starts.length && b.starts[k]! < end; k++) {
      if (b.starts[k]! > at) list.append(at, b.starts[k]!)
      at = Math.max(at, b.ends[k]!)
    }
    if (at < end) list.append(at, end)
  }
  return list.merged()
}

/** The stretches between `from` and `to` that are not in the set. */
export function gaps(set: Intervals, from: number, to: number): Intervals {
  return to > from ? difference({ starts: Float64Array.of(from), ends: Float64Array.of(to) }, set) : EMPTY
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
