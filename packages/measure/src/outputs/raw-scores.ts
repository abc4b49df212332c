// Scores whose Sigmoid or Softmax is not in the model but in the code that reads them: logits of a detector's many rows. The graph sets them no
// bounds, so that they are recognized by what stands next to them, boxes or points of the same rows, and by what they say of a photo: no, in
// nearly all rows. Of an output that joins places and scores the usual orders are known: a box and its classes (4 + C), or a box, an
// objectness and its classes (5 + C).
import type { GraphView } from '@whyslow/graph/types.ts'
import { elementCount } from '../samples/dtype-arrays.ts'
import { featureAxis } from './feature-axis.ts'
import { PLACE_NAMES, SCORE_NAMES } from './meaning.ts'
import { isRealFloat, type Numbers } from './numbers.ts'
import type { OutputPair, RawScores } from './output-pair.ts'
import { joinedBySample } from './quantities.ts'
import { layoutOf, rowsEach } from './rows-each.ts'
import { NONE_BELOW } from './yes-no.ts'

/** Fewer rows are no detector's: values of a few rows are all negative by chance. */
const LEAST_ROWS = 64
const MOST_FEATURES = 2048
/** The share of rows that say no. */
const SAYS_NO = 0.9
/** Sigmoid of it is the score below which nothing is found. */
const NO = Math.log(NONE_BELOW / (1 - NONE_BELOW))
/** Sides of a box. */
const SIDES = 4
/** Boxes or points of the same rows have no more features. */
const MOST_PLACES = 64
/** Classes of COCO, VOC and of one kind of object, with and without one for nothing. */
const USUAL_CLASSES: readonly number[] = [2, 20, 21, 80, 81, 90, 91, 92]

/** The outputs, those that are logits of a detector with what is known of them. Only models that read images, of which photos tell it. */
export function withRawScores(all: readonly OutputPair[], graph: GraphView | undefined): readonly OutputPair[] {
  if (graph?.inputs.some(({ shape }) => shape?.length === 4) !== true) return all
  const tables = all.flatMap((one) => tableOf(one, graph) ?? [])
  return all.map((one) => {
    const table = tables.find(({ output }) => output === one)
    const raw = table === undefined || table.isShare ? null : (apart(table, tables) ?? joined(table))
    return raw === null ? one : { ...one, raw }
  })
}

interface Table {
  readonly output: OutputPair
  readonly axis: number
  readonly rows: number
  readonly features: number
  /** The graph makes shares of some of its values. */
  readonly isShare: boolean
}

/** null if it holds no features of many rows. */
function tableOf(output: OutputPair, graph: GraphView): Table | null {
  const { original, originalNumbers, selected, name } = output
  const [{ shape, dtype }] = original as [(typeof original)[0]]
  if (originalNumbers === null || !isRealFloat(dtype) || selected !== undefined || shape.length < 2) return null
  if (original.some((one) => one.shape.join() !== shape.join())) return null
  const axis = featureAxis(graph, name, shape)
  const [rows, features] = [rowsEach(output, axis, graph), shape[axis]!]
  if (!(rows >= LEAST_ROWS) || features > MOST_FEATURES) return null
  const isShare = joinedBySample(output, graph).some(({ parts }) => parts.some(({ bounds }) => bounds?.isShare === true))
  return { output, axis, rows, features, isShare }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, k) => from + k)

/** Scores in an output of their own. */
function apart(table: Table, all: readonly Table[]): RawScores | null {
  const { output, axis, features, rows } = table
  const { name } = output
  if (PLACE_NAMES.test(name)) return null
  const places = all.filter((one) => one !== table && one.rows === rows && one.features <= MOST_PLACES)
  // A box, or a box and points.
  const isBox = ({ output: { name }, features }: Table) => PLACE_NAMES.test(name) || (features >= SIDES && features % 2 === 0)
  const isNamed = SCORE_NAMES.test(name) || /cls|conf|obj/i.test(name)
  // As many values a row as a box has, or one for each pixel of a map, may be anything.
  const isOpen = features === SIDES || (features === 1 && output.original[0]!.shape.length > 3)
  if (!places.some(isBox) || (isOpen && !isNamed)) return null
  const own = range(0, features)
  const { no, best } = said(table, own)
  if (no >= SAYS_NO) return { by: 'Sigmoid', axis, parts: [own], places: [] }
  const background = [0, features - 1].find((k) => best[k]! >= SAYS_NO)
  if (background === undefined || features < 2 || !(isNamed || USUAL_CLASSES.includes(features))) return null
  return { by: 'Softmax', axis, parts: [own.filter((k) => k !== background)], places: [] }
}

/** A box in front of its scores. */
function joined(table: Table): RawScores | null {
  const { axis, features } = table
  if (features < SIDES + 2) return null
  const [box, classes, others] = [range(0, SIDES), range(SIDES, features), range(SIDES + 1, features)]
  // A network whose values are mostly below zero has such features anywhere.
  if (box.some((k) => said(table, [k]).no >= SAYS_NO) || said(table, [SIDES]).no < SAYS_NO) return null
  if (said(table, classes).no >= SAYS_NO) return { by: 'Sigmoid', axis, parts: [classes], places: box }
  // Classes of a row in which nothing is were not trained: the objectness alone says no.
  return USUAL_CLASSES.includes(others.length) ? { by: 'Sigmoid', axis, parts: [others, [SIDES]], places: box } : null
}

/** The share of rows in which none of the features says yes, and that in which each is the largest. */
function said({ output, axis }: Table, features: readonly number[]): { readonly no: number; readonly best: Float64Array } {
  const { shape } = output.original[0]!
  const rows = elementCount(shape) / shape[axis]!
  const { start, step } = layoutOf({ output, axis })
  const best = new Float64Array(shape[axis]!)
  let no = 0
  for (const numbers of output.originalNumbers!) {
    for (let row = 0; row < rows; row++) {
      const from = start(row)
      let largest = features[0]!
      for (const k of features) if (numbers[from + k * step]! > numbers[from + largest * step]!) largest = k
      best[largest]!++
      if (numbers[from + largest * step]! < NO) no++
    }
  }
  const all = rows * output.originalNumbers!.length
  return { no: no / all, best: best.map((count) => count / all) }
}

/** The output with the shares that its logits mean in place of them. */
export function sharesOf(output: OutputPair, { by, axis }: RawScores): OutputPair {
  const { shape } = output.original[0]!
  const [features, rows] = [shape[axis]!, elementCount(shape) / shape[axis]!]
  const { start, step } = layoutOf({ output, axis })
  const shares = (logits: Numbers): Numbers => {
    const made = new Float32Array(logits.length)
    if (by === 'Sigmoid') {
      for (let k = 0; k < made.length; k++) made[k] = 1 / (1 + Math.exp(-logits[k]!))
      return made
    }
    for (let row = 0; row < rows; row++) {
      const from = start(row)
      let [largest, sum] = [Number.NEGATIVE_INFINITY, 0]
      for (let k = 0; k < features; k++) largest = Math.max(largest, logits[from + k * step]!)
      for (let k = 0; k < features; k++) sum += Math.exp(logits[from + k * step]! - largest)
      for (let k = 0; k < features; k++) made[from + k * step] = Math.exp(logits[from + k * step]! - largest) / sum
    }
    return made
  }
  return {
    ...output,
    originalNumbers: output.originalNumbers!.map(shares),
    candidateNumbers: output.candidateNumbers!.map(shares),
  }
}
