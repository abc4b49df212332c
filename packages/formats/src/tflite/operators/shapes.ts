import { broadcastShape, cast } from '@whyslow/graph/builder/broadcast.ts'
import { int64s } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { inverse, isPermutation } from '@whyslow/graph/builder/permutation.ts'
import {
  axisOf,
  concat,
  equalSizes,
  partSizes,
  reshape,
  reshapeTo,
  reverse,
  sliceFrom,
  sliceFromAsRun,
  split,
  squeeze,
  tile,
  unsqueeze,
  withRemainder,
} from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { transpose } from '../../tensorflow/layout.ts'
import {
  asInt64,
  FreeSizeError,
  input,
  inputs,
  knownNumbers,
  movement,
  number,
  numbers,
  type OperatorCall,
  optionsOf,
  realOf,
  sameStorage,
  store,
  type Tensor,
  typeName,
  type Writers,
} from '../operator.ts'

/** Counted from the front. Throws what the reader says if there is no such axis. */
export function axisIn(call: OperatorCall, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) throw call.refusal(`names axis ${axis} of ${rank}`)
  return axisOf(axis, rank)
}

function reshaping(call: OperatorCall, x: Value): Value {
  const { builder } = call
  const declared = call.outputs[0]!.shape
  const asked = call.inputs[1] === undefined ? optionsOf(call, 'ReshapeOptions').new_shape : knownNumbers(call, 1)
  // Old converters say a scalar so.
  const legacy = asked !== undefined && asked.length === 1 && asked[0] === 0 && declared.length === 0
  const sizes: readonly Dimension[] | undefined = legacy ? [] : asked?.map((size): Dimension => (size < 0 ? null : size))
  const known = sizes ?? (declared.filter((size) => size === null).length <= 1 && declared.length > 0 ? declared : undefined)
  if (known !== undefined) {
    const target = withRemainder(x.shape, known)
    if (target === undefined) throw call.refusal(`makes ${known.join('x')} of ${x.shape.join('x')}`)
    return reshape(builder, x, target)
  }
  const shape = input(call, 1).value
  const rank = shape.shape[0]
  if (typeof rank !== 'number') throw new FreeSizeError('a shape of free rank')
  return reshapeTo(
    builder,
    x,
    asInt64(builder, shape),
    declared.length === rank ? declared : Array.from({ length: rank }, () => null),
  )
}

function squeezing(call: OperatorCall, x: Value): Value {
  const { squeeze_dims } = optionsOf(call, 'SqueezeOptions')
  const all = x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []))
  return squeeze(
    call.builder,
    x,
    squeeze_dims.length === 0 ? all : squeeze_dims.map((axis) => axisIn(call, axis, x.shape.length)),
  )
}

/** As they are stored where all are stored alike, else as real numbers. */
function alike(
  call: OperatorCall,
  tensors: readonly Tensor[],
  write: (values: readonly Value[]) => Value,
  activation = 0,
): Value[] {
  const output = call.outputs[0]!
  const plain =
    tensors.every((tensor) => tensor.quantization === undefined) || tensors.every((tensor) => sameStorage(tensor, output))
  if (plain && activation === 0) return [write(tensors.map(({ value }) => value))]
  return [store(call, write(tensors.map((tensor) => realOf(call, tensor))), { activation })]
}

function concatenation(call: OperatorCall): Value[] {
  const { axis, fused_activation_function } = optionsOf(call, 'ConcatenationOptions')
  const tensors = inputs(call)
  const at = axisIn(call, axis, input(call, 0).shape.length)
  return alike(call, tensors, (values) => concat(call.builder, values, at), fused_activation_function)
}

function pack(call: OperatorCall): Value[] {
  const { builder } = call
  const { axis } = optionsOf(call, 'PackOptions')
  const at = axisIn(call, axis, input(call, 0).shape.length + 1)
  return alike(call, inputs(call), (values) =>
    concat(
      builder,
      values.map((value) => unsqueeze(builder, value, [at])),
      at,
    ),
  )
}

