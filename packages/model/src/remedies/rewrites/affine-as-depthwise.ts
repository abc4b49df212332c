// Factors and sums with constants between convolutions, and the activation behind them, become a convolution of one tap per channel:
// y = act(x * c + s). The engine keeps values between convolutions in blocks of channels, and leaves that layout at every elementwise
// operator with a constant; a convolution of one channel per group, its activation in it, stays inside. Decomposed HardSwish and the
// scales of reparameterized networks are full of these. onnxruntime/core/optimizer/nchwc_transformer.cc

import { floatTensor, node } from '@whyslow/graph/build.ts'
import { affineChain, affineOf, followsAffine } from '@whyslow/graph/rewrite/affine.ts'
import { countByOperator } from '@whyslow/graph/rewrite/bypass.ts'
import { sum } from '@whyslow/graph/rewrite/floats.ts'
import { isOperator, type Matching, type Replacement, rewriteGraphs } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { NodeProto } from 'onnx-buf'
import { foldScales } from '../kit/fold-scales.ts'
import { defineRemedy, predictedSaving, type RemedyEvidence, rewriteProposal } from '../kit/remedy.ts'
import { timesOf } from '../kit/unfused.ts'

const TREATS = ['unfused-operators', 'memory-bound-operators', 'layout-conversions', 'dispatch-overhead']

/** What the engine puts into a convolution: onnxruntime/core/optimizer/conv_activation_fusion.cc */
const ACTIVATIONS = ['Relu', 'Clip', 'Sigmoid', 'Tanh', 'LeakyRelu', 'HardSigmoid']
/** Operators that the blocked layout passes through, or that are rewritten themselves. */
const PASSED = ['Add', 'Mul', 'Sub', 'Div', 'Sum', ...ACTIVATIONS, 'BatchNormalization', 'MaxPool', 'AveragePool']
const MOST_STEPS = 64
/** Fewer channels fill no block. */
const LEAST_CHANNELS = 4

export const affineAsDepthwise = defineRemedy({
  id: 'affine-as-depthwise',
  title: 'Constant factors and sums between convolutions run as convolutions of one tap',
  treats: TREATS,
  effect: 'rounding',
  kind: 'rewrite',
  betweenOperators: true,
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    // What fits into the weights of a convolution next to it costs nothing there.
    const ready = foldScales(setup.model, evidence)
    const rewritten = rewriteGraphs(ready.model, (matching, fresh) => {
      return matching.graph.node.flatMap((one) => replace(matching, one, fresh) ?? [])
    })
    if (rewritten === undefined) return []
    const { model, replaced } = rewritten
    const parts = [...ready.folded, ...replaced.flatMap((one) => one.parts)]
    return rewriteProposal(setup, {
      model,
      changes: [
        `${countByOperator(parts)} went into weights and into ${count(replaced.length, 'convolution')} of one tap per channel`,
      ],
      predictedSavingMs: savingOf(evidence, ready.folded, replaced),
    })
  },
})

/** All but the longest operator of each chain, whose time represents the convolution's. */
function savingOf(evidence: RemedyEvidence, folded: readonly NodeProto[], replaced: readonly Replacement[]): number | null {
  if (evidence.profile === undefined) return predictedSaving(TREATS, evidence)
  const savings = replaced.map(({ parts }) => {
    const times = timesOf(evidence, parts)
    return times.length === 0 ? 0 : sum(times) - Math.max(...times)
  })
  return Math.min(sum(savings) + sum(timesOf(evidence, folded)), evidence.p50Ms)
}

/** The chain that starts at this node. */
function replace(matching: Matching, start: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  const first = affineOf(matching, start)
  if (first === undefined || first.rank !== 4 || first.channels < LEAST_CHANNELS) return undefined
  if (followsAffine(matching, first) || !isAfterConv(matching, first.value)) return undefined
  const { parts, scale, shift } = affineChain(matching, first)
  const { channels, value } = first
  const weights = Float32Array.from(scale)
  const biases = Float32Array.from(shift)
  if (![...weights, ...biases].every(Number.isFinite)) return undefined
  const output = parts.at(-1)!.output[0]!
  const w = floatTensor(fresh(`${output}_scale`), [channels, 1, 1, 1], weights)
  const b = floatTensor(fresh(`${output}_shift`), [channels], biases)
  const conv = node({ opType: 'Conv', name: fresh(`${output}_affine`) }, [value, w.name, b.name], [output], {
    group: channels,
    kernel_shape: [1, 1],
  })
  return { parts, remove: new Set(parts), add: [conv], addInitializers: [w, b] }
}

/** Whether a convolution is behind the value, with nothing between that leaves the blocked layout. */
function isAfterConv(matching: Matching, value: string): boolean {
  const seen = new Set<string>()
  const open = [value]
  while (open.length > 0 && seen.size < MOST_STEPS) {
    const name = open.pop()!
    const maker = seen.has(name) ? undefined : matching.producer(name)
    seen.add(name)
    if (maker?.opType === 'Conv') return true
    if (maker !== undefined && isOperator(maker, ...PASSED))
      open.push(...maker.input.filter((one) => matching.constant(one) === undefined))
  }
  return false
}
