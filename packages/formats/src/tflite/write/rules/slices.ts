// Parts of tensors and tensors put together: axes are those of the tensor as it lies.

import { type ConstantData, numbersOf } from '@whyslow/graph/builder/constant-data.ts'
import { identity, isIdentity, removeAxes } from '@whyslow/graph/builder/permutation.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { axisFromFront, numberAttribute, numbersAttribute, textAttribute } from '@whyslow/graph/view-attributes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { liteAxis } from '../order.ts'
import { ofOne, type Rules, resultOf, writeWithOwnShape } from './rule.ts'
import { padTo } from './window.ts'

export const SLICES: Rules = {
  Concat: concat,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  NonZero: nonZero,
  Pad: pad,
  ReverseSequence: reverseSequence,
  Slice: slice,
  Split: split,
  Tile: tile,
}

/** What ONNX writes for "to the end": anything beyond int32 is as much. */
const MOST = 2 ** 31 - 1

function slice(lower: Lowerer, node: OnnxNode): void {
  const [inputName] = node.inputs as [string]
  const list = (name: string, index: number) =>
    numbersAttribute(node, name) ?? ((node.inputs[index] ?? '') === '' ? undefined : lower.numbersOf(node.inputs[index]!, name))
  const starts = list('starts', 1) ?? []
  const ends = list('ends', 2) ?? []
  const shape = lower.shape(inputName)
  const axes = (list('axes', 3) ?? starts.map((_, axis) => axis)).map((axis) => axisFromFront(axis, shape.length))
  const steps = list('steps', 4) ?? starts.map(() => 1)
  const order = lower.order(inputName)
  const parts = axes.map((axis, k) => ({ axis: order.indexOf(axis), start: starts[k]!, end: ends[k]!, step: steps[k]! }))
  writeWithOwnShape(lower, node, (x, result) => strideOver(lower, x, { parts, result }))
}

export interface Part {
  readonly axis: number
  readonly start: number
  readonly end: number
  readonly step: number
}

/** Every `step`-th from `start` to before `end`, negative ones counted from the end, along each axis that is named. */
export function strideOver(
  lower: Lowerer,
  x: LiteTensor,
  { parts, result }: { readonly parts: readonly Part[]; readonly result: Parameters<Lowerer['op']>[2] },
): LiteTensor {
  const rank = x.shape.length
  const [begin, end, strides] = [
    new Array<number>(rank).fill(0),
    new Array<number>(rank).fill(0),
    new Array<number>(rank).fill(1),
  ]
  let [begin_mask, end_mask] = [2 ** rank - 1, 2 ** rank - 1]
  for (const { axis, start, end: stop, step } of parts) {
    const [first, last] = step > 0 ? [start <= -MOST, stop >= MOST] : [start >= MOST, stop <= -MOST]
    if (!first) {
      begin[axis] = start
      if (!(step > 0 && start === 0)) begin_mask -= 2 ** axis
    }
    if (!last) {
      end[axis] = stop
      end_mask -= 2 ** axis
    }
    strides[axis] = step
  }
  return lower.op('STRIDED_SLICE', [x, lower.ints(begin), lower.ints(end), lower.ints(strides)], result, { begin_mask, end_mask })
}

function split(lower: Lowerer, node: OnnxNode): void {
  const [inputName, sizesName] = node.inputs as [string, string?]
  const order = lower.order(inputName)
  const axis = liteAxis(order, numberAttribute(node, 'axis', 0))
  const x = lower.asItLies(inputName)
  const given = numbersAttribute(node, 'split') ?? lower.numbers(sizesName)
  const results = node.outputs.map((name) => resultOf(lower, name, order))
  const sizes = given ?? results.map(({ shape }) => shape[axis] as number)
  const even = sizes.every((size) => size === sizes[0])
  const fields = { num_splits: results.length }
  const made = even
    ? lower.ops('SPLIT', [lower.scalar(axis), x], results, fields)
    : lower.ops('SPLIT_V', [x, lower.ints(sizes), lower.scalar(axis)], results, fields)
  node.outputs.forEach((name, k) => {
    lower.place(name, made[k]!, order)
  })
}