/** Parts of an axis; all of one storage. */
function parts(call: OperatorCall, tensor: Tensor, write: (x: Value) => readonly Value[]): Value[] {
  if (tensor.quantization === undefined || call.outputs.every((output) => sameStorage(tensor, output)))
    return [...write(tensor.value)]
  return write(realOf(call, tensor)).map((value, k) => store(call, value, { k }))
}

function unpack(call: OperatorCall): Value[] {
  const { builder } = call
  const { num, axis } = optionsOf(call, 'UnpackOptions')
  return parts(call, input(call, 0), (x) => {
    const at = axisIn(call, axis, x.shape.length)
    return equalParts(call, x, num, at).map((part) => squeeze(builder, part, [at]))
  })
}

/** `count` parts of one size. */
function equalParts(call: OperatorCall, x: Value, count: number, axis: number): Value[] {
  const size = x.shape[axis]!
  if (count !== call.outputs.length || count < 1) throw call.refusal(`has ${call.outputs.length} outputs and ${count} parts`)
  if (typeof size !== 'number') throw new FreeSizeError('parts of a free size')
  const sizes = equalSizes(size, count)
  if (sizes === undefined) throw call.refusal(`makes ${count} parts of ${size}`)
  return split(call.builder, x, sizes, axis)
}

function splitting(call: OperatorCall): Value[] {
  const { num_splits } = optionsOf(call, 'SplitOptions')
  return parts(call, input(call, 1), (x) => equalParts(call, x, num_splits, axisIn(call, number(call, 0), x.shape.length)))
}

function splittingBySizes(call: OperatorCall): Value[] {
  const asked = numbers(call, 1)
  return parts(call, input(call, 0), (x) => {
    const at = axisIn(call, number(call, 2), x.shape.length)
    const size = x.shape[at]!
    if (typeof size !== 'number') throw new FreeSizeError('parts of a free size')
    const sizes = partSizes(size, asked)
    if (sizes?.length !== call.outputs.length) throw call.refusal(`makes parts of ${asked.join(', ')} of ${size}`)
    return split(call.builder, x, sizes, at)
  })
}

function shapeOf(call: OperatorCall): Value[] {
  const { builder } = call
  const { value } = input(call, 0)
  const dtype = typeName(optionsOf(call, 'ShapeOptions').out_type) === 'INT64' ? 'int64' : 'int32'
  const rank = value.shape.length
  if (value.shape.every((size) => typeof size === 'number')) {
    const sizes = value.shape as number[]
    if (dtype === 'int64') return [builder.constant(int64s(sizes))]
    return [builder.constant({ dtype, shape: [rank], data: Int32Array.from(sizes) })]
  }
  return [cast(builder, builder.op('Shape', [value], { dtype: 'int64', shape: [rank] }), dtype)]
}

/** Sizes that input `k` lists, as far as they are known before the model runs. */
function listedSizes(call: OperatorCall, k: number): Dimension[] {
  const known = knownNumbers(call, k)
  if (known !== undefined) return known
  const declared = call.outputs[0]!.shape
  const [rank] = input(call, k).shape
  if (typeof rank !== 'number') throw new FreeSizeError('a shape of free rank')
  return declared.length === rank ? [...declared] : Array.from({ length: rank }, () => null)
}

function expanded(call: OperatorCall, x: Value, k: number): Value {
  const { builder } = call
  const sizes = listedSizes(call, k)
  if (sizes.some((size) => typeof size === 'number' && size < 0)) throw call.refusal(`has the shape ${sizes.join('x')}`)
  return builder.op('Expand', [x, asInt64(builder, input(call, k).value)], {
    dtype: x.dtype,
    shape: broadcastShape(x.shape, sizes),
  })
}

function tiling(call: OperatorCall, x: Value): Value {
  const { builder } = call
  const repeats = knownNumbers(call, 1)
  if (repeats !== undefined) return tile(builder, x, repeats)
  return builder.op('Tile', [x, asInt64(builder, input(call, 1).value)], { dtype: x.dtype, shape: x.shape.map(() => null) })
}

