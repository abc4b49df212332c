// Shapes, slices and products in a functional graph. keras/src/ops/{numpy,core,nn,math}.py

import { cast, scalar, where } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import {
  concat,
  equalSizes,
  expand,
  fullLike,
  gather,
  partSizes,
  reshape,
  reshapeTo,
  sizesAsRun,
  sliceFrom,
  sliceFromAsRun,
  split,
  squeeze,
  takeEntry,
  unsqueeze,
  withRemainder,
} from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { gatherAt } from '../../tensorflow/batched-gather.ts'
import { transpose } from '../../tensorflow/layout.ts'
import { dtypeIn, isList, isTensor, wholesIn } from '../arguments.ts'
import { getItem } from './get-item.ts'
import {
  alikeOf,
  asTensor,
  axesIn,
  axisIn,
  checkedAxis,
  knownSize,
  type Operation,
  tensor,
  type WriteOperation,
} from './operation.ts'

export const shapes: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ['GetItem', getItem],
  ['Reshape', reshaped],
  ['Ravel', (op) => reshapeOrRefuse(op, tensor(op, 0), [-1])],
  [
    'Transpose',
    (op) => {
      const x = tensor(op, 0)
      const axes = axesIn(op, x.shape.length, 'axes') ?? x.shape.map((_, k) => x.shape.length - 1 - k)
      return transpose(op.builder, x, axes)
    },
  ],
  [
    'Swapaxes',
    (op) => {
      const x = tensor(op, 0)
      const [one, other] = ['axis1', 'axis2'].map((key) => axisIn(op, x.shape.length, { key })) as [number, number]
      return transpose(
        op.builder,
        x,
        x.shape.map((_, k) => (k === one ? other : k === other ? one : k)),
      )
    },
  ],
  ['Moveaxis', moved],
  [
    'ExpandDims',
    (op) => {
      const x = tensor(op, 0)
      const axes = wholesIn(op.settings.axis) ?? []
      return unsqueeze(
        op.builder,
        x,
        axes.map((axis) => checkedAxis(op, axis, x.shape.length + axes.length)),
      )
    },
  ],
  [
    'Squeeze',
    (op) => {
      const x = tensor(op, 0)
      const ones = x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []))
      return squeeze(op.builder, x, axesIn(op, x.shape.length) ?? ones)
    },
  ],
  [
    'Concatenate',
    (op) => {
      const parts = tensorList(op)
      return concat(op.builder, parts, axisIn(op, parts[0]!.shape.length, { fallback: -1 }))
    },
  ],
  [
    'Stack',
    (op) => {
      const parts = tensorList(op)
      const axis = axisIn(op, parts[0]!.shape.length + 1, { fallback: 0 })
      return concat(
        op.builder,
        parts.map((part) => unsqueeze(op.builder, part, [axis])),
        axis,
      )
    },
  ],
  [
    'Append',
    (op) => {
      const parts = alikeOf(op, op.args.slice(0, 2))
      const all = op.settings.axis === undefined || op.settings.axis === null
      const given = all ? parts.map((part) => reshapeOrRefuse(op, part, [-1])) : parts
      return concat(op.builder, given, all ? 0 : axisIn(op, parts[0]!.shape.length))
    },
  ],
  [
    'Hstack',
    (op) => {
      const parts = tensorList(op).map((part) => (part.shape.length === 0 ? unsqueeze(op.builder, part, [0]) : part))
      return concat(op.builder, parts, parts[0]!.shape.length === 1 ? 0 : 1)
    },
  ],
  // Also of vectors, in the shape that Keras itself expects; NumPy would stack these as rows.
  ['Vstack', (op) => concat(op.builder, tensorList(op), 0)],
  [
    'Dstack',
    (op) => {
      const given = tensorList(op).map((part) => {
        const { length } = part.shape
        return unsqueeze(op.builder, part, length === 0 ? [0, 1, 2] : length === 1 ? [0, 2] : length === 2 ? [2] : [])
      })
      return concat(op.builder, given, 2)
    },
  ],
  ['GatherNd', gatheredByPlace],
  ['Split', (op) => splitted(op)],
  ['ArraySplit', (op) => splitted(op, { uneven: true })],
  ['Vsplit', (op) => splitted(op, { along: 0 })],
  ['Hsplit', (op) => splitted(op, { along: tensor(op, 0).shape.length === 1 ? 0 : 1 })],
  ['Dsplit', (op) => splitted(op, { along: 2 })],
  [
    'Unstack',
    (op) => {
      const x = tensor(op, 0)
      const axis = axisIn(op, x.shape.length, { fallback: 0 })
      const count = op.settings.num ?? knownSize(op, x, axis)
      if (typeof count !== 'number') throw op.refuse('has as many results as the model computes')
      return Array.from({ length: count }, (_, index) => takeEntry(op.builder, x, { axis, index }))
    },
  ],
  ['Take', taken],
  [
    'TakeAlongAxis',
    (op) => {
      const [x, indices] = [tensor(op, 0), tensor(op, 1)]
      return op.builder.op(
        'GatherElements',
        [x, indices],
        { dtype: x.dtype, shape: indices.shape },
        { axis: axisIn(op, x.shape.length) },
      )
    },
  ],
  [
    'BroadcastTo',
    (op) => {
      const x = tensor(op, 0)
      const sizes = wholesIn(op.settings.shape)
      if (sizes === undefined) throw op.refuse('is broadcast to a shape that is not known')
      return expand(op.builder, x, op.builder.ints(sizes), sizes)
    },
  ],
  [
    'Cast',
    (op) => {
      const dtype = dtypeIn(op.settings.dtype)
      if (dtype === undefined) throw op.refuse(`casts to ${JSON.stringify(op.settings.dtype ?? null)}, which is not known`)
      return cast(op.builder, tensor(op, 0), dtype)
    },
  ],
  ...['StopGradient', 'Copy', 'ConvertToTensor', 'Array'].map((name): [string, WriteOperation] => [
    name,
    (op) => {
      const dtype = dtypeIn(op.settings.dtype)
      return dtype === undefined ? tensor(op, 0) : cast(op.builder, tensor(op, 0), dtype)
    },
  ]),
  ['EmptyLike', (op) => fullLike(op.builder, tensor(op, 0), scalar(op.builder, likeType(op), 0))],
  ['ZerosLike', (op) => fullLike(op.builder, tensor(op, 0), scalar(op.builder, likeType(op), 0))],
  ['OnesLike', (op) => fullLike(op.builder, tensor(op, 0), scalar(op.builder, likeType(op), 1))],
  ['FullLike', (op) => fullLike(op.builder, tensor(op, 0), cast(op.builder, tensor(op, 1, likeType(op)), likeType(op)))],
  [
    'Where',
    (op) => {
      const condition = cast(op.builder, tensor(op, 0), 'bool')
      const [a, b] = alikeOf(op, op.args.slice(1, 3))
      if (a === undefined || b === undefined) throw op.refuse('is called without what it chooses from')
      return where(op.builder, condition, a, b)
    },
  ],
  [
    'Slice',
    (op) => {
      const [x, starts, sizes] = [tensor(op, 0), wholesIn(op.args[1]), wholesIn(op.settings.shape)]
      if (sizes === undefined) throw op.refuse('has a shape that is not known')
      if (starts === undefined) {
        const begin = cast(op.builder, asTensor(op, op.args[1], 'int64'), 'int64')
        return sliceFromAsRun(op.builder, x, { starts: begin, sizes: op.builder.ints(sizes), shape: sizes })
      }
      return sliceFrom(op.builder, x, starts, sizes)
    },
  ],
  [
    'Size',
    (op) => {
      const x = tensor(op, 0)
      return cast(op.builder, op.builder.op('Size', [x], { dtype: 'int64', shape: [] }), dtypeIn(op.settings.dtype) ?? 'int32')
    },
  ],
  ['Shape', (op) => cast(op.builder, sizesAsRun(op.builder, tensor(op, 0)), dtypeIn(op.settings.dtype) ?? 'int32')],
])

