// GlobalAveragePool as the mean over the axes of space. In the plain layout the engine's pooling adds up each channel in one vector of four
// numbers, each sum waiting for the last (onnxruntime/core/mlas/lib/pooling.cpp, MlasPoolGlobalKernel); its ReduceMean goes by wide vectors
// (core/providers/cpu/reduction/reduction_ops.h). In the blocked layout its pooling sums channels side by side, and is left.
import { int64Tensor, node } from '@whyslow/graph/build.ts'
import { isOperator, type Matching, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { defineRemedy, type RemedyEvidence } from '../kit/remedy.ts'
import { rewritingRemedy } from '../kit/rewriting.ts'

/** Since when ReduceMean takes its axes as an input. */
const AXES_AS_INPUT = 18

export const globalPoolingAsMean = defineRemedy(
  rewritingRemedy({
    id: 'global-pooling-as-mean',
    title: 'Global pooling as a mean over the axes of space',
    treats: ['inefficient-kernels'],
    effect: 'rounding',
    find: (matching, fresh, evidence) =>
      matching.graph.node.flatMap((one) => {
        const isMeant = isOperator(one, 'GlobalAveragePool') && !isInBlocks(evidence, one)
        return isMeant ? (replace(matching, one, fresh) ?? []) : []
      }),
    changes: ({ replaced }) => `${count(replaced.length, 'GlobalAveragePool')} as ReduceMean`,
    // Only the operators alone tell.
    saving: () => null,
  }),
)

type OneNode = Matching['graph']['node'][number]

/** As the profile shows it. */
function isInBlocks({ profile }: RemedyEvidence, { name, opType, output }: OneNode): boolean {
  const known = name || output[0]!
  const isIt = (origin: readonly string[]) => origin.includes(known)
  return profile?.nodes.some((one) => one.domain === 'com.microsoft.nchwc' && one.opType === opType && isIt(one.origin)) ?? false
}

function replace({ opset, dtype, shape }: Matching, one: OneNode, fresh: (hint: string) => string): Replacement | undefined {
  const [input, output] = [one.input[0]!, one.output[0]!]
  const rank = shape(input)?.length
  if (dtype(input) !== 'float32' || rank === undefined || rank < 3) return undefined
  const axes = Array.from({ length: rank - 2 }, (_, k) => k + 2)
  const given = { opType: 'ReduceMean', name: one.name || output }
  const parts = { parts: [one], remove: new Set([one]) }
  if (opset < AXES_AS_INPUT) return { ...parts, add: [node(given, [input], [output], { axes })] }
  const tensor = int64Tensor(fresh(`${output}_axes`), [axes.length], axes)
  return { ...parts, add: [node(given, [input, tensor.name], [output])], addInitializers: [tensor] }
}
