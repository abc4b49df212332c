// Products, and what is made by comparing with indices, in a functional graph. keras/src/ops/{numpy,nn,math}.py

import { binary, cast, scalar, where } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import { reduce, topK } from '@whyslow/graph/builder/reduce.ts'
import { flat, slice, squeeze, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { isClass } from '../../tensorflow/batched-gather.ts'
import { einsum } from '../../tensorflow/einsum.ts'
import { isPadMode, padAround } from '../../tensorflow/pad.ts'
import { matmul, swapLastAxes, triangle } from '../../tensorflow/products.ts'
import { dtypeIn, isList, wholesIn } from '../arguments.ts'
import type { Argument } from '../layer.ts'
import {
  alikeOf,
  axisIn,
  checkedAxis,
  flagIn,
  knownSize,
  numberIn,
  type Operation,
  tensor,
  type WriteOperation,
} from './operation.ts'

export const products: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ['Matmul', (op) => product(op)],
  ['Dot', (op) => dot(op)],
  [
    'Einsum',
    (op) => {
      const subscripts = op.settings.subscripts
      if (typeof subscripts !== 'string') throw op.refuse('has no subscripts')
      const operands = alikeOf(op, op.args)
      return einsum(op.builder, subscripts, operands) ?? refuseEinsum(op, subscripts)
    },
  ],
  ['Outer', outer],
  ['Inner', (op) => contracted(op, [[-1], [-1]])],
  ['Tensordot', (op) => contracted(op, contractedAxes(op))],
  ['Correlate', correlated],
  ['OneHot', oneHot],
  ['MultiHot', multiHot],
  ['Tril', (op) => triangle(op.builder, tensor(op, 0), numberIn(op, 'k', 0), 0)],
  ['Triu', (op) => triangle(op.builder, tensor(op, 0), numberIn(op, 'k', 0), 1)],
  ['Pad', padded],
  ['TopK', largest],
])

function refuseEinsum(op: Operation, subscripts: string): never {
  throw op.refuse(`computes '${subscripts}', which does not fit what it is called with`)
}

/** NumPy's matmul; `transpose_a` and `adjoint_a` of TensorFlow are the same of real numbers. */
function product(op: Operation): Value {
  const [a, b] = alikeOf(op, op.args.slice(0, 2))
  const turned = (x: Value, side: 'a' | 'b') =>
    flagIn(op, `transpose_${side}`) || flagIn(op, `adjoint_${side}`) ? swapLastAxes(op.builder, x) : x
  return matmul(op.builder, turned(a!, 'a'), turned(b!, 'b'))
}

function dot(op: Operation): Value {
  const [a, b] = alikeOf(op, op.args.slice(0, 2)) as [Value, Value]
  if (a.shape.length === 0 || b.shape.length === 0) return binary(op.builder, 'Mul', a, b)
  if (b.shape.length > 2) throw op.refuse(`multiplies by a tensor of ${b.shape.length} axes, which is not written here`)
  return matmul(op.builder, a, b)
}

/** Products of all elements of the first with all of the second. */
function outer(op: Operation): Value {
  const [a, b] = alikeOf(op, op.args.slice(0, 2)).map((x) => flat(op.builder, x)) as [Value, Value]
  return binary(op.builder, 'Mul', unsqueeze(op.builder, a, [1]), unsqueeze(op.builder, b, [0]))
}

/** A convolution with one channel: ONNX's, as all of networks, does not turn its kernel around. */
function correlated(op: Operation): Value {
  const { builder } = op
  const [a, b] = alikeOf(op, op.args.slice(0, 2)).map((x) => cast(builder, x, 'float32')) as [Value, Value]
  if (a.shape.length !== 1 || b.shape.length !== 1) throw op.refuse('correlates more axes than one, which is not written here')
  const [size, length] = [knownSize(op, a, 0), knownSize(op, b, 0)]
  const mode = op.settings.mode ?? 'valid'
  const whole = size + length - 1
  const wanted = mode === 'full' ? whole : mode === 'same' ? Math.max(size, length) : size - length + 1
  if (wanted < 1) throw op.refuse('correlates with what is longer, which is not written here')
  const pad = mode === 'valid' ? 0 : length - 1
  const made = builder.op(
    'Conv',
    [unsqueeze(builder, a, [0, 1]), unsqueeze(builder, b, [0, 1])],
    { dtype: 'float32', shape: [1, 1, mode === 'valid' ? wanted : whole] },
    { kernel_shape: [length], pads: [pad, pad] },
  )
  const row = squeeze(builder, made, [0, 1])
  const start = (whole - wanted) >> 1
  return mode === 'same' ? slice(builder, row, [{ axis: 0, start, end: start + wanted }]) : row
}

