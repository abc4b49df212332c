// Do the outputs agree as well as the change promised?
import { largestLoss, rowsFor } from './decision-loss.ts'
import { isRealFloat, spacingOf } from './numbers.ts'
import type { Agreement, Metric, OutputAgreement } from './types.ts'

/** What a change promises; as remedies name it. */
export type Promised = 'exact' | 'rounding' | 'approximate'

/** Limits by what the loss is of. Without a metric, decisions and the cosine of every output must both keep theirs. */
export interface LossLimits {
  readonly metric: number
  readonly top1: number
  readonly cosine: number
}

/** Largest loss allowed: one number for whatever decides (see `lossOf`), or a limit for each. */
export type AllowedLoss = number | LossLimits

/** Where nobody says: one decision in a hundred, and no output further off than a cosine of 0.995. */
export const USUAL_LIMITS: LossLimits = { metric: 0.01, top1: 0.01, cosine: 0.005 }

export interface AgreementVerdict {
  readonly ok: boolean
  /** What was seen, as its reader would say it. */
  readonly reason: string
}

/** Same arithmetic on another number of threads adds in another order: some units in the last place of a float32 (6e-8). */
const EXACT = 1e-6
/** Fused and folded arithmetic through a deep network; SQNR beyond 80 dB. Larger differences come from other arithmetic. */
export const ROUNDING = 1e-4
/** Decisions that may differ without having been a tie. */
export const SAME_DECISIONS = 0.999

/**
 * exact: equal, or within 1e-6 of the output's scale, every integer and decision the same. rounding: within 1e-4 of it, and 99.9 % of
 * integers and decisions the same. approximate: the loss (see `lossOf`) within `maxLoss`, and
 * outputs beside those that decide still alike. Outputs of float16 and bfloat16 may be off by
 * one (exact) or two (rounding) of their own steps.
 */
export function verdict(agreement: Agreement, promise: Promised, maxLoss: AllowedLoss | null): AgreementVerdict {
  if (agreement.mismatch !== null) return { ok: false, reason: agreement.mismatch }
  if (agreement.equal) return { ok: true, reason: 'outputs equal bit for bit' }
  if (promise === 'approximate') return approximate(agreement, maxLoss)
  const bad = agreement.outputs.map((output) => exceeds(output, promise)).find((reason) => reason !== null)
  if (bad !== undefined) return { ok: false, reason: bad }
  return { ok: true, reason: agreement.maxAbs > 0 ? `outputs equal to ${short(agreement.maxAbs)}` : 'outputs equal up to ties' }
}

function exceeds(output: OutputAgreement, promise: 'exact' | 'rounding'): string | null {
  const { name, dtype, meaning, equalShare, maxAbs, maxRelative, scale, top1, sameRows } = output
  const isExact = promise === 'exact'
  const share = isExact ? 1 : SAME_DECISIONS
  if (sameRows !== undefined && sameRows < share)
    return `the output '${name}' selects other rows: ${percent(1 - sameRows)} of them`
  if (sameRows === undefined && top1 !== null && top1 < share)
    return `the output '${name}' decides differently for ${percent(1 - top1)} of the rows`
  if (meaning === 'label') return null
  if (!isRealFloat(dtype)) {
    return equalShare < share ? `${percent(1 - equalShare)} of the elements of the output '${name}' differ` : null
  }
  const allowed = isExact ? Math.max(EXACT, spacingOf(dtype)) : Math.max(ROUNDING, 2 * spacingOf(dtype))
  if (maxRelative <= allowed) return null
  const held = `${short(maxRelative)} of its range (${short(scale)})`
  return `the output '${name}' differs by ${short(maxAbs)}, ${held}, more than the ${short(allowed)} of ${isExact ? 'equal arithmetic' : 'rounding'}`
}

/** The loss that `--max-loss` bounds. */
export interface Loss {
  readonly of: 'accuracy' | 'mse' | 'mae' | 'top-1 agreement' | 'selected rows the same, by score' | 'cosine'
  /** Never below 0: a gain is no loss. */
  readonly loss: number
}

/**
 * With labels: the drop of the accuracy, or the rise of the error, in its own unit. Else the top-1 agreement's distance from 1 where an
 * output decides classes or rows are selected, else the worst cosine's. Outputs that are neither (integers, strings): the share of elements that differ,
 * counted with the top-1 agreement. Infinity where the outputs cannot be compared.
 */
export function lossOf({ mismatch, metric, top1, cosine, outputs }: Agreement): Loss {
  if (mismatch !== null) return { of: 'cosine', loss: Number.POSITIVE_INFINITY }
  if (metric !== null) {
    const drop = metric.name === 'accuracy' ? metric.before - metric.after : metric.after - metric.before
    // A NaN error is a loss without bound.
    return { of: metric.name, loss: Number.isNaN(drop) ? Number.POSITIVE_INFINITY : Math.max(0, drop) }
  }
  const exact = outputs.filter(({ dtype, meaning }) => !isRealFloat(dtype) && meaning === 'values')
  const shares = [...(top1 === null ? [] : [top1]), ...exact.map(({ equalShare }) => equalShare)]
  const least = Math.min(...shares)
  if (shares.length > 0) {
    const isOfRows = outputs.some((output) => output.meaning === 'selection' && output.top1 === least)
    return { of: isOfRows ? 'selected rows the same, by score' : 'top-1 agreement', loss: 1 - least }
  }
  return { of: 'cosine', loss: Math.max(0, 1 - (cosine ?? 1)) }
}

