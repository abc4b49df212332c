// Entries repeated, turned around and moved along axes in a functional graph. keras/src/ops/numpy.py

import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import { concat, expand, gather, reshape, reverse, shapeAsRun, slice, tile, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { transpose } from '../../tensorflow/layout.ts'
import { wholesIn } from '../arguments.ts'
import {
  alikeOf,
  axesIn,
  axisIn,
  checkedAxis,
  knownSize,
  numberIn,
  type Operation,
  tensor,
  type WriteOperation,
} from './operation.ts'
import { reshapeOrRefuse } from './shapes.ts'

export const movementOperations: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ['Tile', tiled],
  ['Repeat', repeated],
  [
    'Flip',
    (op) => {
      const x = tensor(op, 0)
      return flipped(op, axesIn(op, x.shape.length) ?? x.shape.map((_, k) => k))
    },
  ],
  ['Fliplr', (op) => flipped(op, [1])],
  ['Flipud', (op) => flipped(op, [0])],
  ['Rot90', turned],
  ['Meshgrid', grids],
  ['Rearrange', rearranged],
  ['Roll', rolled],
])

const flipped = (op: Operation, axes: readonly number[]): Value =>
  axes.reduce((value, axis) => reverse(op.builder, value, axis), tensor(op, 0))

/** Quarter turns from the first of two axes to the second. */
function turned(op: Operation): Value {
  const { builder } = op
  const x = tensor(op, 0)
  const rank = x.shape.length
  const [one, other] = (wholesIn(op.settings.axes) ?? [0, 1]).map((axis) => checkedAxis(op, axis, rank)) as [number, number]
  const turns = ((numberIn(op, 'k', 1) % 4) + 4) % 4
  const exchanged = (value: Value): Value =>
    transpose(
      builder,
      value,
      value.shape.map((_, axis) => (axis === one ? other : axis === other ? one : axis)),
    )
  if (turns === 0) return x
  // Keras on TensorFlow mixes up the cells of what is not square.
  if (turns === 2 && (typeof x.shape[one] !== 'number' || x.shape[one] !== x.shape[other]))
    throw op.refuse('turns by half what is not square, which Keras does in two ways')
  if (turns === 2) return reverse(builder, reverse(builder, x, one), other)
  return turns === 1 ? exchanged(reverse(builder, x, other)) : reverse(builder, exchanged(x), other)
}

function tiled(op: Operation): Value {
  const x = tensor(op, 0)
  const repeats = wholesIn(op.settings.repeats)
  if (repeats === undefined) throw op.refuse('is repeated as often as the model computes')
  const rank = Math.max(repeats.length, x.shape.length)
  const wide = unsqueeze(op.builder, x, range(0, rank - x.shape.length))
  return tile(op.builder, wide, [...new Array<number>(rank - repeats.length).fill(1), ...repeats])
}

/** Each entry of an axis several times. */
function repeated(op: Operation): Value {
  const x = tensor(op, 0)
  const { repeats } = op.settings
  const each = wholesIn(repeats)
  if (each === undefined) throw op.refuse('repeats entries as often as the model computes')
  const all = op.settings.axis === undefined || op.settings.axis === null
  const given = all ? reshapeOrRefuse(op, x, [-1]) : x
  const axis = all ? 0 : axisIn(op, x.shape.length)
  if (each.length > 1) {
    const places = each.flatMap((count, place) => new Array<number>(count).fill(place))
    return gather(op.builder, given, op.builder.ints(places), axis)
  }
  const [times] = each as [number]
  const wide = unsqueeze(op.builder, given, [axis + 1])
  const tiledOnce = tile(
    op.builder,
    wide,
    wide.shape.map((_, k) => (k === axis + 1 ? times : 1)),
  )
  const size = given.shape[axis]!
  const shape = given.shape.map((one, k) => (k === axis ? (typeof size === 'number' ? size * times : null) : one))
  return reshape(op.builder, tiledOnce, shape)
}