/** The last `axes` of the one with the first of the other, or a list of axes for each. */
function contractedAxes(op: Operation): readonly (readonly number[])[] {
  const told = op.settings.axes ?? 2
  const rank = tensor(op, 0).shape.length
  if (typeof told === 'number') return [range(rank - told, rank), range(0, told)]
  const lists = isList(told) ? told.map(wholesIn) : []
  if (lists.length !== 2 || lists.some((list) => list === undefined)) throw op.refuse('contracts axes that are not known')
  return lists as readonly (readonly number[])[]
}

function contracted(op: Operation, axes: readonly (readonly number[])[]): Value {
  const [a, b] = alikeOf(op, op.args.slice(0, 2)) as [Value, Value]
  const letters = [...'abcdefghijklmnopqrstuvwxyz']
  const left = a.shape.map(() => letters.shift()!)
  const right = b.shape.map(() => letters.shift()!)
  const [ofA, ofB] = [
    axes[0]!.map((axis) => checkedAxis(op, axis, left.length)),
    axes[1]!.map((axis) => checkedAxis(op, axis, right.length)),
  ]
  if (ofA.length !== ofB.length || left.length + right.length > 26) throw op.refuse('contracts axes that do not fit')
  for (const [k, axis] of ofB.entries()) right[axis] = left[ofA[k]!]!
  const kept = [...left.filter((_, axis) => !ofA.includes(axis)), ...right.filter((_, axis) => !ofB.includes(axis))]
  const subscripts = `${left.join('')},${right.join('')}->${kept.join('')}`
  return einsum(op.builder, subscripts, [a, b]) ?? refuseEinsum(op, subscripts)
}

/** Whether any index of a row is the class. */
function multiHot(op: Operation): Value {
  const hits = oneHot(op)
  return reduce(op.builder, 'ReduceMax', hits, { axes: [tensor(op, 0).shape.length > 1 ? 1 : 0] })
}

function oneHot(op: Operation): Value {
  const x = cast(op.builder, tensor(op, 0), 'int64')
  const depth = numberIn(op, 'num_classes')
  const axis = axisIn(op, x.shape.length + 1, { fallback: -1 })
  const dtype = dtypeIn(op.settings.dtype) ?? 'float32'
  const [on, off] = [numberIn(op, 'on_value', 1), numberIn(op, 'off_value', 0)]
  const hits = isClass(op.builder, x, { depth, axis })
  if (on === 1 && off === 0) return cast(op.builder, hits, dtype)
  return where(op.builder, hits, scalar(op.builder, dtype, on), scalar(op.builder, dtype, off))
}

function padded(op: Operation): Value {
  const x = tensor(op, 0)
  const pairs = padPairs(op, op.settings.pad_width, x.shape.length)
  const mode = String(op.settings.mode ?? 'constant').toLowerCase()
  if (!isPadMode(mode)) throw op.refuse(`pads by ${JSON.stringify(op.settings.mode)}, which is not written here`)
  const given = op.settings.constant_values
  return padAround(op.builder, x, pairs, {
    mode,
    filling: typeof given === 'number' ? scalar(op.builder, x.dtype, given) : undefined,
  })
}

/** One number for all, one pair for all, or a pair for each axis. */
function padPairs(op: Operation, value: Argument | undefined, rank: number): (readonly [number, number])[] {
  const flat = wholesIn(value)
  if (flat?.length === 1) return new Array(rank).fill([flat[0], flat[0]])
  if (flat?.length === 2) return new Array(rank).fill(flat)
  const pairs = isList(value) ? value.map(wholesIn) : []
  const one = pairs.length === 1 ? new Array(rank).fill(pairs[0]) : pairs
  if (one.length !== rank || one.some((pair) => pair === undefined || pair.length !== 2))
    throw op.refuse(`pads by ${JSON.stringify(value ?? null)}, which does not fit ${rank} axes`)
  return one as (readonly [number, number])[]
}

/** The largest of the last axis, and where they stand (int32). */
function largest(op: Operation): readonly Value[] {
  const [values, places] = topK(op.builder, tensor(op, 0), numberIn(op, 'k'))
  return [values, cast(op.builder, places, 'int32')]
}