/** Outputs beside the deciding one (boxes beside scores) may drift with an approximation, but not break. */
const OTHERS_COSINE = 0.95

/** Differences of two counts over one total are off by this much. */
const FLOAT_SLACK = 1e-12

interface Held {
  readonly ok: boolean
  /** What is not known for sure; '' where nothing is to be said. */
  readonly caveat: string
}

/**
 * Whether the metric's loss is within the limit. Of accuracy a loss that was seen has to be so with the whole of its interval: on few rows
 * the real one may be many times as large. Where nothing was lost, what the rows cannot rule out is said.
 */
function holdsLimit(metric: Metric, loss: number, limit: number): Held {
  const { decisions } = metric
  if (decisions === undefined) return { ok: loss <= limit + FLOAT_SLACK, caveat: '' }
  const most = largestLoss(decisions)
  if (most <= limit + FLOAT_SLACK) return { ok: true, caveat: '' }
  const rows = `${decisions.rows} labelled rows`
  const needed = limit > 0 && limit < 1 && decisions.rows < rowsFor(limit) ? `, which takes ${rowsFor(limit)} rows at least` : ''
  return { ok: loss <= 0, caveat: `; on ${rows} a loss of up to ${short(most)} cannot be ruled out${needed}` }
}

function approximate(agreement: Agreement, maxLoss: AllowedLoss | null): AgreementVerdict {
  if (maxLoss === null) return { ok: false, reason: 'it changes the outputs; allow a loss with --max-loss' }
  if (typeof maxLoss !== 'number') return withinLimits(agreement, maxLoss)
  const { of, loss } = lossOf(agreement)
  const { metric, top1, outputs } = agreement
  const { ok, caveat } = metric === null ? { ok: loss <= maxLoss + FLOAT_SLACK, caveat: '' } : holdsLimit(metric, loss, maxLoss)
  const broken = metric === null && top1 !== null ? outputs.find((one) => breaks(one, maxLoss)) : undefined
  if (ok && broken !== undefined) {
    return { ok: false, reason: `the output '${broken.name}' has a cosine of ${short(broken.cosine!)} with the original's` }
  }
  const seen = metric === null ? `${of} ${short(1 - loss)}` : `${of} ${short(metric.before)} to ${short(metric.after)}`
  return {
    ok,
    reason: ok
      ? `${seen}, within --max-loss ${maxLoss}${caveat}${listsOf(agreement)}`
      : `${seen}: a loss of ${short(loss)}, ${loss > maxLoss + FLOAT_SLACK ? 'above' : 'not held to be within'} --max-loss ${maxLoss}${caveat}`,
  }
}

function withinLimits(agreement: Agreement, limits: LossLimits): AgreementVerdict {
  const { of, loss } = lossOf(agreement)
  const { metric, cosine } = agreement
  if (metric !== null) {
    const seen = `${of} ${short(metric.before)} to ${short(metric.after)}`
    const { ok, caveat } = holdsLimit(metric, loss, limits.metric)
    const beyond = loss > limits.metric + FLOAT_SLACK ? 'above' : 'not held to be within'
    return { ok, reason: ok ? `${seen}${caveat}` : `${seen}: a loss of ${short(loss)}, ${beyond} ${limits.metric}${caveat}` }
  }
  const away = Math.max(0, 1 - (cosine ?? 1))
  const sameDecisions = of === 'cosine' || loss <= limits.top1 + FLOAT_SLACK
  if (!sameDecisions) return { ok: false, reason: `${of} ${short(1 - loss)}, below ${short(1 - limits.top1)}` }
  if (away > limits.cosine + FLOAT_SLACK)
    return { ok: false, reason: `cosine of the worst output ${short(1 - away)}, below ${short(1 - limits.cosine)}` }
  const decided = of === 'cosine' ? '' : `${of} ${short(1 - loss)}, `
  return { ok: true, reason: `${decided}cosine of the worst output ${(1 - away).toFixed(4)}${listsOf(agreement)}` }
}

/** Said of outputs of which the order does not count. */
function listsOf({ selections = [] }: Agreement): string {
  const told = selections.map(
    ({ outputs, by }) => `; ${outputs.map((name) => `'${name}'`).join(', ')} by what ${by} selects, in any order`,
  )
  return told.join('')
}

const breaks = ({ meaning, cosine }: OutputAgreement, maxLoss: number): boolean =>
  (meaning === 'values' || meaning === 'selection') && cosine !== null && cosine < Math.min(OTHERS_COSINE, 1 - maxLoss)

const short = (value: number): string => {
  const text = Number(value.toPrecision(3))
  return Math.abs(text) < 1e-3 && text !== 0 ? text.toExponential() : String(text)
}
const percent = (share: number): string => `${short(share * 100)} %`