function range(call: OperatorCall): Value[] {
  const { builder } = call
  const [start, limit, delta] = [0, 1, 2].map((k) => input(call, k).value)
  const known = [0, 1, 2].map((k) => knownNumbers(call, k)?.[0])
  const count = known.every((value) => value !== undefined) ? Math.max(Math.ceil((known[1]! - known[0]!) / known[2]!), 0) : null
  if (known[2] === 0) throw call.refusal('counts by 0')
  return [builder.op('Range', [start, limit, delta], { dtype: start!.dtype, shape: [count] })]
}

function reversed(call: OperatorCall, x: Value): Value {
  const axes = numbers(call, 1).map((axis) => axisIn(call, axis, x.shape.length))
  return axes.reduce((value, axis) => reverse(call.builder, value, axis), x)
}

/** ONNX reverses along the first two axes alone. */
function reversedParts(call: OperatorCall, x: Value): Value {
  const { builder } = call
  const options = optionsOf(call, 'ReverseSequenceOptions')
  const rank = x.shape.length
  const [time, batch] = [axisIn(call, options.seq_dim, rank), axisIn(call, options.batch_dim, rank)]
  if (time === batch) throw call.refusal(`reverses along axis ${time} by itself`)
  const order = [batch, time, ...x.shape.map((_, axis) => axis).filter((axis) => axis !== batch && axis !== time)]
  const turned = transpose(builder, x, order)
  const lengths = asInt64(builder, input(call, 1).value)
  const made = builder.op('ReverseSequence', [turned, lengths], turned, { batch_axis: 0, time_axis: 1 })
  return transpose(builder, made, inverse(order))
}

function slicing(call: OperatorCall, x: Value): Value {
  const { builder } = call
  const [begins, sizes] = [knownNumbers(call, 1), knownNumbers(call, 2)]
  if (begins !== undefined && sizes !== undefined) {
    if (begins.length !== x.shape.length || sizes.length !== x.shape.length || begins.some((begin) => begin < 0))
      throw call.refusal(`begins at ${begins.join(', ')} of ${x.shape.join('x')}`)
    return sliceFrom(builder, x, begins, sizes)
  }
  const known = sizes ?? call.outputs[0]!.shape
  const shape = known.length === x.shape.length ? known : x.shape.map(() => null)
  const [starts, counts] = [1, 2].map((k) => asInt64(builder, input(call, k).value)) as [Value, Value]
  return sliceFromAsRun(builder, x, { starts, sizes: counts, shape })
}

function broadcastArgs(call: OperatorCall): Value[] {
  const [a, b] = [numbers(call, 0), numbers(call, 1)]
  const shape = broadcastShape(a, b) as number[]
  const { dtype } = input(call, 0)
  return [
    call.builder.constant(dtype === 'int64' ? int64s(shape) : { dtype, shape: [shape.length], data: Int32Array.from(shape) }),
  ]
}

function permuted(call: OperatorCall, x: Value): Value {
  const permutation = numbers(call, 1)
  if (!isPermutation(permutation, x.shape.length))
    throw call.refusal(`turns the axes of ${x.shape.join('x')} to ${permutation.join(', ')}`)
  return transpose(call.builder, x, permutation)
}

export const SHAPES: Writers = {
  RESHAPE: movement(reshaping),
  SQUEEZE: movement(squeezing),
  EXPAND_DIMS: movement((call, x) => unsqueeze(call.builder, x, [axisIn(call, number(call, 1), x.shape.length + 1)])),
  TRANSPOSE: movement(permuted),
  CONCATENATION: concatenation,
  PACK: pack,
  UNPACK: unpack,
  SPLIT: splitting,
  SPLIT_V: splittingBySizes,
  SHAPE: shapeOf,
  RANK: (call) => [call.builder.constant({ dtype: 'int32', shape: [], data: Int32Array.of(input(call, 0).shape.length) })],
  FILL: (call) => [expanded(call, input(call, 1).value, 0)],
  BROADCAST_TO: movement((call, x) => expanded(call, x, 1)),
  BROADCAST_ARGS: broadcastArgs,
  TILE: movement(tiling),
  RANGE: range,
  REVERSE_V2: movement(reversed),
  REVERSE_SEQUENCE: movement(reversedParts),
  SLICE: movement(slicing),
}
