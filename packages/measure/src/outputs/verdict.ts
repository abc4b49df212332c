// Do the outputs agree as well as the change promised?
import { type DecisionCounts, largestLoss, rowsFor } from './decision-loss.ts'
import { forgivenIn, withoutNearTies } from './near-ties.ts'
import { isRealFloat, spacingOf } from './numbers.ts'
import { ROUNDING } from './scale.ts'
import type { Agreement, OpenLoss, OutputAgreement, SelectionAgreement } from './types.ts'

/** What a change promises; as remedies name it. */
export type PromisedEffect = 'exact' | 'rounding' | 'approximate'

/** Limits by what the loss is of. Without a metric, decisions and the cosine of every output must both keep theirs. */
export interface LossLimits {
  readonly metric: number
  readonly top1: number
  readonly cosine: number
}

/** Largest loss allowed: one number for whatever decides (see `lossOf`), or a limit for each. */
export type AllowedLoss = number | LossLimits

/** The default: one decision in a hundred, and no output further off than a cosine of 0.995. */
export const DEFAULT_LOSS_LIMITS: LossLimits = { metric: 0.01, top1: 0.01, cosine: 0.005 }

export interface AgreementVerdict {
  readonly ok: boolean
  /** What was seen, as its reader would say it. */
  readonly reason: string
  /** Set if the rows are too few to show that the loss is within the limit, though none was seen. */
  readonly open?: OpenLoss
}

/** Same arithmetic on another number of threads adds in another order: some units in the last place of a float32 (6e-8). */
const EXACT = 1e-6
/** Whatever is lost, it does not show. */
const NOTHING_SEEN =
  'on these inputs the outputs hold nothing but 0 or NaN, so that no loss would show; give inputs like your own: --data PATH'
/** Decisions that may differ without having been a tie. */
export const SAME_DECISIONS = 0.999

/**
 * exact: equal, or within 1e-6 of the output's scale, every integer and decision the same. rounding: within 1e-4 of it, and 99.9 % of
 * integers and decisions the same. approximate: the loss (see `lossOf`) within `maxLoss`, and outputs other than those that decide still
 * alike. Outputs of float16 and bfloat16 may be off by
 * one (exact) or two (rounding) of their own steps. Of outputs that hold nothing no loss is known, so that nothing approximate is.
 */
export function verdict(agreement: Agreement, promise: PromisedEffect, maxLoss: AllowedLoss | null): AgreementVerdict {
  if (agreement.mismatch !== null) return { ok: false, reason: agreement.mismatch }
  if (promise === 'approximate' && agreement.isEmpty === true && agreement.metric === null)
    return { ok: false, reason: NOTHING_SEEN }
  if (agreement.equal) return { ok: true, reason: 'outputs equal bit for bit' }
  if (promise === 'approximate') return approximate(agreement, maxLoss)
  const bad = agreement.outputs.map((output) => exceeds(output, promise)).find((reason) => reason !== null)
  if (bad !== undefined) return { ok: false, reason: bad }
  return { ok: true, reason: agreement.maxAbs > 0 ? `outputs equal to ${short(agreement.maxAbs)}` : 'outputs equal up to ties' }
}

function exceeds(output: OutputAgreement, promise: 'exact' | 'rounding'): string | null {
  const { name, dtype, meaning, equalShare, maxAbs, maxRelative, scale, top1, sameRows, apart } = output
  const isExact = promise === 'exact'
  const share = isExact ? 1 : SAME_DECISIONS
  if (sameRows !== undefined && sameRows < share)
    return `the output '${name}' selects other rows: ${percent(1 - sameRows)} of them`
  if (sameRows === undefined && top1 !== null && top1 < share)
    return `the output '${name}' decides differently for ${percent(1 - top1)} of the rows${ofLabels([output])}`
  if (meaning === 'label') return null
  if (!isRealFloat(dtype)) {
    return equalShare < share ? `${percent(1 - equalShare)} of the elements of the output '${name}' differ` : null
  }
  const allowed = isExact ? Math.max(EXACT, spacingOf(dtype)) : Math.max(ROUNDING, 2 * spacingOf(dtype))
  if (maxRelative > allowed) {
    const held = `${short(maxRelative)} of its range (${short(scale)})`
    return `the output '${name}' differs by ${short(maxAbs)}, ${held}, more than the ${short(allowed)} of ${isExact ? 'equal arithmetic' : 'rounding'}`
  }
  // Adding in another order moves what is small because large terms cancel by more than 1e-6 of itself.
  const allowedApart = Math.max(ROUNDING, 2 * spacingOf(dtype))
  if (apart === undefined || apart.difference.maxRelative <= allowedApart) return null
  const { where, ...seen } = apart.difference
  return `the output '${name}' differs by ${short(seen.maxAbs)} ${where}, ${short(seen.maxRelative)} of the range there (${short(seen.scale)}), more than the ${short(allowedApart)} of rounding`
}

