// Whether the loop over typed arrays does what the loop over lists does: both run on copies of the values that were seen, and on numbers that
// are made to tell them apart. Equal are results of the same bits, NaN and NaN; what raises on one side alone, is longer, or holds anything
// but numbers is not.
import { turns } from '@whyslow/measure/statistics/index.ts'
import { type Atom, ReplacementRefusal } from './fragment.ts'

export type Values = readonly unknown[]
export type Run = (...values: unknown[]) => unknown[]

type TypedArray = Float64Array

/** Numbers at which arithmetic differs: not numbers, without end, of both signs of nothing, denormal, the largest, the ends of integers. */
export const TELLING_NUMBERS = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1,
  -1,
  0.1,
  1 / 3,
  -2.5,
  5e-324,
  -5e-324,
  2.2250738585072014e-308,
  1.401298464324817e-45,
  1.7976931348623157e308,
  -1.7976931348623157e308,
  3.4028234663852886e38,
  3.5e38,
  255,
  256,
  32_768,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53 + 2,
  1e21,
]
const LENGTHS = [0, 1, 2, 7, 61]
/** Seeds of the order in which they stand. */
const ROUNDS = 3

export const isTyped = (value: unknown): value is TypedArray =>
  ArrayBuffer.isView(value) && !(value instanceof DataView) && !/^Big/.test(value.constructor.name)

/** Throws ReplacementRefusal if a value is of a kind that this is not made for, or nothing would change. */
export function checkKinds(atoms: readonly Atom[], values: Values): void {
  for (const [at, { role, text }] of atoms.entries()) {
    const value = values[at]
    if (role === 'array') checkArray(text, value)
    else if (role === 'function') {
      if (typeof value !== 'function') throw new ReplacementRefusal(`${text} is not a function`)
    } else if (typeof value !== 'number' && (role !== 'scalar' || typeof value !== 'boolean')) {
      throw new ReplacementRefusal(`${text} is ${value === null ? 'null' : typeof value}, which is not a number`)
    }
  }
}

function checkArray(text: string, value: unknown): void {
  if (isTyped(value)) return
  if (!Array.isArray(value)) throw new ReplacementRefusal(`${text} is neither a list nor a typed array of numbers`)
  for (let i = 0; i < value.length; i++)
    if (typeof value[i] !== 'number') throw new ReplacementRefusal(`${text} holds more than numbers`)
}

/** One copy of each array, so that two names of one stay so, and views of one buffer, too. */
export function copyArrays(values: Values): unknown[] {
  const made = new Map<unknown, unknown>()
  return values.map((value) => {
    if (Array.isArray(value)) return once(made, value, () => value.slice())
    return isTyped(value)
      ? once(made, value, () => view(value, once(made, value.buffer, () => value.buffer.slice(0)) as ArrayBuffer))
      : value
  })
}

function view(array: TypedArray, buffer: ArrayBuffer): TypedArray {
  const Kind = array.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray
  return new Kind(buffer, array.byteOffset, array.length)
}

function once<T>(made: Map<unknown, unknown>, value: unknown, make: () => T): T {
  if (!made.has(value)) made.set(value, make())
  return made.get(value) as T
}

/** Lists made arrays that hold every number that a list can. */
function converted(values: Values): unknown[] {
  const made = new Map<unknown, unknown>()
  return values.map((value) => (Array.isArray(value) ? once(made, value, () => Float64Array.from(value as number[])) : value))
}

/** Throws ReplacementRefusal if they differ on any of the values. */
export function prove(atoms: readonly Atom[], seen: readonly Values[], before: Run, after: Run): void {
  for (const values of seen) compareOn(values, before, after, 'the values that it saw')
  const [first] = seen
  for (const values of adversaries(atoms, first!)) compareOn(values, before, after, 'numbers that are made to tell them apart')
}

function compareOn(values: Values, before: Run, after: Run, on: string): void {
  const [a, b] = [outcome(before, copyArrays(values)), outcome(after, converted(copyArrays(values)))]
  if (a === null && b === null) return
  if (a === null || b === null) throw new ReplacementRefusal(`one of the two fails on ${on}`)
  if (a.length !== b.length || a.some((one, at) => !isSame(one, b[at])))
    throw new ReplacementRefusal(`it gives something else on ${on}`)
}