function concat(lower: Lowerer, node: OnnxNode): void {
  const [outputName] = node.outputs as [string]
  const rank = lower.shape(outputName).length
  const orders = node.inputs.filter((name) => lower.constant(name) === undefined).map((name) => lower.order(name))
  const order = orders.find((one) => !isIdentity(one)) ?? identity(rank)
  const operands = node.inputs.map((name) => lower.ordered(name, order))
  const axis = liteAxis(order, numberAttribute(node, 'axis', 0))
  lower.place(outputName, lower.op('CONCATENATION', operands, resultOf(lower, outputName, order), { axis }), order)
}

/** Negative indices are counted from the end by ONNX, and refused by TFLite's kernel: constant ones are written as what they mean. */
function gather(lower: Lowerer, node: OnnxNode): void {
  const [inputName, indicesName] = node.inputs as [string, string]
  const [outputName] = node.outputs as [string]
  const { shape } = lower.type(outputName)
  const constant = lower.constant(indicesName)
  const rank = lower.shape(indicesName).length
  const order = rank <= 1 ? lower.order(inputName) : identity(lower.shape(inputName).length)
  const axis = liteAxis(order, numberAttribute(node, 'axis', 0))
  const x = lower.ordered(inputName, order)
  const size = x.shape[axis]
  const numbers = constant && lower.numbers(indicesName)!
  if (numbers?.some((one) => one < 0) && typeof size !== 'number') {
    if (rank !== 0) lower.refuse('negative indices along an axis whose size is free')
    const lies = removeAxes(order, [axisFromFront(numberAttribute(node, 'axis', 0), order.length)])
    lower.place(outputName, fromTheEnd(lower, x, { axis, index: numbers[0]!, holds: outputName }), lies)
    return
  }
  const indices =
    numbers === undefined
      ? lower.plain(indicesName)
      : lower.constantTensor(
          {
            dtype: 'int32',
            shape: constant!.shape,
            data: Int32Array.from(numbers, (one) => (one < 0 ? one + Number(size) : one)),
          },
          'indices',
        )
  const lies =
    rank === 0
      ? removeAxes(order, [axisFromFront(numberAttribute(node, 'axis', 0), order.length)])
      : rank === 1
        ? order
        : identity(shape.length)
  lower.place(outputName, lower.op('GATHER', [x, indices], resultOf(lower, outputName, lies), { axis }), lies)
}

/**
 * Where the indices are the same along all axes but some, as an Expand says, whole slices are gathered: those axes but the one that is
 * gathered along come first, and are walked side by side.
 */
function gatherElements(lower: Lowerer, node: OnnxNode): void {
  const [inputName, indicesName] = node.inputs as [string, string]
  const [outputName] = node.outputs as [string]
  const expanded = lower.source.makerOf(indicesName)
  const source = expanded?.opType === 'Expand' ? expanded.inputs[0]! : undefined
  const { shape } = lower.type(outputName)
  if (source === undefined || lower.shape(source).length !== shape.length) lower.refuse('its indices are of single elements')
  const axis = axisFromFront(numberAttribute(node, 'axis', 0), shape.length)
  const own = lower.shape(source!)
  const batch = identity(shape.length).filter((k) => k !== axis && own[k] !== 1)
  const rest = identity(shape.length).filter((k) => k !== axis && own[k] === 1)
  const order = [...batch, axis, ...rest]
  const x = lower.ordered(inputName, order)
  const indices = lower.reshape(
    lower.ordered(source!, order),
    [...batch, axis].map((k): Dimension => own[k]!),
  )
  const fields = { axis: batch.length, batch_dims: batch.length }
  lower.place(outputName, lower.op('GATHER', [x, indices], resultOf(lower, outputName, order), fields), order)
}

/** One slice along an axis, counted from its end. */
function fromTheEnd(
  lower: Lowerer,
  x: LiteTensor,
  { axis, index, holds }: { readonly axis: number; readonly index: number; readonly holds: string },
): LiteTensor {
  const rank = x.shape.length
  const at = (value: number, otherwise: number) => lower.ints(x.shape.map((_, k) => (k === axis ? value : otherwise)))
  const others = 2 ** rank - 1 - 2 ** axis
  const masks = { begin_mask: others, end_mask: others, shrink_axis_mask: 2 ** axis }
  const result = { dtype: x.dtype, shape: x.shape.filter((_, k) => k !== axis), holds }
  return lower.op('STRIDED_SLICE', [x, at(index, 0), at(index + 1, 0), at(1, 1)], result, masks)
}