/** Why labels lose more than scores would; '' if none does. */
function ofLabels(outputs: readonly OutputAgreement[]): string {
  const names = outputs.flatMap(({ name, decisions }) => (decisions?.withoutScores === true ? [name] : []))
  if (names.length === 0) return ''
  const are = names.length === 1 ? 'holds labels' : 'hold labels'
  return `; ${namesOf(names)} ${are} without scores, so every label that differs counts, near ties too`
}

/** The loss that `--max-loss` bounds. */
export interface Loss {
  readonly of: 'accuracy' | 'mse' | 'mae' | 'top-1 agreement' | 'selected rows the same, by score' | 'cosine'
  /** Never below 0: a gain is no loss. */
  readonly loss: number
  /** The decisions or the rows behind it, where it is a share of such. */
  readonly decisions?: DecisionCounts
}

/**
 * With labels: the drop of the accuracy, or the rise of the error, in its own unit. Else the top-1 agreement's distance from 1 if an
 * output decides classes or rows are selected, else the worst cosine's. Outputs that are neither (integers, strings): the share of elements that differ,
 * counted with the top-1 agreement. Infinity if the outputs cannot be compared.
 */
export function lossOf(agreement: Agreement): Loss {
  const { mismatch, metric, top1, outputs, selections = [] } = agreement
  if (mismatch !== null) return { of: 'cosine', loss: Number.POSITIVE_INFINITY }
  if (metric !== null) {
    const drop = metric.name === 'accuracy' ? metric.before - metric.after : metric.after - metric.before
    // A NaN error is a loss without bound.
    const { decisions } = metric
    const loss = Number.isNaN(drop) ? Number.POSITIVE_INFINITY : Math.max(0, drop)
    return { of: metric.name, loss, ...(decisions && { decisions }) }
  }
  const exact = outputs.filter(({ dtype, meaning }) => !isRealFloat(dtype) && meaning === 'values')
  const shares = [...(top1 === null ? [] : [top1]), ...exact.map(({ equalShare }) => equalShare)]
  const least = Math.min(...shares)
  if (shares.length > 0) {
    const isOfRows = outputs.some((output) => output.meaning === 'selection' && output.top1 === least)
    if (isOfRows) return { of: 'selected rows the same, by score', loss: 1 - least, ...selectedRows(selections, least) }
    return { of: 'top-1 agreement', loss: 1 - least, ...fewestDecisions(outputs, least) }
  }
  return { of: 'cosine', loss: 1 - closenessOfAll(agreement) }
}

/** The cosine, which does not see that all numbers shrink alike, or what differences of this size leave of it at least. */
const closeness = ({ cosine, sqnrDb }: Pick<OutputAgreement, 'cosine' | 'sqnrDb'>): number =>
  Math.min(1, cosine ?? 1, sqnrDb === null ? 1 : 1 / Math.sqrt(1 + 10 ** (-sqnrDb / 10)))

/** Rows found by which places are judged; fewer say too little. */
const LEAST_FOUND = 8

/**
 * The closeness of the worst output. Places and logits of a detector are judged where it finds something, and heat maps by their peaks. Elsewhere
 * they only have to be alike still.
 */
