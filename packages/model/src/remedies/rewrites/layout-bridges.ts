// The engine keeps values between convolutions in blocks of 16 channels (8 with AVX2), and adds within a convolution what lies so, its
// activation with it. Its pooling leaves that layout where the channels fill no whole block, and so do Pad and Concat: a sum with what
// comes out of them is plain, so is all that is added to it further on, and every block of the network converts there and back. A
// convolution of one tap per channel, all ones, brings such a value back: y = x. onnxruntime/core/optimizer/nchwc_transformer.cc

import { floatTensor, node } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { sum } from '@whyslow/graph/rewrite/floats.ts'
import { isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { sameShape } from '@whyslow/graph/rewrite/sizes.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { byProfile, rewritingRemedy } from '../kit/rewriting.ts'
import { timesOf } from '../kit/unfused.ts'

/** Channels that the engine can convert are a multiple of this. */
const ALIGNED = 4
/** What the engine computes in blocks, or puts into the convolution before. */
const ACTIVATIONS = ['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu', 'Clip', 'HardSigmoid']
const POOLING = ['MaxPool', 'AveragePool', 'GlobalMaxPool', 'GlobalAveragePool']

interface Bridged extends Replacement {
  /** Sums and activations that stay in blocks from then on. */
  readonly freed: readonly NodeProto[]
}

export const layoutBridges = defineRemedy(
  rewritingRemedy({
    id: 'layout-bridges',
    title: 'What fell out of the blocked layout comes back to it before it is added',
    treats: ['layout-conversions', 'unfused-operators', 'memory-bound-operators'],
    effect: 'rounding',
    find(matching, fresh, { instructionSets }): readonly Bridged[] {
      // Elsewhere the engine has no such layout.
      if (!instructionSets.some((one) => one.startsWith('avx'))) return []
      return bridges(matching, instructionSets.some((one) => one.startsWith('avx512')) ? 16 : 8, fresh)
    },
    changes({ replaced }) {
      const freed = count(replaced.flatMap((one) => one.freed).length, 'operator')
      return `${count(replaced.length, 'value')} brought back to the layout of convolutions, in which ${freed} stay`
    },
    // Sums and activations go into convolutions; conversions of layout are not in it.
    saving: byProfile((evidence, { replaced }) => {
      const freed = replaced.flatMap((one) => one.freed)
      return Math.min(sum(timesOf(evidence, freed)), evidence.p50Ms)
    }),
  }),
)

/** One for each value; what they free between them is told with the first. */
function bridges(matching: Matching, block: number, fresh: (hint: string) => string): readonly Bridged[] {
  const before = blockedValues(matching, block, () => false)
  const sums: { readonly node: NodeProto; readonly plain: string }[] = []
  const after = blockedValues(matching, block, (one, blocked) => {
    const plain = plainOperand(matching, one, blocked)
    if (plain !== undefined) sums.push({ node: one, plain })
    return plain !== undefined
  })
  const freed = matching.graph.node.filter(({ output: [name = ''] }) => after.has(name) && !before.has(name))
  // A sum that nothing convolves again is as well off outside.
  if (sums.length === 0 || !freed.some(({ output }) => readByConv(matching, output[0]!, block))) return []
  return sums.map((one, k) => ({ ...bridged(matching, one, fresh), freed: k === 0 ? freed : [] }))
}

const readByConv = (matching: Matching, name: string, block: number): boolean =>
  matching.readers(name).some((one) => isBlockedConv(matching, one, block))

/** The operand that is not in blocks, of a sum with what a convolution gives to nobody else. */
function plainOperand(matching: Matching, one: NodeProto, blocked: ReadonlySet<string>): string | undefined {
  if (!isOperator(one, 'Add', 'Sum') || one.input.length !== 2) return undefined
  const [conv, plain] = blocked.has(one.input[0]!) ? one.input : [one.input[1]!, one.input[0]!]
  const maker = matching.producer(conv)
  if (conv === undefined || plain === undefined || !blocked.has(conv) || blocked.has(plain)) return undefined
  if (!isOperator(maker, 'Conv') || matching.onlyReader(maker) !== one || matching.constant(plain) !== undefined) return undefined
  const shape = matching.shape(plain)
  const channels = shape?.[1]
  const fits = shape?.length === 4 && typeof channels === 'number' && channels % ALIGNED === 0
  return fits && sameShape(shape, matching.shape(conv)) ? plain : undefined
}

function bridged(
  matching: Matching,
  { node: one, plain }: { readonly node: NodeProto; readonly plain: string },
  fresh: (hint: string) => string,
): Replacement {
  const channels = matching.shape(plain)![1] as number
  const ones = floatTensor(fresh(`${plain}_ones`), [channels, 1, 1, 1], new Float32Array(channels).fill(1))
  const output = fresh(`${plain}_blocked`)
  const attributes = { group: channels, kernel_shape: [1, 1] }
  const bridge = node({ opType: 'Conv', name: fresh(`${plain}_bridge`) }, [plain, ones.name], [output], attributes)
  const input = one.input.map((name) => (name === plain ? output : name))
  return { parts: [one], remove: new Set([one]), add: [bridge, copyWith(one, { input })], addInitializers: [ones] }
}

/** Values that are in blocks while the engine runs the graph; `isBridged` is asked of each sum that would not be among them. */
function blockedValues(
  matching: Matching,
  block: number,
  isBridged: (one: NodeProto, blocked: ReadonlySet<string>) => boolean,
): ReadonlySet<string> {
  const blocked = new Set<string>()
  for (const one of matching.graph.node) {
    const [output = ''] = one.output
    if (output !== '' && (staysBlocked(matching, one, block, blocked) || isBridged(one, blocked))) blocked.add(output)
  }
  return blocked
}

function staysBlocked(matching: Matching, one: NodeProto, block: number, blocked: ReadonlySet<string>): boolean {
  const isIn = one.input.length > 0 && one.input.every((name) => blocked.has(name))
  const fills = () => one.input.every((name) => isMultiple(matching.shape(name)?.[1], block))
  if (isOperator(one, 'Conv')) return isBlockedConv(matching, one, block)
  if (isOperator(one, 'Add', 'Sum', 'Mul'))
    return isIn && one.input.every((name) => sameShape(matching.shape(name), matching.shape(one.input[0])))
  if (isOperator(one, ...POOLING)) return isIn && one.output.length === 1 && fills()
  if (isOperator(one, 'Concat')) return isIn && numberOf(one, 'axis', 0) === 1 && fills()
  return isOperator(one, ...ACTIVATIONS, 'BatchNormalization') && blocked.has(one.input[0]!)
}

/** A convolution of images with constant weights, as the engine takes it into blocks. */
function isBlockedConv(matching: Matching, one: NodeProto, block: number): boolean {
  if (!isOperator(one, 'Conv') || matching.dtype(one.input[1]) !== 'float32') return false
  const weights = matching.constant(one.input[1])
  if (weights === undefined || weights.shape.length !== 4) return false
  const [outputs = 0, perGroup = 0] = weights.shape
  const groups = numberOf(one, 'group', 1)
  if (groups === 1) return perGroup < block || isMultiple(perGroup, ALIGNED)
  if (!isMultiple(outputs, ALIGNED)) return false
  return perGroup === 1 ? outputs === groups : isMultiple(perGroup, block) && isMultiple(outputs / groups, block)
}

const isMultiple = (size: unknown, of: number): boolean => typeof size === 'number' && size % of === 0
