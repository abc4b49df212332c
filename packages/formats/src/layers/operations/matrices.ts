// Diagonals, determinants and products of vectors in a functional graph, and rows of evenly spaced values. keras/src/ops/{numpy,linalg}.py

import { binary, cast, constantOf, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import { concat, flat, gather, reshape, split, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { isFloat } from '@whyslow/graph/dtype.ts'
import { transpose } from '../../tensorflow/layout.ts'
import { pad } from '../../tensorflow/pad.ts'
import { matmul } from '../../tensorflow/products.ts'
import { dtypeIn } from '../arguments.ts'
import {
  alikeOf,
  axisIn,
  checkedAxis,
  float,
  knownSize,
  numberIn,
  type Operation,
  tensor,
  type WriteOperation,
} from './operation.ts'

export const matrices: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  [
    'Diag',
    (op) => (tensor(op, 0).shape.length === 1 ? asDiagonal(op, tensor(op, 0)) : diagonal(op, 'k', { axis1: 0, axis2: 1 })),
  ],
  ['Diagflat', (op) => asDiagonal(op, flat(op.builder, tensor(op, 0)))],
  ['Diagonal', (op) => diagonal(op)],
  ['Trace', (op) => reduce(op.builder, 'ReduceSum', diagonal(op), { axes: [-1] })],
  ['Det', (op) => determinant(op)],
  ['Logdet', (op) => logOfSize(op, determinant(op))],
  ['Slogdet', (op) => [unary(op.builder, 'Sign', determinant(op)), logOfSize(op, determinant(op))]],
  ['Kron', kronecker],
  ['Cross', cross],
  ['Vdot', (op) => ((pair) => matmul(op.builder, pair[0]!, pair[1]!))(vectors(op))],
  ['Vander', powers],
  ['Linspace', (op) => spaced(op, ...ends(op))],
  ['Logspace', (op) => raised(op, numberIn(op, 'base', 10), spaced(op, ...ends(op)))],
  ['Geomspace', geometric],
  ['CDist', distances],
])

const logOfSize = ({ builder }: Operation, x: Value): Value => unary(builder, 'Log', unary(builder, 'Abs', x))

function determinant(op: Operation): Value {
  const x = float(op, 0)
  return op.builder.op('Det', [x], { dtype: x.dtype, shape: x.shape.slice(0, -2) })
}

/** A list as the diagonal of a matrix. */
function asDiagonal(op: Operation, x: Value): Value {
  const size = knownSize(op, x, 0)
  const k = numberIn(op, 'k', 0)
  const width = size + Math.abs(k)
  const isOn = Array.from({ length: width * width }, (_, at) => Number((at % width) - Math.floor(at / width) === k))
  const row = pad(op.builder, x, [k < 0 ? [0, -k] : [k, 0]])
  const mask = op.builder.constant(constantOf('bool', [width, width], isOn))
  return where(op.builder, mask, row, scalar(op.builder, x.dtype, 0))
}

/** What stands on a diagonal of two axes, as the last axis. */
function diagonal(op: Operation, key = 'offset', fixed?: { readonly axis1: number; readonly axis2: number }): Value {
  const { builder } = op
  const x = tensor(op, 0)
  const rank = x.shape.length
  const [one, other] = (['axis1', 'axis2'] as const).map((name, k) =>
    fixed === undefined ? axisIn(op, rank, { key: name, fallback: k }) : checkedAxis(op, fixed[name], rank),
  ) as [number, number]
  const offset = numberIn(op, key, 0)
  const [rows, columns] = [knownSize(op, x, one), knownSize(op, x, other)]
  const rest = x.shape.map((_, axis) => axis).filter((axis) => axis !== one && axis !== other)
  const turned = transpose(builder, x, [...rest, one, other])
  const places: number[] = []
  for (let row = 0; row < rows; row++) {
    const column = row + offset
    if (column >= 0 && column < columns) places.push(row * columns + column)
  }
  const flatRows = reshape(builder, turned, [...rest.map((axis) => x.shape[axis]!), rows * columns])
  return gather(builder, flatRows, builder.ints(places), -1)
}

function vectors(op: Operation): readonly Value[] {
  return alikeOf(op, op.args.slice(0, 2)).map((x) => flat(op.builder, x))
}

/** Every element of the first times the whole second. */
function kronecker(op: Operation): Value {
  const { builder } = op
  const [a, b] = alikeOf(op, op.args.slice(0, 2)) as [Value, Value]
  const rank = Math.max(a.shape.length, b.shape.length)
  const [left, right] = [a, b].map((x) => unsqueeze(builder, x, range(0, rank - x.shape.length))) as [Value, Value]
  const places = range(0, rank)
  const wide = unsqueeze(
    builder,
    left,
    places.map((k) => 2 * k + 1),
  )
  const narrow = unsqueeze(
    builder,
    right,
    places.map((k) => 2 * k),
  )
  const product = binary(builder, 'Mul', wide, narrow)
  return reshape(
    builder,
    product,
    places.map((k) => knownSize(op, left, k) * knownSize(op, right, k)),
  )
}

