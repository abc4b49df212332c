// A convolution over one axis is one over two whose first has size 1. ONNX Runtime's kernels in the blocked layout take images alone
// (core/optimizer/nchwc_transformer.cc asks for rank 4), and so does the fast way to lay patches out as a matrix: what has one axis
// goes the general way (core/mlas/lib/convolve.cpp, MlasConvVol2Col).
// The same kernels take channels in fours (or fewer than they work on at once): where 129 come in, as many as a spectrum of 256 samples
// has, three of zeros are added to them, with zeros as their weights.
// Whatever stands between and behind such convolutions and does not care for the additional axis is computed with it.
// https://onnx.ai/onnx/operators/onnx__Conv.html

import { attribute, floatTensor, int64Tensor, node } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { elementwiseInput } from '@whyslow/graph/rewrite/elementwise.ts'
import { floatsOf } from '@whyslow/graph/rewrite/floats.ts'
import { intsOf, isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import type { AttributeProto, NodeProto, TensorProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy } from '../kit/rewriting.ts'

export const conv1dAsConv2d = defineRemedy(
  rewritingRemedy({
    id: 'conv1d-as-conv2d',
    title: 'One-dimensional convolutions run as two-dimensional ones',
    treats: ['compute-bound-operators', 'memory-bound-operators'],
    effect: 'rounding',
    find(matching, fresh) {
      const lifts = worthLifting(matching, liftable(matching))
      return lifts.size === 0 ? [] : [lift(matching, lifts, fresh)]
    },
    changes({ parts }) {
      const convolutions = parts.filter(({ opType }) => opType === 'Conv').length
      const behind = parts.length - convolutions
      const along = behind === 0 ? '' : `, with ${count(behind, 'operator')} between and after them`
      return `${count(convolutions, 'convolution')} over one axis computed over two${along}`
    },
    // How much slower the general way is depends on the sizes and the machine.
    saving: () => null,
  }),
)

/** The place of the additional axis, in [N, C, 1, L]. */
const AXIS = 2

/** How a node computes the same with the additional axis. */
interface Lift {
  readonly node: NodeProto
  /** Inputs that get the axis; by index. */
  readonly values: readonly number[]
  /** Constant inputs that get it. */
  readonly constants: readonly number[]
  readonly attributes: readonly AttributeProto[]
}

type Lifts = ReadonlyMap<NodeProto, Lift>

/**
 * Convolutions with constant weights over one axis, and what can follow them with the additional axis; in the order of the graph.
 * Windows of one position only follow: those are products of matrices as they are, and gain nothing.
 */
function liftable(matching: Matching): Lifts {
  const lifts = new Map<NodeProto, Lift>()
  const isLifted = (name: string) => {
    const maker = matching.producer(name)
    return maker !== undefined && lifts.has(maker) && maker.output[0] === name
  }
  for (const one of matching.graph.node) {
    const found = liftOf(matching, one, isLifted)
    if (found !== undefined) lifts.set(one, found)
  }
  return lifts
}

function liftOf(matching: Matching, node: NodeProto, isLifted: (name: string) => boolean): Lift | undefined {
  if (node.output.slice(1).some((name) => name !== '')) return undefined
  const isBehind = isLifted(node.input[0] ?? '')
  if (isOperator(node, 'Conv')) {
    const weights = matching.constant(node.input[1])
    if (weights?.dtype !== 'float32' || weights.shape.length !== 3 || matching.constant(node.input[0])) return undefined
    if (weights.shape[2] === 1 && !isBehind) return undefined
    return { node, values: [0], constants: [1], attributes: withAxis(node) }
  }
  if (isBehind && isOperator(node, 'MaxPool', 'AveragePool') && intsOf(node, 'kernel_shape')?.length === 1) {
    return { node, values: [0], constants: [], attributes: withAxis(node) }
  }
  if (isBehind && isOperator(node, 'BatchNormalization', 'GlobalAveragePool', 'GlobalMaxPool')) {
    return { node, values: [0], constants: [], attributes: node.attribute }
  }
  if (isOperator(node, 'Concat') && node.input.every(isLifted)) {
    return { node, values: [...node.input.keys()], constants: [], attributes: [attribute('axis', axisAmongFour(node))] }
  }
  const alone = elementwiseInput(matching, node)
  if (alone !== undefined) {
    return isLifted(node.input[alone]!) ? { node, values: [alone], constants: [], attributes: node.attribute } : undefined
  }
  return isOperator(node, 'Add', 'Sub', 'Mul', 'Div', 'PRelu') && matching.opset >= 7
    ? liftOfBroadcast(matching, node, isLifted)
    : undefined
}

/** Operands of rank 3 and constants that are broadcast to them. */
function liftOfBroadcast(matching: Matching, node: NodeProto, isLifted: (name: string) => boolean): Lift | undefined {
  const indices = [...node.input.keys()]
  const values = indices.filter((index) => isLifted(node.input[index]!))
  const rest = indices
    .filter((index) => !values.includes(index))
    .map((index) => ({ index, ...matching.constant(node.input[index]) }))
  if (values.length === 0 || (node.opType === 'PRelu' && values[0] !== 0)) return undefined
  if (rest.some(({ dtype, shape }) => dtype !== 'float32' || shape!.length > 3)) return undefined
  // Up to rank 1 a constant lies along the last axis, with the additional axis as without.
  const constants = rest.filter(({ shape }) => shape!.length > 1).map(({ index }) => index)
  return { node, values, constants, attributes: node.attribute }
}

/** What a window says of one axis, said of two. */
function withAxis(node: NodeProto): AttributeProto[] {
  return node.attribute.map((one) => {
    const given = intsOf(node, one.name)
    if (given === undefined) return one
    if (one.name === 'pads') return attribute('pads', [0, given[0]!, 0, given[1]!])
    return ['kernel_shape', 'strides', 'dilations'].includes(one.name) ? attribute(one.name, [1, ...given]) : one
  })
}

function axisAmongFour(node: NodeProto): number {
  const axis = numberOf(node, 'axis', 1)
  const counted = axisFromFront(axis, 3)
  return counted < AXIS ? counted : counted + 1
}

/**
 * The convolutions, what leads from one to another, and what is the only reader behind one: the engine computes that with it. The
 * others would only need more operators that take the axis away again.
 */
function worthLifting(matching: Matching, all: Lifts): Lifts {
  const worth = new Set<NodeProto>()
  for (const one of [...all.keys()].reverse()) {
    if (isWide(matching, one) || matching.readers(one.output[0]!).some((reader) => worth.has(reader))) worth.add(one)
  }
  for (const [one, { values }] of all) {
    const makers = values.map((index) => matching.producer(one.input[index]))
    if (makers.every((maker) => maker !== undefined && worth.has(maker) && matching.onlyReader(maker) === one)) worth.add(one)
  }
  return new Map([...all].filter(([one]) => worth.has(one)))
}

const isWide = ({ constant }: Matching, node: NodeProto) => node.opType === 'Conv' && constant(node.input[1])!.shape[2]! > 1

function lift(matching: Matching, lifts: Lifts, fresh: (hint: string) => string): Replacement {
  const add: NodeProto[] = []
  const addInitializers: TensorProto[] = []
  /** Names with the additional axis, of values and constants. */
  const lifted = new Map<string, string>()
  const axes = matching.opset < 13 ? '' : fresh('additional_axis')
  const change = (opType: string, from: string, to: string) => {
    const name = fresh(`${to}_${opType.toLowerCase()}`)
    add.push(node({ opType, name }, axes === '' ? [from] : [from, axes], [to], axes === '' ? { axes: [AXIS] } : {}))
  }
  const named = (name: string, make: (lifted: string) => void) => {
    if (!lifted.has(name)) {
      lifted.set(name, fresh(`${name}_2d`))
      make(lifted.get(name)!)
    }
    return lifted.get(name)!
  }
  const constant = (name: string, filled = 0) =>
    named(filled === 0 ? name : filledName(name), (to) => {
      const { shape } = matching.constant(name)!
      const weights = withZeros(floatsOf(matching, name)!, shape, filled)
      addInitializers.push(floatTensor(to, [...weights.shape.slice(0, -1), 1, ...shape.slice(-1)], weights.values))
    })
  const filling = (name: string, missing: number) =>
    named(filledName(name), (to) => {
      const { nodes, initializers } = padChannels(name, to, missing, matching.opset < 11 ? '' : fresh('zero_channels'))
      add.push(...nodes)
      addInitializers.push(...initializers)
    })
  for (const { node: one, values, constants, attributes } of lifts.values()) {
    const missing = missingChannels(matching, one)
    const input = one.input.map((name, index) => {
      if (values.includes(index)) {
        const value = named(name, (to) => change('Unsqueeze', name, to))
        return missing === 0 ? value : filling(value, missing)
      }
      return constants.includes(index) ? constant(name, missing) : name
    })
    const output = one.output[0]!
    const made = fresh(`${output}_2d`)
    lifted.set(output, made)
    add.push(copyWith(one, { input, output: [made], attribute: [...attributes] }))
    const isReadAsItWas = matching.isOutput(output) || matching.readers(output).some((reader) => !lifts.has(reader))
    if (isReadAsItWas) change('Squeeze', made, output)
  }
  if (axes !== '') addInitializers.push(int64Tensor(axes, [1], [AXIS]))
  const parts = [...lifts.keys()]
  return { parts, remove: new Set(parts), add, addInitializers }
}

/** Below this many, the additional ones take as long as the better kernel saves. */
const FILLED_FROM = 64
const CHANNELS_AT_ONCE = 4

/** Channels of zeros that a convolution needs in addition to those it reads for the blocked kernels to take it. */
function missingChannels(matching: Matching, one: NodeProto): number {
  if (!isWide(matching, one) || numberOf(one, 'group', 1) !== 1) return 0
  const channels = matching.constant(one.input[1])!.shape[1]!
  return channels < FILLED_FROM ? 0 : (CHANNELS_AT_ONCE - (channels % CHANNELS_AT_ONCE)) % CHANNELS_AT_ONCE
}

/** One name for a value or weights with channels of zeros, which others may read without. */
const filledName = (name: string): string => `${name}_filled`

/** Weights [M, C, k] with further input channels of zeros. */
function withZeros(values: Float32Array, shape: readonly number[], missing: number) {
  if (missing === 0) return { values, shape }
  const [outer, channels, window] = shape as [number, number, number]
  const filled = new Float32Array(outer * (channels + missing) * window)
  const size = channels * window
  for (let m = 0; m < outer; m++) filled.set(values.subarray(m * size, (m + 1) * size), m * (channels + missing) * window)
  return { values: filled, shape: [outer, channels + missing, window] }
}

/** `pads`: the name of an initializer for them; '' where they are an attribute. */
function padChannels(name: string, to: string, missing: number, pads: string) {
  const sizes = [0, 0, 0, 0, 0, missing, 0, 0]
  const head = { opType: 'Pad', name: to }
  if (pads === '') return { nodes: [node(head, [name], [to], { pads: sizes })], initializers: [] }
  return { nodes: [node(head, [name, pads], [to])], initializers: [int64Tensor(pads, [8], sizes)] }
}
