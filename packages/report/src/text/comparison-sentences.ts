// What a comparison says in plain sentences: who is fastest, what each of the others costs or gives, and from which batch on that turns.

import { percent, significant, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { ComparisonDocument, Contestant } from '../documents/comparison.ts'
import { withShortNames } from './contestant-names.ts'
import { speedupRange } from './fix-answer.ts'
import { listOf } from './foretold.ts'

type Facts = Omit<ComparisonDocument, 'answer' | 'sentences'>

export interface ComparisonWords {
  readonly answer: string
  readonly sentences: string[]
}

/** `madeUp`: what outputs were compared on, 'synthetic inputs'; null if the inputs are the user's own. Pure. */
export function comparisonSentences(given: Facts, madeUp: string | null): ComparisonWords {
  const facts = withShortNames(given)
  const sentences = [
    ...besideReference(facts),
    ...quality(facts, madeUp),
    ...breakEvens(facts),
    ...transfers(facts),
    ...software(facts),
  ]
  return { answer: answer(facts), sentences }
}

const measuredIn = (facts: Facts): Contestant[] => facts.contestants.filter(({ p50Ms }) => p50Ms !== null)

function answer(facts: Facts): string {
  const kind = facts.of === 'engines' ? 'engine' : 'model'
  const measured = measuredIn(facts)
  const byId = new Map(measured.map((one) => [one.id, one]))
  const [first] = facts.ranking
  if (first === undefined) {
    const only = measured[0]
    return only === undefined
      ? `No ${kind} could be measured.`
      : `Only software adapters could be measured; ${only.id} takes ${latencyOf(only)} per prediction, which says nothing about a GPU.`
  }
  const best = byId.get(first.id)!
  if (facts.ranking.length === 1) return `${best.id} takes ${latencyOf(best)} per prediction; no other ${kind} could be ranked.`
  const ties = first.tiedWith
  const unclear = ties.filter((id) => mayBeSlower(facts, best.id, id))
  const alike = ties.filter((id) => !unclear.includes(id))
  if (alike.length === facts.ranking.length - 1)
    return `There is no detectable difference between ${listOf([best.id, ...ties], Number.POSITIVE_INFINITY)}: ${best.id} takes ${latencyOf(best)} per prediction.`
  const tied = alike.length > 0 ? `, with no detectable difference from ${listOf(alike, Number.POSITIVE_INFINITY)}` : ''
  const are = unclear.length > 1 ? 'are' : 'is'
  const unsure =
    unclear.length > 0
      ? `; whether ${listOf(unclear, Number.POSITIVE_INFINITY)} ${are} slower is not certain yet: more --runs tell`
      : ''
  const second = facts.ranking.find(({ id }) => id !== best.id && !ties.includes(id))
  const against = second === undefined ? null : ratioBetween(facts, best.id, second.id)
  const next = against === null ? '' : `; ${second!.id} takes ${times(against.low, against.high)} as long`
  const is = second === undefined ? 'has the lowest latency' : 'is the fastest'
  return `${best.id} ${is} of ${facts.ranking.length} ${kind}s: ${latencyOf(best)} per prediction${tied}${next}${unsure}.`
}

/** An interval that reaches this far says that little is known, not that there is no difference. */
const FAR = 1.25

const mayBeSlower = (facts: Facts, best: string, other: string): boolean => (ratioBetween(facts, best, other)?.high ?? 1) > FAR

const latencyOf = ({ p50Ms, ciLowMs, ciHighMs }: Contestant): string => timeWithInterval(p50Ms!, ciLowMs!, ciHighMs!)
const times = (low: number, high: number): string => speedupRange(low, high)

function ratioBetween({ pairs, batch }: Facts, a: string, b: string): { low: number; high: number; order: string } | null {
  for (const pair of pairs) {
    if (pair.batch !== batch) continue
    if (pair.a === a && pair.b === b) return { low: pair.ratioLow, high: pair.ratioHigh, order: pair.order }
    if (pair.a === b && pair.b === a) return { low: 1 / pair.ratioHigh, high: 1 / pair.ratioLow, order: pair.order }
  }
  return null
}

/** 'is 2.9–3.3× faster', or slower, or not to be distinguished. 'would be': of one model on another engine. */
function speed(facts: Facts, id: string, other: string, be: 'is' | 'would be'): string {
  const found = ratioBetween(facts, id, other)
  if (found === null) return `could not be timed together with ${other}`
  const than = be === 'is' ? other : `on ${other}`
  if (found.low > 1) return `${be} ${times(found.low, found.high)} faster than ${than}`
  if (found.high < 1) return `${be} ${times(1 / found.high, 1 / found.low)} slower than ${than}`
  return `${be === 'is' ? 'is not' : 'would not be'} detectably faster or slower than ${than} (${times(found.low, found.high)})`
}

function besideReference(facts: Facts): string[] {
  const { reference } = facts
  const others = measuredIn(facts).filter(({ id, software }) => id !== reference && !software)
  if (facts.of === 'engines') {
    const plain = others.filter(({ runtime }) => runtime === undefined)
    return [...plain.map(({ id }) => `On ${id} it ${speed(facts, id, reference, 'would be')}.`), ...runtimes(facts)]
  }
  return others.map((one) => {
    const gives = qualityChange(facts, one)
    return `${one.id} ${gives === null ? '' : `${gives} and `}${speed(facts, one.id, reference, 'is')}.`
  })
}

/** Engines that are one runtime in several precisions: a sentence for all of them, the fastest first. */
function runtimes(facts: Facts): string[] {
  const { reference } = facts
  const base = measuredIn(facts).find(({ id }) => id === reference)
  const others = measuredIn(facts).filter(({ id, runtime }) => id !== reference && runtime !== undefined)
  return [...new Set(others.map(({ runtime }) => runtime!))].map((runtime) => {
    const own = others.filter((one) => one.runtime === runtime).toSorted((a, b) => a.p50Ms! - b.p50Ms!)
    const instead = base === undefined ? '' : ` instead of ${time(base.p50Ms!)} on ${reference}`
    const said = own.map((one, i) => {
      const factor = base === undefined ? '' : ` (${factorBeside(facts, one.id)})`
      return `in ${one.precision} ${i === 0 ? 'takes ' : ''}${time(one.p50Ms!)}${i === 0 ? instead : ''}${factor}, ${differenceOf(one)}`
    })
    return `${runtime} ${said.join('; ')}.`
  })
}

/** '6.0×', '1.3× slower', 'no detectable difference'. */
function factorBeside(facts: Facts, id: string): string {
  const found = ratioBetween(facts, id, facts.reference)
  if (found === null) return 'not timed together with it'
  if (found.low <= 1 && found.high >= 1) return 'no detectable difference'
  return found.low > 1 ? `${times(found.low, found.high)} faster` : `${times(1 / found.high, 1 / found.low)} slower`
}

/** Below this share of the outputs, what differs is the order of additions. */
const ROUNDING_SHARE = 1e-4

/**
 * How far outputs are from the reference's: the error's root mean square over theirs, of the worst output; 0 if only the order of
 * additions differs, null if it is not known.
 */
export function errorShare(agreement: Contestant['agreement']): number | null {
  if (agreement === null) return null
  if (agreement.equal) return 0
  if (agreement.sqnrDb === null) return null
  const share = 10 ** (-agreement.sqnrDb / 20)
  return share < ROUNDING_SHARE ? 0 : share
}

function differenceOf({ agreement }: Contestant): string {
  const share = errorShare(agreement)
  if (agreement === null) return 'outputs not compared'
  if (share === null) return `outputs differ by up to ${significant(agreement.maxAbs, 2)}`
  if (share > 0) return `outputs differ by ${significant(share * 100, 2)} %`
  return agreement.equal ? 'outputs equal' : 'outputs equal but for rounding'
}

/** 'gives up 0.6 points of accuracy'; null if no metric is known of both. */
function qualityChange({ contestants, reference }: Facts, one: Contestant): string | null {
  const base = contestants.find(({ id }) => id === reference)?.metric
  const own = one.metric
  if (base == null || own === null || base.name !== own.name) return null
  const difference = own.value - base.value
  if (own.name === 'accuracy') {
    const points = significant(Math.abs(difference) * 100, 2)
    if (difference === 0) return 'is as accurate'
    return difference < 0 ? `gives up ${points} points` : `gains ${points} points`
  }
  const name = own.name.toUpperCase()
  if (difference === 0) return `has the same ${name}`
  return `${difference > 0 ? 'raises' : 'lowers'} the ${name} from ${significant(base.value)} to ${significant(own.value)}`
}

/** Outputs that are not the reference's, where no metric says what that means. */
function quality(facts: Facts, madeUp: string | null): string[] {
  const { reference } = facts
  return measuredIn(facts).flatMap((one) => {
    const { id, agreement } = one
    if (id === reference || agreement === null || agreement.equal || one.metric !== null) return []
    const on = madeUp === null ? '' : ` on ${madeUp}`
    if (agreement.top1 !== null && agreement.top1 < 1)
      return [`${id} picks the same class as ${reference} in ${significant(agreement.top1 * 100)} % of the rows${on}.`]
    if (agreement.cosine !== null && agreement.cosine < 0.999 && one.runtime === undefined)
      return [`The outputs of ${id} have a cosine of ${significant(agreement.cosine)} with those of ${reference}${on}.`]
    return []
  })
}

function breakEvens({ breakEven, contestants }: Facts): string[] {
  const isSoftware = (id: string) => contestants.find((one) => one.id === id)?.software === true
  const real = breakEven.filter(({ a, b }) => !isSoftware(a) && !isSoftware(b))
  const turning = real.filter(({ small }) => small !== null)
  const said = turning.map(({ small, large, fromBatch, basis }) =>
    basis === 'measured'
      ? `From batch ${fromBatch} on, ${large} is faster than ${small} (measured).`
      : `From about batch ${fromBatch} on, ${large} would be faster than ${small}: estimated, since larger batches than those measured are extrapolated.`,
  )
  if (real.length === 0 || turning.length > 0) return said
  return ['The order of their speed is the same at every batch that was measured.']
}

function transfers(facts: Facts): string[] {
  return measuredIn(facts).flatMap(({ id, transferShare, keptOnDevice }) => {
    if (transferShare === null) return []
    if (keptOnDevice === null)
      return [`On ${id}, ${percent(transferShare)} of the prediction is copying data to the device and back, timed alone.`]
    const { ratioLow, ratioHigh } = keptOnDevice
    const taken = `${percent(ratioLow)} to ${percent(ratioHigh)} of the time`
    return [
      `On ${id}, a prediction whose inputs and outputs stay on the device takes ${taken} of one that copies them (measured).`,
    ]
  })
}

function software({ contestants }: Facts): string[] {
  return contestants
    .filter((one) => one.software && one.p50Ms !== null)
    .map(({ id, device }) => `${id} ran on ${device}, which is the CPU: it is not ranked, and says nothing about a GPU.`)
}
