// Normalization of each channel, or group of channels, by its own mean and variance, as the operator that the engine has a kernel for. That
// kernel passes over the numbers of a channel three times while they are in the nearest cache; written in pieces, each of nine operators
// passes over the whole tensor: onnxruntime/core/providers/cpu/nn/instance_norm.cc. GroupNormalization has no kernel on CPUs: the engine
// runs it as the pieces that the standard defines it by, https://onnx.ai/onnx/operators/onnx__GroupNormalization.html.
// Means over a whole sample (global layer normalization, of networks that separate voices) are those of one group of all channels.

import { floatTensor, int64Tensor, node } from '@whyslow/graph/build.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { findNorm, type NormalizedValue, type NormFilter, type NormPattern } from '@whyslow/graph/patterns/norm.ts'
import { byChannel } from '@whyslow/graph/rewrite/affine.ts'
import { isClosed, isOperator, type Matching, numberOf, type Replacement, withConstant } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy, savingOfFusing } from '../kit/rewriting.ts'
import { countRun, isUnfused } from '../kit/unfused.ts'

/** Since when a GroupNormalization has a scale and a bias for each channel; before, for each group. */
const SCALED_BY_CHANNEL = 21
/** Since when BatchNormalization is as it is now, but for its training. */
const FIRST_AS_NOW = 9

export const fuseInstanceNorm = defineRemedy(
  rewritingRemedy({
    id: 'fuse-instance-norm',
    title: 'Normalization of channels or groups in pieces becomes one operator',
    treats: ['slow-normalization', 'unfused-operators', 'memory-bound-operators', 'dispatch-overhead'],
    effect: 'rounding',
    find: (matching, fresh, evidence) =>
      matching.graph.node.flatMap((one) => {
        if (isOperator(one, 'GroupNormalization')) return replaceGroupNorm(matching, one, fresh) ?? []
        const norm = findNorm(matching, one, BY_CHANNEL)
        return norm !== undefined && isUnfused(evidence, norm.anchor) ? (fuse(matching, norm, fresh) ?? []) : []
      }),
    changes: ({ replaced, parts }) =>
      `${count(replaced.length, 'InstanceNormalization')} instead of ${count(parts.length, 'node')}`,
    saving: savingOfFusing,
    took: (executed, { replaced }) => countRun(executed, /InstanceNormalization/) >= replaced.length,
  }),
)

/** The means are over all axes but the first, as in global layer normalization. */
const isOfSample = ({ axes, shape = [] }: NormalizedValue): boolean =>
  shape.length >= 3 && axes.join() === [...shape.keys()].slice(1).join()

/** The axis of channels: the only one other than the first that no mean is taken over; of means over whole samples the second. */
function channelAxis(over: NormalizedValue): number | undefined {
  const { axes, shape } = over
  if (isOfSample(over)) return typeof shape![1] === 'number' ? 1 : undefined
  const rank = shape?.length ?? 0
  const meant = new Set(axes.map((axis) => axisFromFront(axis, rank)))
  const [first, channels, ...others] = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !meant.has(axis))
  const fits = rank >= 3 && first === 0 && others.length === 0 && channels !== undefined
  return fits && typeof shape![channels] === 'number' ? channels : undefined
}

const BY_CHANNEL: NormFilter = { over: (over) => channelAxis(over) !== undefined, takes: isByChannel }

/** One number, or one for each channel. */
function isByChannel(constant: TensorType | undefined, over: NormalizedValue): boolean {
  if (constant === undefined || constant.dtype !== 'float32') return false
  const [rank, channels] = [over.shape!.length, channelAxis(over)!]
  const { shape } = constant
  const count = elementCount(shape)
  if (shape.length > rank) return false
  return count === 1 || (count === over.shape![channels] && shape[channels - rank + shape.length] === count)
}

function fuse(matching: Matching, norm: NormPattern, fresh: (hint: string) => string): Replacement | undefined {
  const { x, axes, parts, last, scale, bias, epsilon } = norm
  const over = { axes, shape: matching.shape(x) }
  const channels = over.shape && channelAxis(over)
  const output = last.output[0]!
  if (channels === undefined || !norm.centred || !isClosed(matching, parts, [output]) || isLayerNorm(matching, norm))
    return undefined
  const added: TensorProto[] = []
  const size = over.shape![channels] as number
  const vector = (name: string | undefined, otherwise: number): string | undefined => {
    if (name !== undefined && !isByChannel(matching.constant(name), over)) return undefined
    const values = name === undefined ? [otherwise] : matching.numbers(name)
    if (values === undefined) return undefined
    const all = Array.from({ length: size }, (_, k) => values[values.length === 1 ? 0 : k]!)
    added.push(floatTensor(fresh(`${output}_${otherwise === 1 ? 'scale' : 'bias'}`), [size], all))
    return added.at(-1)!.name
  }
  const [factors, terms] = [vector(scale, 1), vector(bias, 0)]
  if (factors === undefined || terms === undefined) return undefined

  const name = last.name || output
  if (isOfSample(over)) {
    if (matching.opset < FIRST_AS_NOW || over.shape!.includes(0)) return undefined
    const isScaled = scale !== undefined || bias !== undefined
    const about = { x, output, name, groups: 1, epsilon, ...(isScaled && { byChannel: [factors, terms] as const }) }
    const { add, addInitializers } = inGroups(matching, about, fresh)
    return { parts: [...parts], remove: parts, add, addInitializers: isScaled ? [...added, ...addInitializers] : addInitializers }
  }
  const order = [0, channels, ...over.shape!.map((_, axis) => axis).filter((axis) => axis !== 0 && axis !== channels)]
  const inOrder = order.every((axis, at) => axis === at)
  const [moved, normalized] = inOrder ? [x, output] : [fresh(`${x}_moved`), fresh(`${output}_moved`)]
  const operator = node({ opType: 'InstanceNormalization', name }, [moved, factors, terms], [normalized], {
    epsilon: { float: epsilon },
  })
  const move = (from: string, to: string, perm: readonly number[]) =>
    node({ opType: 'Transpose', name: fresh(`${to}_move`) }, [from], [to], { perm })
  const add = inOrder
    ? [operator]
    : [
        move(x, moved, order),
        operator,
        move(
          normalized,
          output,
          order.map((_, at) => order.indexOf(at)),
        ),
      ]
  return { parts: [...parts], remove: parts, addInitializers: added, add }
}

