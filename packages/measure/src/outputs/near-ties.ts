// Decisions that differ on made-up rows, and were near ties. A trained model is surer of rows like those that it learned than of made-up ones, whose best
// two scores are closer to each other. So flips on made-up rows overstate what a candidate would change on real ones; how far it moves the scores does not.
import { median } from '../statistics/order.ts'
import { bestOf, classesIn, compareDecisions, decisionsIn } from './decisions.ts'
import type { OutputPair } from './output-pair.ts'
import type { Agreement, NearTies, OutputAgreement } from './types.ts'

/** How far scores move is not known from fewer rows. */
const LEAST_ROWS = 8
/** Reach of noise in root mean squares, as of selected rows: nineteen of twenty moves are within it. */
const REACH = 2

interface Row {
  /** What the original decides by: the distance of the best two scores, or of a score from the threshold. */
  readonly margin: number
  /** The size of the candidate's change of it. */
  readonly moved: number
}

/**
 * Moves are those of the less certain half of the rows: shares near 0 and 1 hardly move. undefined: the rows are too few, or more than half of
 * them are ties. Of scores and binary outputs only.
 */
export function nearTiesOf(one: OutputPair): NearTies | undefined {
  const rows = rowsOf(one)
  if (rows.length < LEAST_ROWS) return undefined
  const typical = median(rows.map(({ margin }) => margin))
  if (!(typical > 0)) return undefined
  const moves = rows.filter(({ margin }) => margin <= typical).map(({ moved }) => moved)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const reach = REACH * Math.sqrt(mean(moves.map((moved) => moved ** 2)))
  // Of a threshold, half of a tie is on either side.
  const tie = one.meaning.meaning === 'binary' ? 2 * reach : reach
  const counted =
    compareDecisions(one, null).differing - compareDecisions({ ...one, tie: Math.max(one.tie, tie) }, null).differing
  // Margins evenly spread below the median have a density of 0.5 / median; half of the moves are towards the tie, and cross it from within |moved|.
  return { differing: counted, expected: mean(moves) / (4 * typical) }
}

/** Rows without NaN and infinity. */
function rowsOf(one: OutputPair): readonly Row[] {
  const { original, originalNumbers, candidateNumbers, meaning } = one
  const all = original.flatMap(({ shape }, sample) => {
    const [a, b] = [originalNumbers![sample]!, candidateNumbers![sample]!]
    const classes = meaning.meaning === 'scores' ? classesIn(shape) : 1
    return Array.from({ length: a.length === 0 ? 0 : decisionsIn(one, sample) }, (_, row): Row => {
      if (meaning.meaning === 'binary')
        return { margin: Math.abs(a[row]! - meaning.threshold), moved: Math.abs(b[row]! - a[row]!) }
      const from = row * classes
      const best = bestOf(a, row, classes)
      let second = best === 0 ? 1 : 0
      for (let k = 0; k < classes; k++) if (k !== best && a[from + k]! > a[from + second]!) second = k
      const margin = a[from + best]! - a[from + second]!
      return { margin, moved: Math.abs(b[from + best]! - b[from + second]! - margin) }
    })
  })
  return all.filter(({ margin, moved }) => Number.isFinite(margin) && Number.isFinite(moved))
}

/** What is left to judge: an output whose moves would change no more than `limit` of the decisions keeps the flips that were no near ties. */
export function withoutNearTies(agreement: Agreement, limit: number): Agreement {
  if (forgivenIn(agreement, limit) === 0) return agreement
  const outputs = agreement.outputs.map((one): OutputAgreement => {
    if (forgiven(one, limit) === 0) return one
    const { rows, differing, nearTies } = one.decisions!
    const left = differing - nearTies!.differing
    return { ...one, top1: 1 - left / rows, decisions: { rows, differing: left } }
  })
  const shares = outputs.flatMap(({ top1 }) => top1 ?? [])
  return { ...agreement, outputs, top1: shares.length === 0 ? null : Math.min(...shares) }
}

/** Flips that are not counted, over all outputs. */
export const forgivenIn = ({ outputs }: Agreement, limit: number): number =>
  outputs.reduce((sum, one) => sum + forgiven(one, limit), 0)

const forgiven = ({ decisions }: OutputAgreement, limit: number): number =>
  decisions?.nearTies !== undefined && decisions.nearTies.expected <= limit ? decisions.nearTies.differing : 0