function gatherNd(lower: Lowerer, node: OnnxNode): void {
  if (numberAttribute(node, 'batch_dims', 0) !== 0) lower.refuse('batch_dims')
  const [inputName, indicesName] = node.inputs as [string, string]
  const [outputName] = node.outputs as [string]
  const constant = lower.constant(indicesName)
  const indices =
    constant === undefined
      ? lower.plain(indicesName)
      : lower.constantTensor(fromTheFront(lower, constant, lower.shape(inputName)), 'indices')
  const operands = [lower.plain(inputName), indices]
  lower.place(outputName, lower.op('GATHER_ND', operands, { ...lower.type(outputName), holds: outputName }))
}

/** Places of several axes, as int32, none of them counted from the end. */
function fromTheFront(lower: Lowerer, constant: ConstantData, sizes: readonly Dimension[]): ConstantData {
  const { shape } = constant
  const axes = shape.at(-1)!
  const places = numbersOf(constant).map((one, k) => {
    const size = sizes[k % axes]
    if (one >= 0) return one
    return typeof size === 'number' ? one + size : lower.refuse('negative indices along an axis whose size is free')
  })
  return { dtype: 'int32', shape, data: Int32Array.from(places) }
}

/** TFLite gives one row a place, ONNX one column. */
function nonZero(lower: Lowerer, node: OnnxNode): void {
  const x = lower.plain(node.inputs[0]!)
  const found = lower.op('WHERE', [x], { dtype: 'int64', shape: [null, x.shape.length] })
  lower.place(node.outputs[0]!, found, [1, 0])
}

function reverseSequence(lower: Lowerer, node: OnnxNode): void {
  const [inputName, lengthsName] = node.inputs as [string, string]
  const order = lower.order(inputName)
  const fields = {
    seq_dim: liteAxis(order, numberAttribute(node, 'time_axis', 0)),
    batch_dim: liteAxis(order, numberAttribute(node, 'batch_axis', 1)),
  }
  ofOne(lower, node, (x, result) => lower.op('REVERSE_SEQUENCE', [x, lower.asInt32(lengthsName)], result, fields))
}

function pad(lower: Lowerer, node: OnnxNode): void {
  const [inputName, padsName, valueName, axesName] = node.inputs as [string, string?, string?, string?]
  const mode = textAttribute(node, 'mode', 'constant')
  if (mode === 'edge' || mode === 'wrap') lower.refuse(`mode ${mode}`)
  const given = numbersAttribute(node, 'pads') ?? lower.numbersOf(padsName!, 'pads')
  const order = lower.order(inputName)
  const axes = (axesName === undefined || axesName === '' ? identity(order.length) : lower.numbersOf(axesName, 'axes')).map(
    (axis) => axisFromFront(axis, order.length),
  )
  if (given.some((one) => one < 0)) lower.refuse('negative pads')
  const rows = order.map((axis): readonly [number, number] => {
    const k = axes.indexOf(axis)
    return k < 0 ? [0, 0] : [given[k]!, given[k + axes.length]!]
  })
  const value =
    node.attributes.value ?? (valueName === undefined || valueName === '' ? 0 : lower.numbersOf(valueName, 'value')[0]!)
  writeWithOwnShape(lower, node, (x, result) => padTo(lower, x, rows, { result, mode, value: Number(value) }))
}

function tile(lower: Lowerer, node: OnnxNode): void {
  const [inputName, repeatsName] = node.inputs as [string, string]
  const repeats = lower.numbers(repeatsName)
  const order = repeats === undefined ? identity(lower.shape(inputName).length) : lower.order(inputName)
  const multiples = () => (repeats === undefined ? lower.asInt32(repeatsName) : lower.ints(order.map((axis) => repeats[axis]!)))
  writeWithOwnShape(lower, node, (x, result) => lower.op('TILE', [x, multiples()], result), order)
}
