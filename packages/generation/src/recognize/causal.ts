// Whether the positions of a graph see only those before them. A decoder without a cache has the inputs and outputs of an encoder that fills in
// missing words (BERT): what tells them apart is the mask inside.
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'

const COMPARES = new Set(['LessOrEqual', 'Less', 'GreaterOrEqual', 'Greater'])
const COUNTS = new Set(['Range', 'CumSum'])
/** What a counted row of positions passes on its way to a comparison. */
const PASSES = new Set([
  'Unsqueeze',
  'Reshape',
  'Add',
  'Sub',
  'Cast',
  'Expand',
  'Slice',
  'Gather',
  'Squeeze',
  'Transpose',
  'Where',
  'Identity',
])
const DEEPEST = 8
/** A mask that is stored is as long as the context. */
const SHORTEST_MASK = 16

export function isCausal(view: GraphView): boolean {
  const makers = new Map(view.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)))
  const counted = (name: string, depth = 0): boolean => {
    if (/position/.test(name)) return true
    const node = makers.get(name)
    if (node === undefined) return isCount(view, name)
    if (COUNTS.has(node.opType)) return true
    return depth < DEEPEST && PASSES.has(node.opType) && node.inputs.some((input) => input !== '' && counted(input, depth + 1))
  }
  return view.nodes.some(
    (node) =>
      saysSo(node) ||
      (COMPARES.has(node.opType) && node.inputs.every((input) => counted(input))) ||
      node.inputs.some((input) => isTriangle(view, input)) ||
      Object.values(node.subgraphs).some(isCausal),
  )
}

const saysSo = ({ opType, attributes }: NodeView): boolean =>
  opType === 'Trilu' || opType === 'GroupQueryAttention' || attributes.unidirectional === 1 || attributes.is_causal === 1

/** Whole numbers that rise by one. */
function isCount(view: GraphView, name: string): boolean {
  const values = view.constants[name]?.values
  return values !== undefined && values.length > 2 && values.every((value, k) => k === 0 || value === values[k - 1]! + 1)
}

/** A stored mask of truth values, [1, 1, context, context] in GPT-2. */
function isTriangle(view: GraphView, name: string): boolean {
  const constant = view.constants[name]
  if (constant === undefined || !/^(bool|uint8)$/.test(constant.dtype)) return false
  const [rows, columns] = constant.shape.slice(-2)
  return constant.shape.length === 4 && rows === columns && rows! >= SHORTEST_MASK && constant.shape[0] === 1
}
