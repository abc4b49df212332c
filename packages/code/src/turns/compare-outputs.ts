// What both implementations give for the same samples, and whether each gives it again.

import {
  type Comparison,
  compareValues,
  type Difference,
  type FarField,
  type ValueAgreement,
  type ValueOptions,
} from './compare-values.ts'
import type { Contestant } from './contestant.ts'
import { type Encoded, elementsOf } from './value.ts'

export interface ComparedOutputs {
  readonly agreement: ValueAgreement
  readonly samples: number
  readonly differingSamples: number
  readonly numbers: number
  readonly differing: number
  readonly maxAbsolute: number | null
  readonly maxRelative: number | null
  readonly sameChoice: number | null
  readonly farPixels: number | null
  readonly differences: readonly (Difference & { readonly sample: number })[]
  readonly notes: readonly string[]
  /** Fields of single floats that the first program itself changes from call to call: they are not compared. */
  readonly varying: readonly string[]
  readonly repeats: { readonly a: boolean; readonly b: boolean }
  /** Times of the first call. */
  readonly firstMs: { readonly a: number; readonly b: number }
  /** The slower one's time by sample, of those that were called. */
  readonly timesMs: readonly number[]
  readonly wroteInput: { readonly a: boolean; readonly b: boolean }
  /** No call finds what another wrote. */
  readonly copied: { readonly a: boolean; readonly b: boolean }
  /** Samples for which a model itself answered in the second program, and why for the first of them. */
  readonly handedBack: { readonly samples: number; readonly reason: string } | null
}

export interface OutputsPlan extends ValueOptions {
  readonly samples: number
  readonly limitMs: number
  /** No sample but the first is begun after this long. */
  readonly budgetMs: number
  /** A difference of floats is none if their field differs as much between two calls of one program. */
  readonly allowNoise: boolean
}

const MOST_TOLD = 5
/** Samples that are asked for again to see what varies. */
const MOST_AGAIN = 8
export const NOTHING_COMPARED = 'neither returns anything that can be compared'

/** Throws ContestantFailed. */
export async function compareContestants(
  a: Contestant,
  b: Contestant,
  plan: OutputsPlan,
  now: () => number,
): Promise<ComparedOutputs> {
  const begin = now()
  const comparisons: Comparison[] = []
  const choices: boolean[] = []
  const timesMs: number[] = []
  const wroteInput = { a: false, b: false }
  const copied = { a: true, b: true }
  let firstMs = { a: 0, b: 0 }
  const repeats = { a: true, b: true }
  const apart = new Set<string>()
  const noise = new Map<string, number>()
  const handedBack: string[] = []
  let asked = 0
  for (let sample = 0; sample < plan.samples && (sample === 0 || now() - begin < plan.budgetMs); sample++) {
    const left = await a.ask({ ask: 'output', sample }, plan.limitMs)
    const right = await b.ask({ ask: 'output', sample }, plan.limitMs)
    wroteInput.a ||= left.wroteInput
    wroteInput.b ||= right.wroteInput
    copied.a &&= left.copied
    copied.b &&= right.copied
    if (right.handedBack != null) handedBack.push(right.handedBack)
    const compared = compareValues(left.value, right.value, { ...plan, apart })
    comparisons.push(compared)
    choices.push(...sameChoice(left.value, right.value))
    timesMs.push(Math.max(left.timeMs, right.timeMs))
    if (sample > 0 && (asked >= MOST_AGAIN || !compared.far.some(mayVary))) continue
    asked++
    // The first call has what others have not; and a program may give something else the next time.
    const [againA, againB] = [
      await a.ask({ ask: 'output', sample }, plan.limitMs),
      await b.ask({ ask: 'output', sample }, plan.limitMs),
    ]
    if (sample === 0) {
      firstMs = { a: left.timeMs, b: right.timeMs }
      timesMs[0] = Math.max(againA.timeMs, againB.timeMs)
    }
    const exact = { ...plan, tolerance: 0 }
    const own = [compareValues(left.value, againA.value, exact), compareValues(right.value, againB.value, exact)] as const
    repeats.a &&= isSame(own[0])
    repeats.b &&= isSame(own[1])
    for (const { field, floats } of own.flatMap(({ far }) => far))
      if (floats !== null) noise.set(field, Math.max(floats, noise.get(field) ?? 0))
    for (const one of compareValues(left.value, againA.value, plan).far) if (mayVary(one)) apart.add(one.field)
    comparisons[sample] = compareValues(left.value, right.value, { ...plan, apart })
  }
  return {
    ...summed(comparisons, plan.allowNoise ? noise : new Map()),
    varying: [...apart],
    sameChoice: choices.length === 0 ? null : share(choices),
    repeats,
    firstMs,
    timesMs,
    wroteInput,
    copied,
    handedBack: handedBack.length === 0 ? null : { samples: handedBack.length, reason: handedBack[0]! },
  }
}