/** Each axis by its own shift; without axes all elements in one row. */
function rolled(op: Operation): Value {
  const given = tensor(op, 0)
  const shifts = wholesIn(op.settings.shift)
  if (shifts === undefined) throw op.refuse('is shifted by what the model computes')
  const axes = axesIn(op, given.shape.length)
  if (axes !== undefined) return axes.reduce((x, axis, k) => rolledAlong(op, x, axis, shifts[k] ?? shifts[0]!), given)
  const row = rolledAlong(op, reshapeOrRefuse(op, given, [-1]), 0, shifts[0]!)
  return reshape(op.builder, row, given.shape)
}

function rolledAlong(op: Operation, x: Value, axis: number, shift: number): Value {
  const size = knownSize(op, x, axis)
  const cut = size === 0 ? 0 : size - (((shift % size) + size) % size)
  const { builder } = op
  return concat(builder, [slice(builder, x, [{ axis, start: cut }]), slice(builder, x, [{ axis, start: 0, end: cut }])], axis)
}

/** Each vector along an axis of its own, repeated along all others; by 'xy' the first two change their axes. */
function grids(op: Operation): readonly Value[] {
  const { builder } = op
  const given = alikeOf(op, op.args).map((x) => reshapeOrRefuse(op, x, [-1]))
  const isTurned = (op.settings.indexing ?? 'xy') === 'xy' && given.length > 1
  const axisOf = (k: number): number => (isTurned && k < 2 ? 1 - k : k)
  const byAxis = given.map((_, axis) => given[axisOf(axis)]!)
  const sizes = shapeAsRun(
    builder,
    byAxis.map((of) => ({ of, axis: 0 })),
  )
  const shape = byAxis.map((x) => x.shape[0]!)
  return given.map((x, k) => {
    const others = given.map((_, axis) => axis).filter((axis) => axis !== axisOf(k))
    return expand(builder, unsqueeze(builder, x, others), sizes, shape)
  })
}

/** 'b (h p) c -> b h (p c)': axes by their names; those in brackets are one axis of the tensor. */
function rearranged(op: Operation): Value {
  const { builder } = op
  const x = tensor(op, 0)
  const pattern = op.args[1] ?? op.settings.pattern
  const [left, right] = String(pattern)
    .split('->')
    .map((side) => [...side.matchAll(/\w+|\([^)]*\)/g)].map(([item]) => [...item.matchAll(/\w+/g)].map(([name]) => name)))
  if (left?.length !== x.shape.length || right === undefined || /\.|\b\d/.test(String(pattern)))
    throw op.refuse(`rearranges by ${JSON.stringify(pattern)}, which is not read here`)
  const sizes = new Map<string, Dimension>()
  for (const [axis, names] of left.entries()) {
    const told = names.map((name) => op.settings[name])
    const open = told.filter((size) => typeof size !== 'number').length
    const known = told.reduce<number>((product, size) => product * (typeof size === 'number' ? size : 1), 1)
    if (open > 1) throw op.refuse(`rearranges by ${JSON.stringify(pattern)} without the sizes of its axes`)
    const rest = names.length === 1 ? x.shape[axis]! : knownSize(op, x, axis) / known
    for (const [k, name] of names.entries()) sizes.set(name, typeof told[k] === 'number' ? (told[k] as number) : rest)
  }
  const names = left.flat()
  const parts = right.flat()
  if ([...parts].sort().join() !== [...names].sort().join() || new Set(names).size < names.length)
    throw op.refuse(`rearranges by ${JSON.stringify(pattern)}, which has other axes on its sides`)
  const apart = reshape(
    builder,
    x,
    names.map((name) => sizes.get(name)!),
  )
  const inOrder = transpose(
    builder,
    apart,
    parts.map((name) => names.indexOf(name)),
  )
  return reshape(
    builder,
    inOrder,
    right.map((group): Dimension => {
      const all = group.map((name) => sizes.get(name)!)
      return all.length === 1 ? all[0]! : all.every((size) => typeof size === 'number') ? all.reduce((a, b) => a * b, 1) : null
    }),
  )
}
