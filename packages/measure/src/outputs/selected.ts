// A selection of two setups, judged by what it selects: the numbers that it selects by as they come, which are sorted; rows as a set, in
// whatever order; and what belongs to a row against the same row's. A row that only one of the two selects counts, unless its score
// is within a tie of what it takes to be in the other's: its last one's, where both are as long, or the least score that is selected.

import type { DType } from '@whyslow/graph/types.ts'
import type { Results } from '../engines/types.ts'
import { type Matches, matchRows, type RowKey } from './match-rows.ts'
import type { Numbers } from './numbers.ts'
import { type RowLayout, type RowsOfOutput, rowsOf } from './row-layout.ts'
import { scaleOf } from './scale.ts'
import type { SelectedRole, Selection } from './selections.ts'
import type { SelectionAgreement } from './types.ts'

/** Numbers of one row may be so far apart, of their column's size: as far as outputs may drift that an approximation moves. */
const SAME_ROW = 0.05
/** A row whose score moves by more than this share of the largest is selected for another reason. */
const SAME_SCORE = 0.1
/** Reach of noise, in root mean squares of the differences of scores seen: nineteen of twenty are within it. */
const NOISE_REACH = 2

export interface ComparedSelection {
  readonly agreement: SelectionAgreement
  /** Values to compare row by row, once per sample; keyed by output. */
  readonly numbers: ReadonlyMap<string, Sides & { readonly role: SelectedRole }>
}

/** Once a sample, all lists. */
interface Sides {
  readonly original: readonly Numbers[]
  readonly candidate: readonly Numbers[]
}

/** `tieShareOf`: of the scores' size, what rounding may move. null if the outputs' shapes do not show the rows. */
export function compareSelection(
  selection: Selection,
  original: readonly Results[],
  candidate: readonly Results[],
  tieShareOf: (dtype: DType) => number,
): ComparedSelection | null {
  const outputs = rowsOf(selection, original, candidate)
  if (outputs === null) return null
  const identifying = identifyingOf(outputs)
  const scores = scoresAmong(outputs, selection, (name) => tieShareOf(original[0]![name]!.dtype))
  const numbers = new Map<string, Sides & { readonly role: SelectedRole }>()
  const matches = identifying === null ? null : original.map((_, sample) => matchesOf(identifying, sample))
  for (const one of outputs) {
    const asTheyCome = matches === null || (one.role === 'scores' && selection.by === 'TopK')
    numbers.set(one.name, { ...(asTheyCome ? inOrder(one) : inPairs(one, matches)), role: one.role })
  }
  const counted = matches === null ? null : countRows(outputs[0]!, matches, scores, selection)
  const names = outputs.map(({ name }) => name)
  return { agreement: { outputs: names, by: selection.by, ...(counted ?? NOTHING_TOLD) }, numbers }
}

/** Scores alone do not say which rows they are of. */
const NOTHING_TOLD = { rows: 0, same: 1, alike: 1, maxPairRelative: 0 }

/** Indices and names tell rows apart by themselves, else all that belongs to a row but the scores; null: nothing does. */
function identifyingOf(outputs: readonly RowsOfOutput[]): readonly Identifying[] | null {
  const others = outputs.filter(({ role }) => role !== 'scores')
  if (others.length === 0) return null
  const hasIndex = others.some(({ role }) => role === 'index')
  return others.map((one) => {
    const reach = columnsOf(one).map((column) => (one.role === 'index' ? 0 : reachOf(column, one.role)))
    return { ...one, reach: hasIndex ? reach.map((most) => (most === 0 ? 0 : null)) : reach }
  })
}

type Identifying = RowsOfOutput & Pick<RowKey, 'reach'>

/** Whole numbers that are no places (classes) are names; others may be a little off. */
function reachOf(column: readonly Numbers[], role: RowsOfOutput['role']): number {
  const isNamed = role !== 'position' && column.every((values) => Array.from(values).every((x) => Number.isInteger(x)))
  return isNamed ? 0 : SAME_ROW * scaleOf(column)
}

