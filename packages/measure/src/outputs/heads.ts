// The heads of a detector whose NonMaxSuppression is outside the model: scores of many rows (cells, anchors, queries, pixels), and boxes or
// points of the same rows. Told conservatively: scores are what Sigmoid or Softmax makes, logits of which these are left to the caller
// (raw-scores.ts), or rows that add up to 1. Boxes and points are
// other outputs with as many rows, or the other features of an output that joins them with scores. The axis of the batch holds no rows.

import type { GraphView } from '@whyslow/graph/types.ts'
import { elementCount } from '../samples/dtype-arrays.ts'
import { boundsOf } from './bounds.ts'
import { featureAxis } from './feature-axis.ts'
import { type JoinedParts, makersOf } from './joined-parts.ts'
import { classAxis, PLACE_NAMES, SCORE_NAMES } from './meaning.ts'
import { isRealFloat } from './numbers.ts'
import type { OutputPair } from './output-pair.ts'
import { isWithinOne, joinedBySample } from './quantities.ts'
import { sharesOf } from './raw-scores.ts'
import { layoutOf, rowsEach, type TableFeatures, valueIndex } from './rows-each.ts'
import { FOUND_FROM, HALF_STEP, NONE_BELOW } from './yes-no.ts'

export interface HeadPart extends TableFeatures {
  /** Each of its scores may be a no: of Softmax only next to a class that says so. */
  readonly maySayNo?: boolean
}

export interface Head {
  readonly rows: number
  readonly scores: readonly HeadPart[]
  /** Boxes and points. */
  readonly places: readonly HeadPart[]
}

/** Fewer rows are a classifier's answers. */
const LEAST_ROWS = 16
/** A box and its points; more features are embeddings or masks. */
const MOST_PLACES = 64
/** Beyond it classes are words. */
const MOST_CLASSES = 2048
/** Scores of one class in more of the rows say what is not there. */
const BACKGROUND = 0.9

/** Those that have scores, by their number of rows. */
export function headsOf(all: readonly OutputPair[], graph: GraphView | undefined): readonly Head[] {
  const heads = new Map<number, { rows: number; scores: HeadPart[]; places: HeadPart[] }>()
  const hasLogits = all.some(({ raw }) => raw !== undefined)
  for (const output of all) {
    // A Sigmoid may make boxes as well: next to logits they are no scores.
    const isBox = hasLogits && output.raw === undefined && PLACE_NAMES.test(output.name)
    const split = splitOf(output, isBox, graph)
    if (split === null) continue
    const { rows, scores, places } = split
    const head = heads.get(rows) ?? { rows, scores: [], places: [] }
    heads.set(rows, head)
    head.scores.push(...scores)
    if (places.features.length > 0 && places.features.length <= MOST_PLACES) head.places.push(places)
  }
  return [...heads.values()].filter(({ scores }) => scores.length > 0)
}

/**
 * The largest difference that a sample without a find may have, whatever becomes of its scores. For scores that have places it is any
 * difference below the threshold of a find, since nobody reads them then. For other maps, such as masks, it is what 8 bits round to 0. It is
 * 0 for what may be a probability that is read as a number.
 */
export function mayLoseIn(heads: readonly Head[], output: string): number {
  const own = heads.filter(({ scores }) => scores.some((part) => part.output.name === output))
  if (own.length === 0) return 0
  return own.some(({ places }) => places.length > 0) ? NONE_BELOW : HALF_STEP
}

/**
 * Of many rows in which each class says yes or no for itself, most say no to all: the largest of such a row decides nothing. What a detector
 * gives for the same rows are places, or classes that count where it finds something: the largest decides nothing either. Without places
 * for these rows it is no detector, as a tagger's flags and classes of the same tokens are none.
 */
