// What an output is for, told from its type, its numbers, its name, and the operator that makes it. The file does not say it, and
// agreement of decisions means something for classes only.
//   label:  int64, int32, string or bool, one element a row; class maps that ArgMax makes
//   scores: float of two axes or more, 2 to 100,000 on the last (or in front of a map of 1 x 1), whose rows add up to 1 (probabilities, or their logarithms), or whose
//           name says scores; with exactly two axes and ten classes or more also if nothing speaks against it (no name such as
//           'boxes' or 'embedding', rows not of length 1, nothing that the graph joins at its end). Fewer may as well be a regression's, of which the largest says nothing
//   binary: float with one element a row that Sigmoid makes or whose name says probability, or two axes of which Sigmoid makes each
//           element (independent labels)
//   values: all else. Scores of image's places ([N,C,H,W]) are among them: they are compared as numbers.
// What comes from a selection is told by the graph: see selections.ts.

import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import type { TensorValue } from '../engines/types.ts'
import { joinedParts } from './joined-parts.ts'
import { isRealFloat, type Numbers } from './numbers.ts'
import type { OutputMeaning } from './types.ts'

/** Where an element of a binary output decides. */
export interface Meaning {
  readonly meaning: OutputMeaning
  /** For 'binary': a decision is yes above it. */
  readonly threshold: number
}

const MOST_CLASSES = 100_000
/** Below it numbers in a row of which nothing is said are values: a model that predicts width and height has two. */
const LEAST_UNNAMED_CLASSES = 10
/** Rows looked at to tell what they are. */
const ROWS_SEEN = 256
/** Sums of probabilities in float16 are this far from 1. */
const SUM_TOLERANCE = 5e-3

export const SCORE_NAMES = /logit|prob|softmax|scores?(\b|_|$)|class(?!ifier_)/i
export const PLACE_NAMES = /box|coord|landmark|keypoint|corner|anchor|offset|delta/i
const SAYS_OTHER =
  /embed|hidden|feature|state|box|coord|landmark|keypoint|mask|delta|anchor|memory|cell|pool|(^|[_./])[hc]n?(_?\d*|_out)$/i

/** Types in which class numbers and names are given. */
const LABEL_DTYPES: readonly string[] = ['int64', 'int32', 'string', 'bool']

/** Passes on what it is given, element for element. */
const PASSES = new Set(['Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Cast', 'QuantizeLinear', 'DequantizeLinear'])

/** `samples`: the output in the original, once a sample, and `numbers` the same as numbers. `graph`: the original's, where known. */
export function meaningOf(
  name: string,
  samples: readonly TensorValue[],
  numbers: readonly Numbers[] | null,
  graph: GraphView | undefined,
): Meaning {
  const first = samples[0]
  const values: Meaning = { meaning: 'values', threshold: 0 }
  if (first === undefined) return values
  const { dtype, shape } = first
  const rank = shape.length
  const oneEach = shape.slice(1).every((size) => size === 1)
  if (LABEL_DTYPES.includes(dtype)) {
    const isLabel = oneEach || (graph !== undefined && isChosen(makerOf(graph, name)))
    return isLabel ? { meaning: 'label', threshold: 0 } : values
  }
  if (!isRealFloat(dtype) || numbers === null) return values

  const bySigmoid = graph !== undefined && makerOf(graph, name)?.opType === 'Sigmoid'
  if (oneEach || (rank === 2 && bySigmoid)) {
    if (!bySigmoid && !SCORE_NAMES.test(name)) return values
    return { meaning: 'binary', threshold: bySigmoid || numbers.every((one) => allIn(one, 0, 1)) ? 0.5 : 0 }
  }
  const axis = classAxis(shape)
  const classes = shape[axis] ?? 0
  if (axis < 1 || classes < 2 || classes > MOST_CLASSES) return values
  const scores: Meaning = { meaning: 'scores', threshold: 0 }
  if (numbers.every((one) => addUpToOne(one, classes, (x) => x))) return scores
  if (numbers.every((one) => addUpToOne(one, classes, Math.exp))) return scores
  if (SAYS_OTHER.test(name)) return values
  if (SCORE_NAMES.test(name)) return scores
  const isUnit = numbers.every((one) => addUpToOne(one, classes, (x) => x * x))
  const isOne = axis === 1 && classes >= LEAST_UNNAMED_CLASSES && !isUnit
  return isOne && joinedParts(graph, name, shape).parts.length === 1 ? scores : values
}

/** The axis over the classes: the last, or that in front of a pooled map of 1 x 1. */
export function classAxis(shape: readonly number[]): number {
  const last = shape.length - 1
  return last > 2 && shape[last] === 1 && shape[last - 1] === 1 ? last - 2 : last
}

/** Each element is the place of the largest, or the smallest, of a row. */
export const isChosen = (node: NodeView | undefined): boolean => node?.opType === 'ArgMax' || node?.opType === 'ArgMin'

/** The node that gives the output its numbers, behind operators that only pass them on. */
export function makerOf(graph: GraphView, output: string): NodeView | undefined {
  let name = output
  // The graph has no cycles; the bound is for damaged ones.
  for (let steps = 0; steps < 20; steps++) {
    const at = name
    const node = graph.nodes.find(({ outputs }) => outputs.includes(at))
    if (node === undefined || node.domain !== '' || !PASSES.has(node.opType)) return node
    name = node.inputs[0] ?? ''
  }
  return undefined
}

function allIn(values: Numbers, low: number, high: number): boolean {
  for (let k = 0; k < values.length; k++) if (!(values[k]! >= low && values[k]! <= high)) return false
  return true
}

/** True where the parts of each row are no less than 0 and add up to 1. */
function addUpToOne(values: Numbers, classes: number, part: (x: number) => number): boolean {
  const rows = Math.min(ROWS_SEEN, Math.floor(values.length / classes))
  for (let row = 0; row < rows; row++) {
    let sum = 0
    for (let k = row * classes; k < (row + 1) * classes; k++) {
      const share = part(values[k]!)
      if (!(share >= 0 && share <= 1 + SUM_TOLERANCE)) return false
      sum += share
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) return false
  }
  return rows > 0
}