/** The original's numbers, indexed by column and sample. */
function columnsOf({ original }: RowsOfOutput): readonly (readonly Numbers[])[] {
  return Array.from({ length: original[0]?.columns ?? 0 }, (_, k) => original.map((layout) => columnOf(layout, k)))
}

const columnOf = ({ numbers, rows, columns, lists }: RowLayout, k: number): Numbers =>
  Float64Array.from({ length: rows * lists }, (_, row) => numbers[row * columns + k]!)

const matchesOf = (identifying: readonly Identifying[], sample: number): readonly Matches[] => {
  const keys = identifying.map(({ original, candidate, reach }) => ({
    original: original[sample]!,
    candidate: candidate[sample]!,
    reach,
  }))
  const [first] = keys as [RowKey]
  const { lists, rows } = first.original
  return Array.from({ length: lists }, (_, list) => matchRows(keys, list, rows, first.candidate.rows))
}

/** Scores with what they are closer than where they are a tie, of their size. */
interface Scores extends Sides {
  readonly tieShare: number
}

/** What rows are selected by: an output of its own, else a column of TopK's rows that falls from the first row to the last. */
function scoresAmong(outputs: readonly RowsOfOutput[], { by }: Selection, tieShareOf: (output: string) => number): Scores | null {
  const column = ({ name, original, candidate }: RowsOfOutput, k: number): Scores => ({
    tieShare: tieShareOf(name),
    original: original.map((one) => columnOf(one, k)),
    candidate: candidate.map((one) => columnOf(one, k)),
  })
  const own = outputs.find(({ role, original }) => role === 'scores' && original[0]?.columns === 1)
  if (own !== undefined) return column(own, 0)
  if (by !== 'TopK') return null
  for (const one of outputs.filter(({ role }) => role === 'gathered')) {
    const k = columnsOf(one).findIndex((values) => values.every((numbers, sample) => falls(numbers, one.original[sample]!.rows)))
    if (k >= 0) return column(one, k)
  }
  return null
}

function falls(numbers: Numbers, rows: number): boolean {
  let isLess = false
  for (let k = 1; k < numbers.length; k++) {
    if (k % rows === 0) continue
    if (!(numbers[k]! <= numbers[k - 1]!)) return false
    isLess ||= numbers[k]! < numbers[k - 1]!
  }
  return isLess
}

/** As many as both have. */
function inOrder({ original, candidate }: RowsOfOutput): Sides {
  const length = (sample: number) => Math.min(original[sample]!.numbers.length, candidate[sample]!.numbers.length)
  const cut = (side: readonly RowLayout[]) =>
    side.map(({ numbers }, sample) =>
      numbers.length === length(sample) ? numbers : Array.from(numbers).slice(0, length(sample)),
    )
  return { original: cut(original), candidate: cut(candidate) }
}

/** Rows that both have, in the original's order. */
function inPairs({ original, candidate }: RowsOfOutput, matches: readonly (readonly Matches[])[]): Sides {
  const take = (side: readonly RowLayout[], rowIn: (to: number, from: number) => number) =>
    side.map(({ numbers, rows, columns }, sample): Numbers => {
      const taken: number[] = []
      for (const [list, places] of matches[sample]!.entries()) {
        for (const [from, to] of places.entries()) {
          const start = (list * rows + rowIn(to, from)) * columns
          for (let k = 0; to >= 0 && k < columns; k++) taken.push(numbers[start + k]!)
        }
      }
      return taken
    })
  return { original: take(original, (_, from) => from), candidate: take(candidate, (to) => to) }
}