/** The tensors of a list, of one type. */
function tensorList(op: Operation): Value[] {
  const [given] = op.args
  const list = isList(given) ? given : op.args
  const parts = alikeOf(op, list)
  if (parts.length === 0) throw op.refuse('is called without tensors')
  return parts
}

function reshaped(op: Operation): Value {
  const wanted = op.settings.newshape
  const sizes = wholesIn(wanted)
  const x = tensor(op, 0)
  if (sizes !== undefined) return reshapeOrRefuse(op, x, sizes)
  // Sizes that the model computes (tf.shape(x)[0]) among others.
  const parts = isTensor(wanted) ? [wanted] : isList(wanted) ? wanted.map((size) => asTensor(op, size, 'int64')) : undefined
  if (parts === undefined) throw op.refuse('has a shape that is not known')
  const lists = parts.map((part) => cast(op.builder, part.shape.length === 0 ? unsqueeze(op.builder, part, [0]) : part, 'int64'))
  const list = concat(op.builder, lists, 0)
  const rank = typeof list.shape[0] === 'number' ? list.shape[0] : undefined
  if (rank === undefined) throw op.refuse('has a shape of unknown length')
  const shape = isList(wanted)
    ? wanted.map((size): Dimension => (typeof size === 'number' && size >= 0 ? size : null))
    : new Array(rank).fill(null)
  return reshapeTo(op.builder, x, list, shape)
}