/** A float among others; a whole result that varies says nothing. */
const mayVary = ({ field, isSingleFloat }: FarField): boolean => isSingleFloat && field !== ''

const isSame = ({ agreement }: Comparison): boolean => agreement === 'identical' || agreement === 'not-comparable'

const share = (list: readonly boolean[]): number => list.filter(Boolean).length / list.length

const largest = (values: readonly (number | null)[]): number | null =>
  values.some((one) => one === null) ? null : Math.max(0, ...values.map((one) => one!))

const WORST: readonly ValueAgreement[] = ['different', 'not-comparable', 'close', 'identical']

/** The sum of several comparisons: the worst agreement, and the largest differences. */
export function sumComparisons(comparisons: readonly Comparison[]) {
  const far = comparisons.flatMap(({ farPixels }) => farPixels ?? [])
  return {
    agreement: WORST.find((one) => comparisons.some(({ agreement }) => agreement === one)) ?? ('not-comparable' as const),
    numbers: comparisons.reduce((sum, one) => sum + one.numbers, 0),
    differing: comparisons.reduce((sum, one) => sum + one.differing, 0),
    maxAbsolute: largest(comparisons.map((one) => one.maxAbsolute)),
    maxRelative: largest(comparisons.map((one) => one.maxRelative)),
    farPixels: far.length === 0 ? null : Math.max(...far),
  }
}

function summed(comparisons: readonly Comparison[], noise: ReadonlyMap<string, number>) {
  const sum = sumComparisons(comparisons)
  // A field that differs no more than it does from itself is no difference between them.
  const isNoise = ({ field, floats }: FarField) => floats !== null && floats <= 2 * (noise.get(field) ?? 0)
  const isClose = sum.agreement === 'different' && comparisons.every(({ far }) => far.every(isNoise))
  const isNothing = sum.agreement === 'identical' && comparisons.every(({ compared }) => compared === 0)
  return {
    ...sum,
    agreement: isClose ? ('close' as const) : isNothing ? ('not-comparable' as const) : sum.agreement,
    samples: comparisons.length,
    differingSamples: comparisons.filter((one) => one.agreement === 'different').length,
    differences: comparisons.flatMap((one, sample) => one.differences.map((each) => ({ sample, ...each }))).slice(0, MOST_TOLD),
    notes: [...new Set([...comparisons.flatMap(({ notes }) => notes), ...(isNothing ? [NOTHING_COMPARED] : [])])].slice(
      0,
      MOST_TOLD,
    ),
  }
}

/** Whether the largest element of both stands at one place, where both are arrays of several floats. */
function sameChoice(a: Encoded, b: Encoded): boolean[] {
  const [left, right] = [placeOfLargest(a), placeOfLargest(b)]
  return left === null || right === null ? [] : [left === right]
}

function placeOfLargest({ tree, buffers }: Encoded): number | null {
  if (tree.kind !== 'array' || !tree.dtype.startsWith('float')) return null
  const elements = elementsOf(tree, buffers)
  if (elements === null || elements.length < 2 || elements.length > 100_000) return null
  let at = 0
  for (let k = 1; k < elements.length; k++) if (elements[k]! > elements[at]!) at = k
  return at
}
