// Scales and shifts behind a linear operator go into its weights: (W x + b) s + t = (s W) x + (s b + t), worked out in float64.
// What folds: BatchNormalization in its inference form, and Mul, Div, Add, Sub with one number for each channel.

import { attributeOf, numberOf } from '@whyslow/graph/attributes.ts'
import { node as makeNode } from '@whyslow/graph/build.ts'
import { type ConstantData, float32s } from '@whyslow/graph/builder/constant-data.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { NodeProto } from 'onnx-buf'
import type { Workbench } from './workbench.ts'

/** x becomes x · scale + shift, channel by channel. */
interface Affine {
  readonly scale: Float64Array
  readonly shift: Float64Array
}

/** A linear node, and where in its weights an output channel stands. */
interface Linear {
  readonly node: NodeProto
  readonly weights: ConstantData
  readonly channels: number
  /** Channel of a weight, given its place in memory. */
  readonly channelAt: (index: number) => number
  /** The axis of the result that the channels are. */
  readonly axis: number
  /** Bias of a Conv or Gemm; undefined if it has none. */
  readonly bias: ConstantData | undefined
}

/** The nodes with what follows linear ones folded into them. Values in between must be read once and be no output. */
export function foldAffine(bench: Workbench, nodes: readonly NodeProto[]): NodeProto[] {
  const uses = bench.uses(nodes)
  const readers = new Map<string, NodeProto>()
  for (const node of nodes) for (const name of node.input) readers.set(name, node)
  const gone = new Set<NodeProto>()
  const inPlace = new Map<NodeProto, readonly NodeProto[]>()
  for (const node of nodes) {
    if (gone.has(node)) continue
    const linear = linearOf(bench, node)
    if (linear === undefined) continue
    const chain: { readonly node: NodeProto; readonly affine: Affine }[] = []
    for (let at = node; ; ) {
      const output = at.output[0]!
      const next = uses.get(output) === 1 && !bench.outputs.has(output) ? readers.get(output) : undefined
      const affine = next && affineOf(bench, next, output, linear)
      if (next === undefined || affine === undefined) break
      chain.push({ node: next, affine })
      at = next
    }
    // A MatMul's bias is an Add already: there is something to fold only where a scale comes.
    const scales = chain.some(({ affine }) => affine.scale.some((one) => one !== 1))
    if (chain.length === 0 || (node.opType === 'MatMul' && !scales && chain.length === 1)) continue
    const folded = withAffine(bench, linear, {
      affine: together(chain.map(({ affine }) => affine)),
      output: chain.at(-1)!.node.output[0]!,
    })
    if (folded === undefined) continue
    for (const one of chain) gone.add(one.node)
    inPlace.set(node, folded)
  }
  return nodes.filter((node) => !gone.has(node)).flatMap((node) => inPlace.get(node) ?? [node])
}

function together(chain: readonly Affine[]): Affine {
  return chain.reduce((first, then) => ({
    scale: first.scale.map((scale, channel) => scale * then.scale[channel]!),
    shift: first.shift.map((shift, channel) => shift * then.scale[channel]! + then.shift[channel]!),
  }))
}

function linearOf(bench: Workbench, node: NodeProto): Linear | undefined {
  const weights = bench.constantOf(node.input[1] ?? '')
  if (node.domain !== '' || weights?.dtype !== 'float32') return undefined
  const rank = bench.typeOf(node.output[0]!)?.shape.length
  if (rank === undefined) return undefined
  const { shape } = weights
  const biasName = node.input[2] ?? ''
  const bias = biasName === '' ? undefined : bench.constantOf(biasName)
  if (biasName !== '' && bias?.dtype !== 'float32') return undefined
  const along = (axis: number): Pick<Linear, 'channels' | 'channelAt'> => {
    const step = elementCount(shape.slice(axis + 1))
    return { channels: shape[axis]!, channelAt: (index) => Math.floor(index / step) % shape[axis]! }
  }
  switch (node.opType) {
    case 'Conv':
      return { node, weights, bias, axis: 1, ...along(0) }
    case 'ConvTranspose':
      return numberOf(node, 'group', 1) === 1 ? { node, weights, bias, axis: 1, ...along(1) } : undefined
    case 'Gemm': {
      const plain = (attributeOf(node, 'alpha') ?? 1) === 1 && (attributeOf(node, 'beta') ?? 1) === 1
      const fits = bias === undefined || bias.shape.length === 1
      return plain && fits ? { node, weights, bias, axis: 1, ...along(numberOf(node, 'transB', 0) === 1 ? 0 : 1) } : undefined
    }
    case 'MatMul':
      return shape.length === 2 ? { node, weights, bias: undefined, axis: rank - 1, ...along(1) } : undefined
    default:
      return undefined
  }
}

