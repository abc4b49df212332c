// Groups of nodes that together are one operator, as exporters write them when they know no better: LayerNorm, GELU, attention,
// and batch normalization after a linear operator. Norms and GELU are found by the same patterns that remedies replace; attention also
// where no remedy has an operator for it (onnxruntime/core/optimizer: attention_fusion.cc, conv_bn_fusion.cc).

import { type Neighbours, neighboursOf } from '@whyslow/graph/neighbours.ts'
import { findAttention } from '@whyslow/graph/patterns/attention.ts'
import { findGelu } from '@whyslow/graph/patterns/gelu.ts'
import { ANY_NORM, findNorm } from '@whyslow/graph/patterns/norm.ts'
import { isClosed } from '@whyslow/graph/patterns/pattern-graph.ts'
import { type ViewedGraph, viewedGraph } from '@whyslow/graph/patterns/view-graph.ts'
import type { GraphView, NodeView, TensorType } from '@whyslow/graph/types.ts'

export interface Group {
  readonly kind: 'LayerNorm' | 'RMSNorm' | 'GELU' | 'attention' | 'BatchNormalization'
  /** What fusing would take away or merge, in the order of the graph. */
  readonly parts: readonly NodeView[]
  /** The `parts` whose own work stays in the fused operator: the erf of a GELU. */
  readonly kept: readonly NodeView[]
}

/** All groups of a graph and of those inside it; no node is in two of them. `types`: of values at run time. */
export function unfusedGroups(graph: GraphView, types: ReadonlyMap<string, TensorType>, outer?: ViewedGraph): readonly Group[] {
  const taken = new Set<NodeView>()
  const groups: Group[] = []
  const viewed = viewedGraph(graph, types, outer)
  const neighbours = neighboursOf(graph)
  for (const message of viewed.nodes) {
    const view = viewed.viewOf(message)
    const group = wholeGroup(viewed, message) ?? MATCHERS[view.opType]?.(view, neighbours)
    if (group === undefined || group.parts.some((part) => taken.has(part))) continue
    for (const part of group.parts) taken.add(part)
    groups.push(group)
  }
  const inner = graph.nodes.flatMap(({ subgraphs }) => Object.values(subgraphs))
  return [...groups, ...inner.flatMap((one) => unfusedGroups(one, types, viewed))]
}

/** A group that a remedy makes one operator. */
function wholeGroup(viewed: ViewedGraph, anchor: ViewedGraph['nodes'][number]): Group | undefined {
  const group = (kind: Group['kind'], parts: ReadonlySet<typeof anchor>, kept: readonly (typeof anchor)[]): Group => ({
    kind,
    parts: viewed.nodes.filter((one) => parts.has(one)).map(viewed.viewOf),
    kept: kept.map(viewed.viewOf),
  })
  const gelu = findGelu(viewed, anchor)
  if (gelu !== undefined) return group('GELU', gelu.parts, [anchor])
  const norm = findNorm(viewed, anchor, ANY_NORM)
  if (norm !== undefined && isClosed(viewed, norm.parts, [norm.last.output[0]!]))
    return group(norm.centred ? 'LayerNorm' : 'RMSNorm', norm.parts, [])
  const whole = findAttention(viewed, anchor)
  if (whole === undefined) return undefined
  const products = [...whole.parts].filter(({ opType }) => /MatMul$/.test(opType))
  return group('attention', whole.parts, [...products, anchor])
}

type Matcher = (anchor: NodeView, neighbours: Neighbours) => Group | undefined

/** Matchers keyed by the operator that marks the pattern. */
const MATCHERS: Readonly<Record<string, Matcher>> = { Softmax: attention, BatchNormalization: batchNormalization }

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