function countRows(
  { original, candidate }: RowsOfOutput,
  matches: readonly (readonly Matches[])[],
  scores: Scores | null,
  { by, threshold }: Pick<Selection, 'by' | 'threshold'>,
): Pick<SelectionAgreement, 'rows' | 'same' | 'alike' | 'maxPairRelative'> {
  const scale = scores === null ? 0 : scaleOf(scores.original)
  const tie = (scores?.tieShare ?? 0) * scale
  const { squares, pairs, most } = pairedScores(matches, original, candidate, scores)
  const noise = pairs === 0 ? 0 : NOISE_REACH * Math.sqrt(squares / pairs)
  const reach = Math.min(noise, SAME_ROW * scale)
  let [rows, different] = [0, 0]
  const weights = { all: [0, 0], apart: [0, 0] }
  matches.forEach((lists, sample) => {
    const [before, after] = [original[sample]!.rows, candidate[sample]!.rows]
    lists.forEach((places, list) => {
      rows += Math.max(before, after)
      const sides = [scoresIn(scores?.original[sample], list, before), scoresIn(scores?.candidate[sample], list, after)] as const
      const [own, others] = sides
      const isFull = by === 'TopK' && before === after
      const kept = new Set(places)
      const moved = new Set([...places.keys()].filter((row) => Math.abs(own[row]! - others[places[row]!]!) > SAME_SCORE * scale))
      const isShared = [(row: number) => places[row]! >= 0 && !moved.has(row), (row: number) => kept.has(row)]
      const counts = sides.map((side, k) => {
        const cutOff = isFull ? lowest(sides[1 - k]!) : threshold
        const beyond = (limit: number) => rowsBeyond(side, isShared[k]!, (cutOff ?? Number.NaN) + limit)
        const weight = weightBy(isFull ? lowest(side.filter(Number.isFinite)) : threshold)
        const sum = (numbers: readonly number[]) => numbers.reduce((total, row) => total + weight(side[row]!), 0)
        weights.all[k]! += sum([...side.keys()])
        weights.apart[k]! += sum(beyond(Math.max(tie, reach)))
        return beyond(tie).length
      })
      different += Math.max(...counts)
    })
  })
  const lost = Math.max(...weights.apart.map((apart, k) => (apart === 0 ? 0 : apart / weights.all[k]!)))
  return {
    ...{ rows, same: rows === 0 ? 1 : 1 - different / rows, alike: 1 - lost },
    maxPairRelative: scale === 0 ? 0 : most / scale,
  }
}

const scoresIn = (scores: Numbers | undefined, list: number, rows: number): readonly number[] =>
  Array.from({ length: rows }, (_, row) => scores?.[list * rows + row] ?? Number.NaN)

const lowest = (scores: readonly number[]): number =>
  scores.reduce((low, score) => Math.min(low, score), Number.POSITIVE_INFINITY)

/** Rows that the other list does not have, although it takes less to be in it; all, if nothing says what it takes. */
function rowsBeyond(scores: readonly number[], isShared: (row: number) => boolean, limit: number): readonly number[] {
  return scores.flatMap((score, row) => (isShared(row) || score <= limit ? [] : [row]))
}

/** Weighs a row by how far it is above the cut-off: the last rows of long lists say little. If the cut-off is not known, all rows weigh the same. */
const weightBy = (cutOff: number | null) => (score: number) =>
  cutOff === null || Number.isNaN(score) ? 1 : Math.max(0, score - cutOff)

/** Differences of the scores of rows that both select. */
function pairedScores(
  matches: readonly (readonly Matches[])[],
  original: readonly RowLayout[],
  candidate: readonly RowLayout[],
  scores: Scores | null,
): { squares: number; pairs: number; most: number } {
  let [squares, pairs, most] = [0, 0, 0]
  if (scores === null) return { squares, pairs, most }
  matches.forEach((lists, sample) => {
    const [before, after] = [original[sample]!.rows, candidate[sample]!.rows]
    lists.forEach((places, list) => {
      places.forEach((to, from) => {
        const off = Math.abs(scores.original[sample]![list * before + from]! - scores.candidate[sample]![list * after + to]!)
        if (to < 0 || !(off < Number.POSITIVE_INFINITY)) return
        squares += off ** 2
        pairs++
        most = Math.max(most, off)
      })
    })
  })
  return { squares, pairs, most }
}
