// What each node of the main graph can be in fewer bits, and why not if it cannot.

import { isConstantNode } from '@whyslow/graph/constants.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { raiseOpset } from '@whyslow/graph/raise-opset.ts'
import { isOperator, matchGraph } from '@whyslow/graph/rewrite/match.ts'
import { readsOf } from '@whyslow/graph/walk.ts'
import type { GraphProto, NodeProto } from 'onnx-buf'
import type { Precision, Quantizable, ValueTypes } from './choice.ts'
import { MICROSOFT, whyNotAttention, whyNotLstm } from './dynamic-contrib.ts'
import { productOf } from './product.ts'
import { OPSETS } from './quantize.ts'
import { companionsOf, movesData, type OperatorContext, partsOf, staticOperator } from './static-operators.ts'

/** Every node of the main graph in its order, `Constant` left out. `types`: as run, if they are known. */
export function quantizableNodes(model: Model, types: ValueTypes = new Map()): readonly Quantizable[] {
  const { graph } = model.proto
  if (graph === undefined) return []
  const matching = matchGraph(model, graph)
  const context = { matching, typeOf: (name: string) => ({ ...matching.types.get(name), ...types.get(name) }) }
  const nodes = graph.node.filter((node) => !isConstantNode(node))
  const found = nodes.map((node) => layerOf(context, node))
  const companions = companionsOf(found)
  const impossible = impossiblePrecisions(model)
  return found.map(({ node, parts, precisions, reason }): Quantizable => {
    const whole = companions.get(node)
    const possible = whole === undefined ? precisions.filter((one) => !impossible.has(one)) : []
    const [only] = precisions
    return {
      node: node.output[0] ?? '',
      opType: node.opType,
      precisions: possible,
      movesData: movesData(node),
      parts: whole === undefined ? parts.map(({ output }) => output[0] ?? '') : [],
      reason: reasonOf(possible, whole, only === undefined ? reason : (impossible.get(only) ?? reason)),
      ...activationsOf(context, graph, parts),
    }
  })
}

function reasonOf(possible: readonly Precision[], whole: NodeProto | undefined, reason: string | null): string | null {
  if (possible.length > 0) return null
  return whole === undefined ? (reason ?? 'no kernel with fewer bits') : `it is part of '${whole.output[0]}'`
}

interface Layer {
  readonly node: NodeProto
  /** The node first. */
  readonly parts: readonly NodeProto[]
  readonly precisions: readonly Precision[]
  readonly reason: string | null
}

function layerOf(context: OperatorContext, node: NodeProto): Layer {
  const operator = staticOperator(context, node)
  const precisions: Precision[] = typeof operator === 'string' ? [] : ['static']
  const why = typeof operator === 'string' ? [operator] : []
  const also = (reason: string | undefined, ...more: readonly Precision[]) => {
    if (reason === undefined) precisions.push(...more)
    else why.push(reason)
  }
  if (isOperator(node, 'LSTM')) also(whyNotLstm(context, node), 'dynamic')
  if (isOperator(node, `${MICROSOFT}:Attention`)) also(whyNotAttention(context, node), 'dynamic')
  if (isOperator(node, 'MatMul', 'Gemm')) {
    const product = productOf(context.matching, node)
    also(typeof product === 'string' ? product : undefined, 'dynamic', 'weights8', 'weights4')
  }
  return { node, parts: partsOf(context, node), precisions, reason: why.at(-1) ?? null }
}

/** Precisions that the model's opset does not have, and that it cannot be raised to, with the reason. */
function impossiblePrecisions(model: Model): ReadonlyMap<Precision, string> {
  const entries = Object.entries(OPSETS) as [Precision, number][]
  return new Map(
    entries.flatMap(([precision, opset]): [Precision, string][] => {
      const { reason } = raiseOpset(model, opset)
      return reason === undefined ? [] : [[precision, reason]]
    }),
  )
}

function activationsOf({ matching, typeOf }: OperatorContext, graph: GraphProto, parts: readonly NodeProto[]) {
  const listed = new Set(graph.initializer.map(({ name }) => name))
  const made = new Set(parts.flatMap(({ output }) => output))
  const isActivation = (name: string) =>
    name !== '' && !listed.has(name) && matching.constant(name) === undefined && (typeOf(name).dtype ?? 'float32') === 'float32'
  return {
    activationsIn: [...new Set(parts.flatMap(readsOf))].filter((name) => isActivation(name) && !made.has(name)),
    activationsOut: parts.at(-1)!.output.filter(isActivation),
  }
}
