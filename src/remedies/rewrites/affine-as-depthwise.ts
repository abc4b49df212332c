// Factors and sums with constants between convolutions, and the activation behind them, become a convolution of one tap per channel:
// y = act(x * c + s). The engine keeps values between convolutions in blocks of channels, and leaves that layout at every elementwise
// operator with a constant; a convolution of one channel per group, its activation in it, stays inside. Decomposed HardSwish and the
// scales of reparameterized networks are full of these. onnxruntime/core/optimizer/nchwc_transformer.cc
import type { NodeProto } from 'onnx-buf'
import { floatTensor, node } from '../../graph/build.ts'
import { countByOperator } from '../../rewrite/bypass.ts'
import { floatsOf } from '../../rewrite/floats.ts'
import { foldScales } from '../../rewrite/fold-scales.ts'
import { isOperator, type Matching, type Replacement, rewriteGraphs, withConstant } from '../../rewrite/match.ts'
import { count } from '../../rewrite/node-names.ts'
import { defineRemedy, predictedBy, type RemedyEvidence, rewriteProposal } from '../../rewrite/remedy.ts'
import { sum, timesOf } from '../../rewrite/unfused.ts'

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
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    // What fits into the weights of a convolution beside it costs nothing there.
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

/** All but the longest operator of each chain, whose time stands for the convolution's. */
function savingOf(evidence: RemedyEvidence, folded: readonly NodeProto[], replaced: readonly Replacement[]): number | null {
  if (evidence.profile === undefined) return predictedBy(TREATS, evidence)
  const savings = replaced.map(({ parts }) => {
    const times = timesOf(evidence, parts)
    return times.length === 0 ? 0 : sum(times) - Math.max(...times)
  })
  return Math.min(sum(savings) + sum(timesOf(evidence, folded)), evidence.p50Ms)
}

/** The chain that starts at this node. */
function replace(matching: Matching, start: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  const first = affineOf(matching, start)
  if (first === undefined || follows(matching, first) || !isAfterConv(matching, first.value)) return undefined
  const { channels, value } = first
  const parts: NodeProto[] = []
  const scale = new Float64Array(channels).fill(1)
  const shift = new Float64Array(channels)
  let last: NodeProto | undefined
  for (let step: Affine | undefined = first; step !== undefined; ) {
    for (let c = 0; c < channels; c++) {
      scale[c]! *= step.scale(c)
      shift[c] = shift[c]! * step.scale(c) + step.shift(c)
    }
    last = step.node
    parts.push(last)
    const reader = matching.onlyReader(last)
    step = reader && affineOf(matching, reader)
  }
  const weights = Float32Array.from(scale)
  const biases = Float32Array.from(shift)
  if (![...weights, ...biases].every(Number.isFinite)) return undefined
  const output = last!.output[0]!
  const w = floatTensor(fresh(`${output}_scale`), [channels, 1, 1, 1], weights)
  const b = floatTensor(fresh(`${output}_shift`), [channels], biases)
  const conv = node({ opType: 'Conv', name: fresh(`${output}_affine`) }, [value, w.name, b.name], [output], {
    group: channels,
    kernel_shape: [1, 1],
  })
  return { parts, remove: new Set(parts), add: [conv], addInitializers: [w, b] }
}

interface Affine {
  readonly node: NodeProto
  /** What is multiplied and shifted. */
  readonly value: string
  readonly channels: number
  readonly scale: (channel: number) => number
  readonly shift: (channel: number) => number
}

/** x * c + s with one number or one per channel of a value [N, C, H, W]. */
function affineOf(matching: Matching, one: NodeProto): Affine | undefined {
  const found = withConstant(matching, one, 'Add', 'Sub', 'Mul', 'Div')
  if (found === undefined) return undefined
  const shape = matching.shape(found.value)
  const channels = shape?.[1]
  const constant = matching.constant(found.constant)!
  const numbers = floatsOf(matching, found.constant)
  if (shape?.length !== 4 || typeof channels !== 'number' || channels < LEAST_CHANNELS || numbers === undefined) return undefined
  const isNumber = numbers.length === 1 && constant.shape.length <= 4
  const perChannel = constant.shape.length >= 3 && constant.shape.length <= 4 && constant.shape.at(-3) === channels
  if (!isNumber && !(perChannel && numbers.length === channels)) return undefined
  const at = (channel: number): number => numbers[isNumber ? 0 : channel]!
  const { opType } = one
  return {
    node: one,
    value: found.value,
    channels,
    scale: (channel) => (opType === 'Mul' ? at(channel) : opType === 'Div' ? 1 / at(channel) : 1),
    shift: (channel) => (opType === 'Add' ? at(channel) : opType === 'Sub' ? -at(channel) : 0),
  }
}

/** Whether the node before, read by nobody else, is of the same kind: the chain starts there. */
function follows(matching: Matching, { node: one, value }: Affine): boolean {
  const before = matching.producer(value)
  return before !== undefined && matching.onlyReader(before) === one && affineOf(matching, before) !== undefined
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