function cross(op: Operation): Value {
  const { builder } = op
  const pair = alikeOf(op, op.args.slice(0, 2)) as [Value, Value]
  const rank = pair[0].shape.length
  const { axis: told = null } = op.settings
  const axisOf = (key: string): number => {
    const own = axisIn(op, rank, { key, fallback: -1 })
    return typeof told === 'number' ? checkedAxis(op, told, rank) : own
  }
  const [axis, ...others] = ['axisa', 'axisb', 'axisc'].map(axisOf)
  const [a, b] = pair.map((x, k) => {
    const axis = axisOf(k === 0 ? 'axisa' : 'axisb')
    if (knownSize(op, x, axis) !== 3)
      throw op.refuse('multiplies vectors that do not have three elements, which is not written here')
    return split(builder, x, [1, 1, 1], axis)
  }) as [Value[], Value[]]
  if (others.some((one) => one !== axis)) throw op.refuse('has its vectors along different axes, which is not written here')
  const part = (k: number): Value => {
    const [i, j] = [(k + 1) % 3, (k + 2) % 3]
    return binary(builder, 'Sub', binary(builder, 'Mul', a[i]!, b[j]!), binary(builder, 'Mul', a[j]!, b[i]!))
  }
  return concat(builder, [part(0), part(1), part(2)], axis!)
}

/** Powers of each element, as columns. */
function powers(op: Operation): Value {
  const x = tensor(op, 0)
  const count = op.settings.N === null || op.settings.N === undefined ? knownSize(op, x, 0) : numberIn(op, 'N')
  const rising = range(0, count)
  const exponents = op.builder.constant(
    constantOf('float32', [count], op.settings.increasing === true ? rising : rising.reverse()),
  )
  const base = unsqueeze(op.builder, cast(op.builder, x, 'float32'), [-1])
  return cast(op.builder, binary(op.builder, 'Pow', base, exponents), x.dtype)
}

function ends(op: Operation): [Value, Value] {
  const { builder } = op
  const [a, b] = alikeOf(op, [op.args[0] ?? op.settings.start ?? null, op.args[1] ?? op.settings.stop ?? null]).map((x) =>
    isFloat(x.dtype) ? x : cast(builder, x, 'float32'),
  )
  return [a!, b!]
}

/** `num` values from the one to the other, along a new axis. */
function spaced(op: Operation, start: Value, stop: Value): Value {
  const { builder } = op
  const count = numberIn(op, 'num', 50)
  if (op.settings.retstep === true) throw op.refuse('gives its step, too, which is not written here')
  const dtype = dtypeIn(op.settings.dtype)
  if (dtype !== undefined && !isFloat(dtype)) throw op.refuse('gives whole numbers, which is not written here')
  const parts = op.settings.endpoint === false ? count : Math.max(count - 1, 1)
  const rank = Math.max(start.shape.length, stop.shape.length)
  const axis = checkedAxis(op, numberIn(op, 'axis', 0), rank + 1)
  const shares = Array.from({ length: count }, (_, k) => k / parts)
  const share = builder.constant(constantOf('float32', [count, ...new Array<number>(rank - axis).fill(1)], shares))
  const wide = (x: Value): Value => unsqueeze(builder, x, [axis - rank + x.shape.length])
  if (start.shape.length !== rank || stop.shape.length !== rank) {
    const whole = binary(builder, 'Add', binary(builder, 'Sub', start, start), stop)
    return stop.shape.length === rank ? refuseRanks(op) : spaced(op, start, whole)
  }
  const distance = binary(builder, 'Sub', stop, start)
  return binary(builder, 'Add', wide(start), binary(builder, 'Mul', wide(distance), share))
}

function refuseRanks(op: Operation): never {
  throw op.refuse('begins at a number and ends at a tensor, which is not written here')
}

const raised = ({ builder }: Operation, base: number, x: Value): Value =>
  binary(builder, 'Pow', scalar(builder, x.dtype, base), x)

function geometric(op: Operation): Value {
  const { builder } = op
  const [start, stop] = ends(op)
  const log = (x: Value): Value => withNumber(builder, 'Div', unary(builder, 'Log', unary(builder, 'Abs', x)), Math.LN10)
  const made = raised(op, 10, spaced(op, log(start), log(stop)))
  return binary(builder, 'Mul', made, unary(builder, 'Sign', start))
}

/** Distances of all rows of the one from all rows of the other. */
function distances(op: Operation): Value {
  const { builder } = op
  const [a, b] = [float(op, 0), float(op, 1)]
  const difference = binary(builder, 'Sub', unsqueeze(builder, a, [-2]), unsqueeze(builder, b, [-3]))
  return reduce(builder, 'ReduceL2', difference, { axes: [-1] })
}
