// Which axis of an output holds its features: channels, columns, classes, box coordinates. Only features can be quantities of their own.
// Positions, frames, rows of an image and samples of a batch hold one quantity: a dark bar is content.
import type { GraphView } from '@whyslow/graph/types.ts'
import { ELEMENTWISE, KEEPS_NUMBERS, makersOf, permutationOf } from './joined-parts.ts'

/** The graph has no cycles; the bound is for damaged ones. */
const MOST_STEPS = 40
const CHANNELS_FIRST = new Set([
  ...[
    'Conv',
    'ConvTranspose',
    'BatchNormalization',
    'InstanceNormalization',
    'GroupNormalization',
    'PRelu',
    'Resize',
    'Upsample',
  ],
  ...['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'DepthToSpace', 'SpaceToDepth'],
])
const FEATURES_LAST = new Set(['Gemm', 'LayerNormalization'])
const PASSES_AXES = new Set([...KEEPS_NUMBERS, ...ELEMENTWISE, 'Mul', 'Add', 'Sub', 'Div', 'Concat', 'Softmax'])

/** The operators that make the output decide. If they leave it open, its shape does. */
export function featureAxis(graph: GraphView | undefined, output: string, shape: readonly number[]): number {
  if (graph === undefined) return axisByShape(shape)
  const known = axisByGraph(graph, output, shape.length)
  if (known !== null) return known
  const batch = graph.outputs.find(({ name }) => name === output)?.shape?.[0]
  return shape.length === 2 && batch !== undefined && typeof batch !== 'number' ? 1 : axisByShape(shape)
}

function axisByGraph(graph: GraphView, output: string, rank: number): number | null {
  const makers = makersOf(graph)
  const permutations: (readonly number[])[] = []
  let value = output
  let axis: number | null = null
  for (let step = 0; step < MOST_STEPS && axis === null; step++) {
    const node = makers.get(value)
    if (node === undefined || node.domain !== '') return null
    const { opType, inputs } = node
    const isWeighted = opType === 'MatMul' && graph.constants[inputs[1] ?? ''] !== undefined
    if (CHANNELS_FIRST.has(opType)) axis = 1
    else if (FEATURES_LAST.has(opType) || isWeighted) axis = rank - 1
    else if (opType === 'Transpose') permutations.push(permutationOf(node, rank))
    else if (!PASSES_AXES.has(opType)) return null
    value = inputs.find((input) => graph.constants[input] === undefined) ?? ''
  }
  const found = permutations.reduceRight<number>((at, order) => order.indexOf(at), axis ?? -1)
  return found >= 0 && found < rank ? found : null
}

/**
 * Up to three axes: the shorter of the last two, as in [1,84,8400], [1,8400,84] and [16,8]. More axes: before or after the sides of an
 * image, which are often equal.
 */
function axisByShape(shape: readonly number[]): number {
  const rank = shape.length
  const last = rank - 1
  if (rank > 3 && shape[last] === shape[last - 1]) return 1
  if (rank > 3 && shape[last - 1] === shape[last - 2]) return last
  const first = rank > 3 ? 1 : last - 1
  const size = shape[first] ?? 1
  return size > 1 && size < shape[last]! ? first : last
}
