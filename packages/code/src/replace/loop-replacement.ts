// What is said of loops that were run against code that does the same, in whichever language they are.
import { turnTimes } from '@whyslow/measure/statistics/index.ts'
import type { Replacement } from '../evidence.ts'

/** Code that does the same as a loop, run together with it on the values that it saw. */
export interface LoopReplacement extends Omit<Replacement, 'rule'> {
  readonly rule: 'scalar-loop'
  readonly endLine: number
}

export interface LoopsAnswer {
  readonly replacements: readonly LoopReplacement[]
  readonly refused: readonly { readonly line: number; readonly function: string | null; readonly reason: string }[]
  /** Why the program did not run to its end; what it did before was looked at. null: it did. */
  readonly failed: string | null
  /** The program was run again for it. */
  readonly ran: boolean
}

/** What the process that ran both reports about one place. */
export interface PlaceResult {
  readonly line: number
  readonly endLine: number
  readonly function: string | null
  readonly code: readonly string[]
  readonly pairsMs: readonly (readonly [number, number])[]
  readonly conversionMs: number | null
  readonly equal: 'bits' | 'rounding'
  readonly elements: number
  readonly kinds: readonly string[]
  /** What stands in its place makes a list again, since what comes after it may need one. */
  readonly asList?: boolean
}

/** A gain below this is not worth other code; one that is not sure is none. */
export const LEAST_FACTOR = 1.2

/** What the answer says of one place of a file. */
export function replacementOf(
  { pairsMs, conversionMs, elements, kinds, asList = false, ...told }: PlaceResult,
  file: string,
  { language, form }: Pick<LoopReplacement, 'language' | 'form'>,
): LoopReplacement {
  const { nowMs, insteadMs, ratio, ratioLow, ratioHigh } = turnTimes(pairsMs)
  const once =
    conversionMs === null ? '' : `; as arrays from the start (making them of lists takes ${conversionMs.toPrecision(3)} ms, once)`
  // Left out, it is faster still.
  const list = asList ? '; made a list again, for what comes after it' : ''
  return {
    rule: 'scalar-loop',
    language,
    file,
    line: told.line,
    endLine: told.endLine,
    function: told.function,
    code: told.code,
    form,
    beforeMs: nowMs,
    afterMs: insteadMs,
    factor: ratio,
    factorLow: ratioLow,
    factorHigh: ratioHigh,
    equal: told.equal,
    on: `${elements.toLocaleString('en')} elements of ${kinds.join(', ')}${once}${list}`,
  }
}

/** What is surely faster, of each place the fastest; what is not is refused with what it was tried on. */
export function loopsAnswer(
  all: readonly LoopReplacement[],
  {
    refused,
    failed = null,
    ran,
  }: { readonly refused: LoopsAnswer['refused']; readonly failed?: string | null; readonly ran: boolean },
): LoopsAnswer {
  const isFaster = ({ factorLow }: LoopReplacement): boolean => factorLow >= LEAST_FACTOR
  const slower = all.filter((one) => !isFaster(one))
  const fastestFirst = all.filter(isFaster).sort((a, b) => b.factorLow - a.factorLow)
  const isFirst = ({ file, line }: LoopReplacement, at: number): boolean =>
    fastestFirst.findIndex((one) => one.file === file && one.line === line) === at
  return {
    replacements: fastestFirst.filter(isFirst).sort((a, b) => a.line - b.line),
    refused: [
      ...refused,
      ...slower.map(({ line, function: name, on }) => ({ line, function: name, reason: `no faster on ${on}` })),
    ],
    failed,
    ran,
  }
}
