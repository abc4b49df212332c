// A number that is added to or multiplied with a tensor whose last axis is 1 should have as many axes as the tensor: ONNX Runtime walks
// broadcast operands in runs of equal strides, and a shorter shape ends each run after one element. Mul of [1, 172, 309, 1] with [1]
// takes ten times as long as with [1, 1, 1, 1]. https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/providers/cpu/math/element_wise_ops.h
import type { NodeProto } from 'onnx-buf'
import { rawTensor } from '../../graph/build.ts'
import { readBytes } from '../../graph/constants.ts'
import { copyWith } from '../../graph/copy.ts'
import { sum, timeWith } from '../left-apart.ts'
import { isOperator, type Matching, type Replacement, rewriteGraphs } from '../match.ts'
import { count } from '../node-names.ts'
import { defineRemedy, predictedBy, type RemedyEvidence } from '../remedy.ts'

const TREATS = ['memory-bound-operators', 'dispatch-overhead']
const BROADCASTING = [
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Pow',
  'Min',
  'Max',
  'Equal',
  'Less',
  'Greater',
  'LessOrEqual',
  'GreaterOrEqual',
  'Where',
]
/** Of the node's time that is left: one in ten was measured. */
const LEFT = 0.1

export const fullRankScalars = defineRemedy({
  id: 'full-rank-scalars',
  title: 'Numbers get as many axes as the tensors that they are applied to',
  treats: TREATS,
  effect: 'exact',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    const rewritten = rewriteGraphs(setup.model, (matching, fresh) =>
      matching.graph.node.flatMap((node) => raise(matching, node, fresh) ?? []),
    )
    if (rewritten === undefined) return []
    const { model, replaced } = rewritten
    const nodes = replaced.flatMap(({ parts }) => parts)
    return [
      {
        variant: '',
        setup: { ...setup, model },
        changes: [`${count(nodes.length, 'constant number')} given the rank of the other operand`],
        predictedSavingMs: savingOf(evidence, nodes),
      },
    ]
  },
})

function savingOf(evidence: RemedyEvidence, nodes: readonly NodeProto[]): number | null {
  if (evidence.profile === undefined) return predictedBy(TREATS, evidence)
  return (1 - LEFT) * sum(nodes.map((node) => timeWith(evidence, node)))
}

function raise(matching: Matching, node: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  if (!isOperator(node, ...BROADCASTING)) return undefined
  const ranks = node.input.map((name) => matching.shape(name)?.length ?? 0)
  const rank = Math.max(...ranks)
  const widest = node.input[ranks.indexOf(rank)]!
  // One tensor of all axes, the last of which is 1; a lone number would only change the rank of the result.
  if (matching.constant(widest) !== undefined || matching.shape(widest)?.at(-1) !== 1) return undefined
  const numbers = node.input.map((name) => (name === widest ? undefined : matching.constant(name)))
  const short = numbers.map((one) =>
    one?.elementCount === 1 && one.shape.length < rank && one.dtype !== 'string' ? one : undefined,
  )
  if (short.every((one) => one === undefined)) return undefined
  const raised = short.map((one, at) => {
    if (one === undefined) return undefined
    const bytes = new Uint8Array(readBytes(matching.model, one))
    return rawTensor(fresh(`${node.input[at]}_rank_${rank}`), one.dtype, Array<number>(rank).fill(1), bytes)
  })
  const input = node.input.map((name, at) => raised[at]?.name ?? name)
  return {
    parts: [node],
    remove: new Set([node]),
    add: [copyWith(node, { input })],
    addInitializers: raised.flatMap((one) => one ?? []),
  }
}