function closenessOfAll({ cosine, sqnrDb, outputs, heads = [], peaks = [] }: Agreement): number {
  const scores = heads.flatMap((head) => head.scores)
  const judged = [
    ...heads.flatMap(({ places }) =>
      places.flatMap(({ output, rows, by, value }) =>
        rows >= LEAST_FOUND && !scores.includes(output) ? { output, value: by === 'distance' ? value : 1 } : [],
      ),
    ),
    ...heads.flatMap(({ logits = [], found, alike }) =>
      found >= LEAST_FOUND ? logits.map((output) => ({ output, value: alike })) : [],
    ),
    ...peaks.flatMap(({ output, seen, moved, alike }) =>
      seen >= LEAST_FOUND ? { output, value: Math.min(alike, 1 - moved / seen) } : [],
    ),
  ]
  if (judged.length === 0) return closeness({ cosine, sqnrDb })
  const each = outputs.map((one) => {
    const own = closeness(one)
    const place = judged.find(({ output }) => output === one.name)
    return place === undefined || own < OTHERS_COSINE ? own : Math.max(own, place.value)
  })
  return Math.min(1, ...each)
}

/** Decision counts of the output with the fewest, among those that agree least: it says the least. */
function fewestDecisions(outputs: readonly OutputAgreement[], top1: number): Pick<Loss, 'decisions'> {
  const counts = outputs.flatMap((one) => (one.top1 === top1 && one.decisions !== undefined ? [one.decisions] : []))
  const [fewest] = counts.toSorted((a, b) => a.rows - b.rows)
  return fewest === undefined ? {} : { decisions: { rows: fewest.rows, worse: fewest.differing, better: 0 } }
}

/** Rows weigh by their score: as many as come to the share that differs. */
function selectedRows(selections: readonly SelectionAgreement[], alike: number): Pick<Loss, 'decisions'> {
  const [fewest] = selections.filter((one) => one.alike === alike).toSorted((a, b) => a.rows - b.rows)
  return fewest === undefined ? {} : { decisions: { rows: fewest.rows, worse: Math.round((1 - alike) * fewest.rows), better: 0 } }
}

/** Outputs other than the deciding one (boxes next to scores) may drift with an approximation, but not break. */
const OTHERS_COSINE = 0.95

/** Differences of two counts over one total are off by this much. */
const FLOAT_SLACK = 1e-12

interface Held {
  readonly ok: boolean
  /** What is not known for sure; '' if nothing is to be said. */
  readonly caveat: string
  readonly open?: OpenLoss
}

/**
 * Whether the loss is within the limit. A loss of decisions has to be so with the whole of its interval: on few rows the real one may be
 * many times as large. Where nothing was lost, what the rows cannot rule out is said.
 */
function holdsLimit({ of, loss, decisions }: Loss, limit: number): Held {
  if (decisions === undefined) return { ok: loss <= limit + FLOAT_SLACK, caveat: '' }
  const most = largestLoss(decisions)
  if (most <= limit + FLOAT_SLACK) return { ok: true, caveat: '' }
  const rows = `${decisions.rows} ${of === 'accuracy' ? 'labelled ' : ''}${decisions.rows === 1 ? 'row' : 'rows'}`
  const needed = limit > 0 && limit < 1 ? rowsFor(limit) : null
  const takes = needed !== null && decisions.rows < needed ? `, which takes ${needed} rows at least` : ''
  // Selected rows weigh by their score, and are no count.
  const ok = of === 'selected rows the same, by score' ? loss <= limit + FLOAT_SLACK : loss <= 0
  const caveat = `; on ${rows} a loss of up to ${short(most)} cannot be ruled out${takes}`
  return { ok, caveat, open: { rows: decisions.rows, largestLoss: most, rowsNeeded: needed } }
}

/** What the rows leave open of a loss of decisions: with 95 % confidence it is no larger. */
export function boundOf(agreement: Agreement): Pick<OpenLoss, 'rows' | 'largestLoss'> | null {
  const { decisions } = lossOf(agreement)
  return decisions === undefined ? null : { rows: decisions.rows, largestLoss: largestLoss(decisions) }
}

function approximate(given: Agreement, maxLoss: AllowedLoss | null): AgreementVerdict {
  if (maxLoss === null) return { ok: false, reason: 'it changes the outputs; allow a loss with --max-loss' }
  const limit = typeof maxLoss === 'number' ? maxLoss : maxLoss.top1
  const left = withoutNearTies(given, limit)
  const found = typeof maxLoss === 'number' ? withinOne(left, maxLoss) : withinLimits(left, maxLoss)
  const nearTies = forgivenIn(given, limit)
  if (nearTies === 0) return found
  const differ = nearTies === 1 ? '1 decision that differs was a near tie' : `${nearTies} decisions that differ were near ties`
  return { ...found, reason: `${found.reason}; ${differ}, which real inputs have fewer of` }
}