export function withoutArbitrary(compared: readonly OutputPair[], graph: GraphView | undefined): readonly OutputPair[] {
  if (graph === undefined) return compared
  const makers = makersOf(graph)
  const rowsOf = (one: OutputPair) => rowsEach(one, classAxis(one.original[0]!.shape), graph)
  const isYesNo = (one: OutputPair) =>
    rowsOf(one) >= LEAST_ROWS && (one.raw?.by === 'Sigmoid' || boundsOf({ graph, makers }, one.name)?.isYesNo === true)
  const rows = new Set(compared.filter(isYesNo).map(rowsOf))
  const hasPlaces = (one: OutputPair) =>
    compared.some((other) => other !== one && PLACE_NAMES.test(other.name) && rowsOf(other) === rowsOf(one))
  return compared.map((one): OutputPair => {
    if (one.meaning.meaning !== 'scores' || !rows.has(rowsOf(one))) return one
    const isArbitrary = isYesNo(one) || (!isWithinOne(one) && (isGuess(one) || hasPlaces(one)))
    return isArbitrary ? { ...one, meaning: { meaning: 'values', threshold: 0 } } : one
  })
}

/** Neither its name nor its rows call it scores (meaning.ts): only its two axes do. */
const isGuess = ({ name, original }: OutputPair): boolean => original[0]!.shape.length === 2 && !SCORE_NAMES.test(name)

interface Split {
  readonly rows: number
  readonly scores: readonly HeadPart[]
  readonly places: HeadPart
}

/** null if it is no table of rows with features. */
function splitOf(output: OutputPair, isBox: boolean, graph: GraphView | undefined): Split | null {
  const { original, originalNumbers, meaning, selected, name } = output
  const [{ shape, dtype }] = original as [(typeof original)[0]]
  const isNumeric = originalNumbers !== null && isRealFloat(dtype) && selected === undefined
  if (!isNumeric || shape.length < 2 || original.some((one) => one.shape.join() !== shape.join())) return null
  const { raw } = output
  const axis = raw?.axis ?? (meaning.meaning === 'scores' ? classAxis(shape) : featureAxis(graph, name, shape))
  const rows = elementCount(shape) / shape[axis]!
  if (!(rowsEach(output, axis, graph) >= LEAST_ROWS) || shape[axis]! > MOST_CLASSES) return null
  if (raw !== undefined) {
    const shares = sharesOf(output, raw)
    const scores = raw.parts.map((features): HeadPart => ({ output: shares, axis, features, maySayNo: true }))
    return { rows, scores, places: { output, axis, features: raw.places } }
  }
  const features = Array.from({ length: shape[axis]! }, (_, k) => k)
  if (isBox) return { rows, scores: [], places: { output, axis, features } }
  const isClasses = meaning.meaning === 'scores' && !isGuess(output)
  const isProbability = meaning.meaning === 'scores' && isWithinOne(output)
  const [{ parts, partOf }] = joinedBySample(output, graph) as [JoinedParts]
  const inner = elementCount(shape.slice(axis + 1))
  const boundsAt = (row: number, feature: number) =>
    parts[partOf === null ? 0 : partOf[valueIndex(row, feature, features.length, inner)]!]!.bounds
  // Rows may be joined from several heads, so that some of each are looked at.
  const seen = [0, 0.2, 0.5, 0.8, 1].map((share) => Math.round(share * (rows - 1)))
  const isMade = (feature: number, by: 'isShare' | 'isYesNo') => seen.every((row) => boundsAt(row, feature)?.[by] === true)
  const scores = isProbability ? features : features.filter((k) => isMade(k, 'isShare'))
  const alone = scores.filter((k) => isMade(k, 'isYesNo'))
  const divided = scores.filter((k) => !alone.includes(k) && !isBackground(output, axis, k))
  return {
    rows,
    scores: [
      { output, axis, features: alone, maySayNo: true },
      { output, axis, features: divided, maySayNo: alone.length + divided.length < scores.length },
    ].filter((part) => part.features.length > 0),
    places: { output, axis, features: isClasses ? [] : features.filter((k) => !scores.includes(k)) },
  }
}

function isBackground(output: OutputPair, axis: number, feature: number): boolean {
  const { shape } = output.original[0]!
  const { start, step } = layoutOf({ output, axis })
  const rows = elementCount(shape) / shape[axis]!
  let most = 0
  for (const numbers of output.originalNumbers!) {
    for (let row = 0; row < rows; row++) if (numbers[start(row) + feature * step]! >= FOUND_FROM) most++
  }
  return most > BACKGROUND * rows * output.originalNumbers!.length
}