function outcome(run: Run, values: unknown[]): unknown[] | null {
  try {
    return run(...values)
  } catch {
    return null
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'number') return Object.is(a, b)
  if (!(Array.isArray(a) || isTyped(a)) || !isTyped(b) || a.length !== b.length) return false
  if (isTyped(a) && a.constructor !== b.constructor) return false
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false
  return true
}

/** Values of the same kinds: of small lengths where every length follows from that of one array, else of the lengths that were seen. */
export function* adversaries(atoms: readonly Atom[], seen: Values): Generator<Values> {
  const arrays = seen.filter((value): value is unknown[] | TypedArray => Array.isArray(value) || isTyped(value))
  const lengths = new Set(arrays.map(({ length }) => length))
  const [length] = lengths
  const isFree = lengths.size === 1 && atoms.every(({ bounds }, at) => !bounds || seen[at] === length)
  for (const own of isFree ? LENGTHS : [null]) {
    for (let round = 0; round < (own === 0 ? 1 : ROUNDS); round++) yield made(atoms, seen, { length: own, round, alike: false })
    if (own !== 0 && isFree) yield made(atoms, seen, { length: own, round: ROUNDS, alike: true })
  }
}

interface Making {
  /** null: as it was seen. */
  readonly length: number | null
  readonly round: number
  /** All arrays of one kind are one. */
  readonly alike: boolean
}

function made(atoms: readonly Atom[], seen: Values, { length, round, alike }: Making): Values {
  const known = new Map<unknown, unknown>()
  return seen.map((value, at) => {
    if (Array.isArray(value) || isTyped(value)) {
      const key = alike ? value.constructor : value
      return once(known, key, () => telling(value, length ?? value.length, round * 7 + known.size * 3))
    }
    if (typeof value !== 'number') return value
    if (atoms[at]!.bounds) return length ?? value
    return round === 0 ? value : TELLING_NUMBERS[(round * 11 + at * 5) % TELLING_NUMBERS.length]!
  })
}

function telling(like: unknown[] | TypedArray, length: number, from: number): unknown[] | TypedArray {
  const numbers = Array.from({ length }, (_, i) => TELLING_NUMBERS[(from + i * (1 + (from % 3))) % TELLING_NUMBERS.length]!)
  if (Array.isArray(like)) return numbers
  const Kind = like.constructor as new (numbers: readonly number[]) => TypedArray
  return new Kind(numbers)
}

// Times --------------------------------------------------------------------------------------------------------------------------------

const PAIRS = 9
/** One reading takes this long. */
const READING_MS = 25
const MOST_REPEATS = 200
/** V8 has compiled both by then. */
const WARM_MS = 250

export interface Turns {
  readonly pairsMs: readonly (readonly [number, number])[]
  /** What making typed arrays of the lists takes, once; null: there are none. */
  readonly conversionMs: number | null
}

/** Both in turns, on the values that were seen. */
export function takeTurns(values: Values, before: Run, after: Run, now: () => number): Turns {
  const typed = converted(values)
  const start = now()
  const again = converted(values)
  const conversionMs = again.some((value, at) => value !== values[at]) ? now() - start : null
  const sides = [
    { run: before, values },
    { run: after, values: typed },
  ] as const
  const repeats = sides.map((side) => {
    const once = warm(side, now)
    return Math.max(1, Math.min(MOST_REPEATS, Math.floor(READING_MS / Math.max(once, 1e-3))))
  })
  const pairsMs: [number, number][] = []
  for (let pair = 0; pair < PAIRS; pair++) {
    const times: [number, number] = [0, 0]
    for (const side of turns(2, pair)) times[side] = reading(sides[side]!, repeats[side]!, now)
    pairsMs.push(times)
  }
  return { pairsMs, conversionMs }
}

interface Side {
  readonly run: Run
  readonly values: Values
}

function warm(side: Side, now: () => number): number {
  const end = now() + WARM_MS
  let ms = reading(side, 1, now)
  for (let k = 0; k < MOST_REPEATS && now() < end; k++) ms = Math.min(ms, reading(side, 1, now))
  return ms
}

/** ms of one run. It is given copies, as it may write them; making them is not timed. */
function reading({ run, values }: Side, repeats: number, now: () => number): number {
  let total = 0
  for (let k = 0; k < repeats; k++) {
    const own = copyArrays(values)
    const start = now()
    run(...own)
    total += now() - start
  }
  return total / repeats
}