function withinOne(agreement: Agreement, maxLoss: number): AgreementVerdict {
  const found = lossOf(agreement)
  const { of, loss } = found
  const { metric, top1, outputs } = agreement
  const { ok, caveat, open } = holdsLimit(found, maxLoss)
  const fault = metric === null && ok ? headFault(agreement, maxLoss) : null
  if (fault !== null) return { ok: false, reason: fault }
  const broken = metric === null && top1 !== null ? outputs.find((one) => breaks(one, maxLoss)) : undefined
  if (ok && broken !== undefined) {
    return {
      ok: false,
      reason: `the output '${broken.name}' has a cosine of ${short(closeness(broken))} with the original's${placeIn(broken)}`,
    }
  }
  const seen = metric === null ? `${of} ${short(1 - loss)}` : `${of} ${short(metric.before)} to ${short(metric.after)}`
  return {
    ok,
    reason: ok
      ? `${seen}, within --max-loss ${maxLoss}${caveat}${listsOf(agreement)}${findsOf(agreement)}${silentIn(agreement)}`
      : `${seen}${worstPlace(agreement, of)}: a loss of ${short(loss)}, ${loss > maxLoss + FLOAT_SLACK ? 'above' : 'not held to be within'} --max-loss ${maxLoss}${caveat}${metric === null ? ofLabels(outputs) : ''}`,
    ...(ok && open && { open }),
  }
}

function withinLimits(agreement: Agreement, limits: LossLimits): AgreementVerdict {
  const found = lossOf(agreement)
  const { of, loss } = found
  const { metric } = agreement
  if (metric !== null) {
    const seen = `${of} ${short(metric.before)} to ${short(metric.after)}`
    const { ok, caveat, open } = holdsLimit(found, limits.metric)
    const beyond = loss > limits.metric + FLOAT_SLACK ? 'above' : 'not held to be within'
    const reason = ok ? `${seen}${caveat}` : `${seen}: a loss of ${short(loss)}, ${beyond} ${limits.metric}${caveat}`
    return { ok, reason, ...(ok && open && { open }) }
  }
  const away = 1 - closenessOfAll(agreement)
  const held: Held = of === 'cosine' ? { ok: true, caveat: '' } : holdsLimit(found, limits.top1)
  if (!held.ok) {
    const is = loss > limits.top1 + FLOAT_SLACK ? 'below' : 'not held to be at least'
    return {
      ok: false,
      reason: `${of} ${short(1 - loss)}, ${is} ${short(1 - limits.top1)}${held.caveat}${ofLabels(agreement.outputs)}`,
    }
  }
  if (away > limits.cosine + FLOAT_SLACK) {
    const below = `below ${short(1 - limits.cosine)}`
    return { ok: false, reason: `cosine of the worst output ${short(1 - away)}${worstPlace(agreement, 'cosine')}, ${below}` }
  }
  const fault = headFault(agreement, limits.top1)
  if (fault !== null) return { ok: false, reason: fault }
  const decided = of === 'cosine' ? '' : `${of} ${short(1 - loss)}, `
  return {
    ok: true,
    reason: `${decided}cosine of the worst output ${(1 - away).toFixed(4)}${held.caveat}${listsOf(agreement)}${findsOf(agreement)}${silentIn(agreement)}`,
    ...(held.open && { open: held.open }),
  }
}

/** The output that is furthest off, if there are several, and which of the quantities that it joins. */
function worstPlace({ outputs }: Agreement, of: Loss['of']): string {
  const [worst] = outputs.toSorted((a, b) => closeness(a) - closeness(b))
  if (of !== 'cosine' || worst === undefined) return ''
  const place = placeIn(worst)
  return place === '' && outputs.length === 1 ? '' : ` ('${worst.name}'${place})`
}

function placeIn(output: OutputAgreement): string {
  const { apart } = output
  if (apart === undefined) return ''
  const own = [
    { where: apart.cosine.where, close: closeness({ cosine: apart.cosine.value, sqnrDb: null }) },
    { where: apart.sqnr?.where ?? '', close: closeness({ cosine: null, sqnrDb: apart.sqnr?.db ?? null }) },
  ]
  const found = own.find(({ close }) => close <= closeness(output))
  return found === undefined || found.where === '' ? '' : ` ${found.where}`
}

