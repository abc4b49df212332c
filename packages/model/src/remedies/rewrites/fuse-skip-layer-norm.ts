// A residual sum and the layer or RMS normalization that reads it, in one pass. The engine does so by itself only where it knows the
// shapes (onnxruntime/core/optimizer/skip_layer_norm_fusion.cc); sums that others read too come out as the operator's fourth output.
// SkipLayerNormalization: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md

import { node } from '@whyslow/graph/build.ts'
import { isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { sameShape } from '@whyslow/graph/rewrite/sizes.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy, savingOfFusing } from '../kit/rewriting.ts'
import { countRun, isUnfused } from '../kit/unfused.ts'

export const fuseSkipLayerNorm = defineRemedy(
  rewritingRemedy({
    id: 'fuse-skip-layer-norm',
    title: 'A residual sum and its normalization become one operator',
    treats: ['unfused-operators', 'memory-bound-operators', 'dispatch-overhead'],
    effect: 'rounding',
    find(matching, _, evidence) {
      const taken = new Set<NodeProto>()
      return matching.graph.node.flatMap((norm): Replacement[] => {
        const sum = sumBefore(matching, norm)
        if (sum === undefined || taken.has(sum) || !isUnfused(evidence, norm)) return []
        taken.add(sum)
        return [fuse(matching, sum, norm)]
      })
    },
    domains: { 'com.microsoft': 1 },
    changes: ({ replaced }) => `${count(replaced.length, 'residual sum')} computed within the normalization that reads it`,
    saving: savingOfFusing,
    took: (executed, { replaced }) => countRun(executed, /^Skip(Simplified)?LayerNormalization$/) >= replaced.length,
  }),
)

/** The Add of two values of one shape before a normalization over the last axis; the kernel takes 2 or 3 dimensions. */
function sumBefore(matching: Matching, norm: NodeProto): NodeProto | undefined {
  const { producer, constant, shape, dtype } = matching
  const [x, scale, bias] = norm.input
  if (!isOperator(norm, 'LayerNormalization', 'SimplifiedLayerNormalization', 'RMSNormalization')) return undefined
  const sizes = shape(x)
  const axis = numberOf(norm, 'axis', -1)
  if (sizes === undefined || (sizes.length !== 2 && sizes.length !== 3)) return undefined
  if (axis !== -1 && axis !== sizes.length - 1) return undefined
  // Mean and deviation are outputs for training.
  if (norm.output.slice(1).some((name) => name !== '')) return undefined
  const width = constant(scale)?.shape
  if (width?.length !== 1 || constant(scale)?.dtype !== 'float32' || dtype(x) !== 'float32') return undefined
  if (sizes.at(-1) !== width[0] || (bias && constant(bias)?.elementCount !== width[0])) return undefined
  const sum = producer(x)
  if (!isOperator(sum, 'Add')) return undefined
  const [a, b] = sum.input
  const bothMade = constant(a) === undefined && constant(b) === undefined
  return bothMade && sameShape(shape(a), shape(b)) && sameShape(shape(a), sizes) ? sum : undefined
}

function fuse({ readers, isOutput }: Matching, sum: NodeProto, norm: NodeProto): Replacement {
  const [value, result] = [sum.output[0]!, norm.output[0]!]
  const readOnlyHere = readers(value).length === 1 && !isOutput(value)
  const outputs = readOnlyHere ? [result] : [result, '', '', value]
  const simplified = norm.opType !== 'LayerNormalization'
  const parts = new Set([sum, norm])
  const fused = node(
    {
      opType: simplified ? 'SkipSimplifiedLayerNormalization' : 'SkipLayerNormalization',
      domain: 'com.microsoft',
      name: norm.name || result,
    },
    [...sum.input, ...norm.input.slice(1, simplified ? 2 : 3)],
    outputs,
    { epsilon: { float: numberOf(norm, 'epsilon', 1e-5) } },
  )
  return { parts: [...parts], remove: parts, add: [fused] }
}
