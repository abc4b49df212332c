// Every operator family, listed by hand, and the one look-up over them.
import { activationFamily } from './activation.ts'
import { aliasFamily } from './alias.ts'
import { attentionFamily } from './attention.ts'
import { controlFlowFamily } from './control-flow.ts'
import { convFamily } from './conv.ts'
import { convTransposeFamily } from './conv-transpose.ts'
import { detectionFamily } from './detection.ts'
import { einsumFamily } from './einsum.ts'
import { elementwiseFamily } from './elementwise.ts'
import { operatorKey } from './family.ts'
import { featuresFamily } from './features.ts'
import { gatherFamily } from './gather.ts'
import { generateFamily } from './generate.ts'
import type { InputUse, UseFacts } from './input-use.ts'
import { layoutFamily } from './layout.ts'
import { linearAlgebraFamily } from './linear-algebra.ts'
import { linearAttentionFamily } from './linear-attention.ts'
import { linearMlFamily } from './linear-ml.ts'
import { matmulFamily } from './matmul.ts'
import { mixtureOfExpertsFamily } from './mixture-of-experts.ts'
import { normalizationFamily } from './normalization.ts'
import { poolingFamily } from './pooling.ts'
import { quantizeFamily } from './quantize.ts'
import { quantizedMatmulFamily } from './quantized-matmul.ts'
import { recurrentFamily } from './recurrent.ts'
import { reduceFamily } from './reduce.ts'
import { resizeFamily } from './resize.ts'
import { sequenceFamily } from './sequence.ts'
import { signalFamily } from './signal.ts'
import { softmaxFamily } from './softmax.ts'
import { tokensFamily } from './tokens.ts'
import { trainingFamily } from './training.ts'
import { treeEnsembleFamily } from './tree-ensemble.ts'
import type { CostResult, Int8Kernel, NodeContext, OperatorFamily } from './types.ts'
import { weightOnlyMatmulFamily } from './weight-only-matmul.ts'
import { unknownCost } from './work.ts'

export const families: readonly OperatorFamily[] = [
  convFamily,
  convTransposeFamily,
  matmulFamily,
  quantizedMatmulFamily,
  weightOnlyMatmulFamily,
  einsumFamily,
  recurrentFamily,
  attentionFamily,
  linearAttentionFamily,
  mixtureOfExpertsFamily,
  poolingFamily,
  normalizationFamily,
  softmaxFamily,
  activationFamily,
  elementwiseFamily,
  reduceFamily,
  resizeFamily,
  gatherFamily,
  layoutFamily,
  aliasFamily,
  generateFamily,
  quantizeFamily,
  controlFlowFamily,
  sequenceFamily,
  detectionFamily,
  signalFamily,
  linearAlgebraFamily,
  treeEnsembleFamily,
  linearMlFamily,
  featuresFamily,
  tokensFamily,
  trainingFamily,
]

const familyOf = new Map(families.flatMap((family) => family.operators.map((operator) => [operator, family] as const)))

/** What a node that reads a value reports about it; undefined: nothing. */
export function readInput(use: InputUse): UseFacts | undefined {
  const key = operatorKey(use.node)
  return familyOf.get(key)?.reads[key]?.(use)
}

/** undefined: the operator has no int8 kernel. */
export function int8KernelOf(opType: string): Int8Kernel | undefined {
  return familyOf.get(opType)?.int8[opType]
}

/** What one run of the node costs; unknown, with the reason in one line, for operators without a formula and for missing types. */
export function estimateCost(context: NodeContext): CostResult {
  const key = operatorKey(context.node)
  return familyOf.get(key)?.estimate(context) ?? unknownCost(`no formula for ${key}`)
}