/** Said of outputs of which the order does not count. */
function listsOf({ selections = [] }: Agreement): string {
  const told = selections.map(
    ({ outputs, by }) => `; ${outputs.map((name) => `'${name}'`).join(', ')} by what ${by} selects, in any order`,
  )
  return told.join('')
}

/** The share of a detector's finds that may differ: cells next to each other find the same object. */
const OTHER_FINDS = 0.05
/** Boxes overlap by this much in the mean; scores, offsets and points are this close. */
const SAME_PLACES = 0.95

/** What a detector finds, and where, and where peaks are, beyond what the loss allows. */
function headFault({ heads = [], peaks = [] }: Agreement, maxLoss: number): string | null {
  for (const { scores, found, differing, alike, places } of heads) {
    if (differing > Math.max(OTHER_FINDS, maxLoss) * found)
      return `${differing} of the ${found} scores of 0.5 or more in ${namesOf(scores)} are below 0.25 in one of the two`
    const least = Math.min(SAME_PLACES, 1 - maxLoss)
    if (alike < least)
      return `the ${found} scores of 0.5 or more in ${namesOf(scores)} agree to ${short(alike)} (cosine), below ${short(least)}`
    const moved = places.find(({ value }) => !(value >= least))
    if (moved === undefined) continue
    const how = moved.by === 'overlap' ? `overlap by ${short(moved.value)} (IoU)` : `agree to ${short(moved.value)} (cosine)`
    return `where ${namesOf(scores)} find something, '${moved.output}' ${how}, below ${short(least)}`
  }
  for (const { output, seen, moved, alike } of peaks) {
    if (moved > Math.max(OTHER_FINDS, maxLoss) * seen)
      return `${moved} of the ${seen} peaks of '${output}' move by more than 1/64 of the map's side, or are in one of the two alone`
    const least = Math.min(SAME_PLACES, 1 - maxLoss)
    if (alike < least)
      return `the heights of the ${seen} peaks of '${output}' agree to ${short(alike)} (cosine), below ${short(least)}`
  }
  return null
}

/** What was found in both, where the decisions of a detector were compared. */
function findsOf({ heads = [], peaks = [] }: Agreement): string {
  const told = heads.filter(({ found }) => found > 0)
  const inPlace = peaks.map(
    ({ output, seen, moved }) => `; ${seen - moved} of ${seen} peaks of '${output}' within 1/64 of the map's side`,
  )
  if (told.length === 0) return inPlace.join('')
  const total = (count: (one: (typeof told)[number]) => number) => told.reduce((sum, one) => sum + count(one), 0)
  const [found, differing] = [total((one) => one.found), total((one) => one.differing)]
  const least = (by: 'overlap' | 'distance', text: string) => {
    const values = told.flatMap(({ places }) => places.filter((one) => one.by === by).map(({ value }) => value))
    return values.length === 0 ? '' : `, ${text} ${short(Math.min(...values))}`
  }
  const margins = told.flatMap(({ margin }) => margin ?? [])
  const margin = margins.length === 0 ? '' : `, with a margin of ${short(Math.min(...margins))}`
  const places = `${least('overlap', 'boxes overlap by')}${least('distance', 'places agree to')}`
  return `; ${found - differing} of ${found} scores of 0.5 or more found in both${margin}${places}${inPlace.join('')}`
}

/** Samples that were judged by the score that would decide. */
function silentIn({ outputs }: Agreement): string {
  const told = outputs.flatMap(({ name, silent = 0 }) =>
    silent > 0 ? [`; no score of '${name}' reaches 0.25 in ${silent} ${silent === 1 ? 'sample' : 'samples'}`] : [],
  )
  return told.join('')
}

const namesOf = (outputs: readonly string[]): string => outputs.map((name) => `'${name}'`).join(', ')

const breaks = (output: OutputAgreement, maxLoss: number): boolean =>
  (output.meaning === 'values' || output.meaning === 'selection' || output.apart !== undefined) &&
  output.cosine !== null &&
  closeness(output) < Math.min(OTHERS_COSINE, 1 - maxLoss)

const short = (value: number): string => {
  const text = Number(value.toPrecision(3))
  return Math.abs(text) < 1e-3 && text !== 0 ? text.toExponential() : String(text)
}
const percent = (share: number): string => `${short(share * 100)} %`