/** -1 means what remains. */
export function reshapeOrRefuse(op: Operation, x: Value, sizes: readonly number[]): Value {
  if (sizes.filter((size) => size < 0).length > 1) throw op.refuse(`has two sizes left open in ${JSON.stringify(sizes)}`)
  const shape = withRemainder(x.shape, sizes)
  if (shape === undefined) throw op.refuse(`makes ${sizes.join('x')} of ${x.shape.join('x')}`)
  return reshape(op.builder, x, shape)
}

function moved(op: Operation): Value {
  const x = tensor(op, 0)
  const rank = x.shape.length
  const [from, to] = [axesIn(op, rank, 'source') ?? [], axesIn(op, rank, 'destination') ?? []]
  const rest = x.shape.map((_, k) => k).filter((axis) => !from.includes(axis))
  const permutation = x.shape.map((_, k) => (to.includes(k) ? from[to.indexOf(k)]! : rest.shift()!))
  return transpose(op.builder, x, permutation)
}

/** Into equal parts, or before the places that a list tells. */
function splitted(op: Operation, { along, uneven = false }: { along?: number; uneven?: boolean } = {}): readonly Value[] {
  const x = tensor(op, 0)
  const axis = along ?? axisIn(op, x.shape.length, { fallback: 0 })
  const size = knownSize(op, x, axis)
  const told = wholesIn(op.settings.indices_or_sections)
  const sizes = wholesIn(op.settings.sizes)
  const parted = sizes && partSizes(size, sizes)
  if (parted !== undefined) return split(op.builder, x, parted, axis)
  if (told === undefined) throw op.refuse('splits at places that are not known')
  if (isList(op.settings.indices_or_sections)) {
    const bounds = [0, ...told.map((place) => (place < 0 ? place + size : Math.min(place, size))), size]
    return split(
      op.builder,
      x,
      bounds.slice(1).map((bound, k) => Math.max(bound - bounds[k]!, 0)),
      axis,
    )
  }
  const [parts] = told
  if (uneven && parts) {
    const sizesOfAll = Array.from({ length: parts }, (_, k) => Math.floor(size / parts) + (k < size % parts ? 1 : 0))
    return split(op.builder, x, sizesOfAll, axis)
  }
  const equal = equalSizes(size, parts ?? 0)
  if (equal === undefined) throw op.refuse(`splits ${size} into ${parts} parts`)
  return split(op.builder, x, equal, axis)
}

function taken(op: Operation): Value {
  const x = tensor(op, 0)
  const indices = tensor(op, 1, 'int32')
  const all = op.settings.axis === undefined || op.settings.axis === null
  const whole = indices.dtype.startsWith('float') ? cast(op.builder, indices, 'int32') : indices
  return gather(op.builder, all ? reshapeOrRefuse(op, x, [-1]) : x, whole, all ? 0 : axisIn(op, x.shape.length))
}

/** TensorFlow's gather_nd: the last axis of the indices tells a place in the tensor's first axes. */
function gatheredByPlace(op: Operation): Value {
  const [x, given] = [tensor(op, 0), tensor(op, 1, 'int32')]
  const depth = given.shape.at(-1)
  if (typeof depth !== 'number' || depth > x.shape.length) throw op.refuse('takes from places of an unknown depth')
  return gatherAt(op.builder, x, given)
}

const likeType = (op: Operation) => dtypeIn(op.settings.dtype) ?? tensor(op, 0).dtype
