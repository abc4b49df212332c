// Groups of nodes that together are one operator, as exporters write them when they know no better: LayerNorm, GELU, attention,
// and batch normalization after a linear operator. The shapes are those that ONNX Runtime's fusions look for
// (onnxruntime/core/optimizer: layer_norm_fusion.cc, gelu_fusion.cc, attention_fusion.cc, conv_bn_fusion.cc).

import type { Neighbours } from '../../../graph/neighbours.ts'
import type { NodeView } from '../../../graph/types.ts'

export interface Group {
  readonly kind: 'LayerNorm' | 'RMSNorm' | 'GELU' | 'attention' | 'BatchNormalization'
  /** What fusing would take away or merge. */
  readonly parts: readonly NodeView[]
  /** Of `parts`, those whose own work stays in the fused operator: the erf of a GELU. */
  readonly kept: readonly NodeView[]
}

/** All groups of one graph; no node is in two of them. */
export function unfusedGroups(neighbours: Neighbours): readonly Group[] {
  const taken = new Set<NodeView>()
  const groups: Group[] = []
  for (const node of neighbours.graph.nodes) {
    const group = MATCHERS[node.opType]?.(node, neighbours)
    if (group === undefined || group.parts.some((part) => taken.has(part))) continue
    for (const part of group.parts) taken.add(part)
    groups.push(group)
  }
  return groups
}

type Matcher = (anchor: NodeView, neighbours: Neighbours) => Group | undefined

/** By the operator that marks the pattern. */
const MATCHERS: Readonly<Record<string, Matcher>> = {
  Sqrt: norm,
  Erf: geluWithErf,
  Tanh: geluWithTanh,
  Softmax: attention,
  BatchNormalization: batchNormalization,
}

/** ReduceMean - Sub - (Pow | Mul) - ReduceMean - Add - Sqrt - Div (- Mul - Add); without the first two it is an RMSNorm. */
function norm(sqrt: NodeView, { producer, onlyReader }: Neighbours): Group | undefined {
  const add = producer(sqrt.inputs[0])
  if (add?.opType !== 'Add') return undefined
  const mean = add.inputs.map(producer).find((node) => node?.opType === 'ReduceMean')
  const square = producer(mean?.inputs[0])
  if (mean === undefined || (square?.opType !== 'Pow' && square?.opType !== 'Mul')) return undefined
  if (square.opType === 'Mul' && square.inputs[0] !== square.inputs[1]) return undefined
  const divide = onlyReader(sqrt)
  if (divide?.opType !== 'Div' && divide?.opType !== 'Reciprocal') return undefined

  const centred = producer(square.inputs[0])
  const dividend = producer(divide.inputs[0])
  const subs = [...new Set([centred, dividend])].filter((node) => node?.opType === 'Sub') as NodeView[]
  const outer = producer(subs[0]?.inputs[1])
  const centre = outer?.opType === 'ReduceMean' ? [outer, ...subs] : []
  const scale = onlyReader(divide)
  const shift = scale?.opType === 'Mul' ? onlyReader(scale) : undefined
  const tail = scale?.opType === 'Mul' ? [scale, ...(shift?.opType === 'Add' ? [shift] : [])] : []
  const kind = centre.length > 0 ? 'LayerNorm' : 'RMSNorm'
  return { kind, parts: [...centre, square, mean, add, sqrt, divide, ...tail], kept: [] }
}

/** x / sqrt(2) - Erf - Add 1 - Mul x - Mul 0.5, the last two in either order. */
function geluWithErf(erf: NodeView, neighbours: Neighbours): Group | undefined {
  const scale = neighbours.producer(erf.inputs[0])
  if (scale?.opType !== 'Div' && scale?.opType !== 'Mul') return undefined
  const tail = onePlusTimesHalf(erf, neighbours)
  return tail === undefined ? undefined : { kind: 'GELU', parts: [scale, erf, ...tail], kept: [erf] }
}

/** x + 0.044715 x^3 - Mul sqrt(2/pi) - Tanh - Add 1 - Mul x - Mul 0.5. */
function geluWithTanh(tanh: NodeView, neighbours: Neighbours): Group | undefined {
  const { producer } = neighbours
  const scale = producer(tanh.inputs[0])
  const sum = scale?.inputs.map(producer).find((node) => node?.opType === 'Add')
  if (scale?.opType !== 'Mul' || sum === undefined) return undefined
  const cubic = sum.inputs.map(producer).find((node) => node?.opType === 'Mul')
  const cube = cubic?.inputs.map(producer).find((node) => node?.opType === 'Pow' || node?.opType === 'Mul')
  const tail = onePlusTimesHalf(tanh, neighbours)
  if (cubic === undefined || cube === undefined || tail === undefined) return undefined
  return { kind: 'GELU', parts: [cube, cubic, sum, scale, tanh, ...tail], kept: [tanh] }
}

function onePlusTimesHalf(anchor: NodeView, { producer, onlyReader }: Neighbours): readonly NodeView[] | undefined {
  const add = onlyReader(anchor)
  const product = onlyReader(add)
  if (add?.opType !== 'Add' || product?.opType !== 'Mul') return undefined
  const after = onlyReader(product)
  const before = product.inputs.map(producer).find((node) => node?.opType === 'Mul')
  const half = after?.opType === 'Mul' ? after : before
  return half === undefined ? undefined : [add, product, half]
}

/** MatMul - (Div | Mul) - (Add | Where) - Softmax - MatMul. The products stay; scaling, masking and the score's layout do not. */
function attention(softmax: NodeView, { producer, onlyReader }: Neighbours): Group | undefined {
  const second = onlyReader(softmax)
  if (second === undefined || !isMatMul(second)) return undefined
  const between: NodeView[] = []
  let current = producer(softmax.inputs[0])
  while (current !== undefined && !isMatMul(current)) {
    if (!SCORE_STEPS.has(current.opType) || between.length === MAX_SCORE_STEPS) return undefined
    between.push(current)
    // The scores are the operand that leads back to the product; the other is a mask or a scale.
    const operands: (NodeView | undefined)[] = current.inputs.map(producer)
    current = operands.find((node) => node !== undefined && (isMatMul(node) || SCORE_STEPS.has(node.opType)))
  }
  return current === undefined ? undefined : { kind: 'attention', parts: [...between, softmax], kept: [softmax] }
}

const SCORE_STEPS = new Set(['Div', 'Mul', 'Add', 'Sub', 'Where', 'Cast', 'Reshape'])

/** Scale, mask, relative position, a cast or two: more than six steps are something else. */
const MAX_SCORE_STEPS = 6

function isMatMul({ opType }: NodeView): boolean {
  return opType === 'MatMul' || opType === 'FusedMatMul'
}

/** Folds into the weights of the linear operator before it, where that has no activation of its own yet. */
function batchNormalization(node: NodeView, { producer, onlyReader }: Neighbours): Group | undefined {
  const linear = producer(node.inputs[0])
  if (linear === undefined || !FOLDS_SCALE.has(linear.opType) || onlyReader(linear) !== node) return undefined
  if (typeof linear.attributes.activation === 'string' && linear.attributes.activation !== '') return undefined
  return { kind: 'BatchNormalization', parts: [node], kept: [] }
}

const FOLDS_SCALE = new Set(['Conv', 'ConvTranspose', 'FusedConv', 'Gemm', 'MatMul'])