/** Over the last axis, with factors along it: that is a layer normalization, which has an operator of its own. */
function isLayerNorm(matching: Matching, { axes, scale, last }: NormPattern): boolean {
  const after = scale === undefined && axes.join() === '-1' ? matching.onlyReader(last) : undefined
  return withConstant(matching, after, 'Mul') !== undefined
}

/** As channels of an instance normalization; where factors differ within a group, they go through the numbers once more. */
function replaceGroupNorm(matching: Matching, one: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  const [x, scale, bias] = one.input as [string, string, string]
  const output = one.output[0]!
  const shape = matching.shape(x)
  const [groups, channels] = [numberOf(one, 'num_groups', 0), shape?.[1]]
  if (shape === undefined || shape.length < 3 || typeof channels !== 'number' || groups < 1 || shape.includes(0)) return undefined
  if (matching.dtype(x) !== 'float32') return undefined
  const byGroup = matching.opset < SCALED_BY_CHANNEL || groups === channels
  const scaling = byGroup ? { byGroup: [scale, bias] as const } : { byChannel: [scale, bias] as const }
  const about = { x, output, name: one.name || output, groups, epsilon: numberOf(one, 'epsilon', 1e-5) }
  return { parts: [one], remove: new Set([one]), ...inGroups(matching, { ...about, ...scaling }, fresh) }
}

interface InGroups {
  /** Input of three axes or more, the second of a known size. */
  readonly x: string
  readonly output: string
  readonly name: string
  readonly groups: number
  readonly epsilon: number
  /** Scale and bias. */
  readonly byGroup?: readonly [string, string]
  readonly byChannel?: readonly [string, string]
}

/** Groups of channels as the channels of an instance normalization. */
function inGroups(
  matching: Matching,
  { x, output, name, groups, epsilon, byGroup, byChannel: factors }: InGroups,
  fresh: (hint: string) => string,
): Required<Pick<Replacement, 'add' | 'addInitializers'>> {
  const shape = matching.shape(x)!
  const named = (hint: string) => fresh(`${output}_${hint}`)
  const filled = (size: number, value: number) => floatTensor(named(`all_${value}`), [size], new Float32Array(size).fill(value))
  const toGroups = int64Tensor(named('in_groups'), [3], [0, groups, -1])
  const sizes = asBefore(shape, named('sizes'))
  const [ones, zeros] = [filled(groups, 1), filled(groups, 0)]
  const [grouped, normalized, back, asItWas] = [named('grouped'), named('normalized'), named('back'), named('as_it_was')]
  const scaling = byGroup ?? [ones.name, zeros.name]
  const after = factors && byChannel({ inputs: [back, ...factors], output, channels: shape[1] as number }, fresh)
  const add = [
    node({ opType: 'Reshape', name: grouped }, [x, toGroups.name], [grouped]),
    node({ opType: 'InstanceNormalization', name }, [grouped, ...scaling], [normalized], { epsilon: { float: epsilon } }),
    ...(sizes ? [] : [node({ opType: 'Shape', name: asItWas }, [x], [asItWas])]),
    node({ opType: 'Reshape', name: back }, [normalized, sizes?.name ?? asItWas], [after ? back : output]),
  ]
  return {
    add: after ? [...add, after.add] : add,
    addInitializers: [toGroups, ...(sizes ? [sizes] : []), ...(byGroup ? [] : [ones, zeros]), ...(after?.addInitializers ?? [])],
  }
}

/** What a Reshape makes this shape with: all sizes behind the first known but for one. */
function asBefore(shape: NonNullable<ReturnType<Matching['shape']>>, name: string): TensorProto | undefined {
  const sizes = shape.slice(1).map((size) => (typeof size === 'number' ? size : -1))
  return sizes.filter((size) => size < 0).length > 1 ? undefined : int64Tensor(name, [shape.length], [0, ...sizes])
}