/** What `node` does with `value`, channel by channel along the linear node's axis; undefined if it does something else. */
function affineOf(bench: Workbench, node: NodeProto, value: string, { channels, axis }: Linear): Affine | undefined {
  if (node.domain !== '') return undefined
  const ones = new Float64Array(channels).fill(1)
  const zeros = new Float64Array(channels)
  if (node.opType === 'BatchNormalization') return axis === 1 ? normalization(bench, node, channels) : undefined
  const place = node.input.indexOf(value)
  const other = node.input[1 - place]
  if (!['Mul', 'Add', 'Div', 'Sub'].includes(node.opType) || other === undefined) return undefined
  const rank = bench.typeOf(value)?.shape.length ?? 0
  const numbers = perChannel(bench.constantOf(other), { channels, axis, rank })
  if (numbers === undefined) return undefined
  if (node.opType === 'Mul') return { scale: numbers, shift: zeros }
  if (node.opType === 'Add') return { scale: ones, shift: numbers }
  if (place !== 0) return undefined
  if (node.opType === 'Sub') return { scale: ones, shift: numbers.map((one) => -one) }
  return { scale: numbers.map((one) => 1 / one), shift: zeros }
}

/** One number for each channel, of a constant that is broadcast against a value of this rank; undefined if it varies along other axes. */
function perChannel(
  constant: ConstantData | undefined,
  { channels, axis, rank }: { readonly channels: number; readonly axis: number; readonly rank: number },
): Float64Array | undefined {
  if (constant?.dtype !== 'float32' || constant.shape.length > rank) return undefined
  const shape = [...new Array<number>(rank - constant.shape.length).fill(1), ...constant.shape]
  if (shape.some((size, k) => size !== 1 && k !== axis)) return undefined
  const data = constant.data as Float32Array
  if (data.length === 1) return new Float64Array(channels).fill(data[0]!)
  return data.length === channels ? Float64Array.from(data) : undefined
}

function normalization(bench: Workbench, node: NodeProto, channels: number): Affine | undefined {
  const given = node.input.slice(1).map((name) => bench.constantOf(name))
  if (given.length !== 4 || given.some((one) => one?.dtype !== 'float32' || one.data.length !== channels)) return undefined
  if (numberOf(node, 'training_mode', 0) !== 0) return undefined
  const [gamma, beta, mean, variance] = given.map((one) => one!.data as Float32Array) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const epsilon = attributeOf(node, 'epsilon')
  const scale = Float64Array.from(
    gamma,
    (one, channel) => one / Math.sqrt(variance[channel]! + (typeof epsilon === 'number' ? epsilon : 1e-5)),
  )
  return { scale, shift: scale.map((one, channel) => beta[channel]! - mean[channel]! * one) }
}

/** The linear node that does the rest, too; a MatMul with an Add behind it. Undefined if a number would be none any more. */
function withAffine(
  bench: Workbench,
  linear: Linear,
  { affine, output }: { readonly affine: Affine; readonly output: string },
): readonly NodeProto[] | undefined {
  const { node, bias, channels } = linear
  const { scale, shift } = affine
  const before = bias === undefined ? undefined : (bias.data as Float32Array)
  const moved = Float32Array.from({ length: channels }, (_, channel) => {
    return (before?.[before.length === 1 ? 0 : channel] ?? 0) * scale[channel]! + shift[channel]!
  })
  if (!moved.every(Number.isFinite) || !staysFinite(linear, scale)) return undefined
  const weightName = scale.every((one) => one === 1) ? node.input[1]! : scaledWeights(bench, linear, scale)
  const biasName = bench.addConstant(`${node.name}/bias`, float32s([channels], moved))
  if (node.opType !== 'MatMul') return [bench.changed(node, { input: [node.input[0]!, weightName, biasName], output: [output] })]
  const product = bench.changed(node, { input: [node.input[0]!, weightName] })
  if (moved.every((one) => one === 0)) return [bench.changed(product, { output: [output] })]
  const sum = makeNode({ opType: 'Add', name: `${node.name}/Add` }, [node.output[0]!, biasName], [output])
  return [product, bench.madeLike(node, sum)]
}

function staysFinite({ weights, channelAt }: Linear, scale: Float64Array): boolean {
  return (weights.data as Float32Array).every((weight, index) => Number.isFinite(Math.fround(weight * scale[channelAt(index)]!)))
}

/** If nothing else has these weights, they are scaled in place: a whole model would be in memory twice. */
function scaledWeights(bench: Workbench, { node, weights, channelAt }: Linear, scale: Float64Array): string {
  const name = node.input[1]!
  const data = weights.data as Float32Array<ArrayBuffer>
  const owned = bench.isOnlyHere(name)
  const scaled = owned ? data : new Float32Array(data.length)
  for (let index = 0; index < data.length; index++) scaled[index] = data[index]! * scale[channelAt(index)]!
  return owned ? name : bench.addConstant(`${name}/folded`, float32s(weights.shape, scaled))
}
