// Layers that make one tensor of several. Tensors of fewer axes get theirs behind the batch, not in front as ONNX does.
// keras/src/layers/merging/, Keras 1's Merge: keras/engine/topology.py

import { binary, scalar, variadicOperator, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import { concat, expand, reshape, shapeAsRun, squeeze, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { transpose } from '../tensorflow/layout.ts'
import { matmul } from '../tensorflow/products.ts'
import type { LayerCall, LayerKind, LayerResult } from './layer.ts'
import { asFloat, axisIn, sizeOf } from './layer-parts.ts'
import { unitLength } from './normalizations.ts'

type Merge = (call: LayerCall, inputs: readonly Value[]) => Value

const MERGES: Readonly<Record<string, Merge>> = {
  Add: (call, inputs) => folded(call, 'Add', inputs),
  Subtract: (call, inputs) => folded(call, 'Sub', inputs),
  Multiply: (call, inputs) => folded(call, 'Mul', inputs),
  Maximum: ({ builder }, inputs) => variadicOperator(builder, 'Max', inputs),
  Minimum: ({ builder }, inputs) => variadicOperator(builder, 'Min', inputs),
  Average: (call, inputs) => withNumber(call.builder, 'Div', folded(call, 'Add', inputs), inputs.length),
}

const folded = ({ builder }: LayerCall, opType: string, [first, ...others]: readonly Value[]): Value =>
  others.reduce((sum, next) => binary(builder, opType, sum, next), first!)

const elementwise: LayerKind = {
  classNames: Object.keys(MERGES),
  write(call) {
    const inputs = aligned(call)
    return { outputs: [MERGES[call.className]!(call, inputs)], mask: mergedMask(call) }
  },
}

/** The inputs, of one type and as many axes. */
function aligned(call: LayerCall): Value[] {
  const { builder, inputs, config, className } = call
  if (inputs.length === 0 || (className === 'Subtract' && inputs.length !== 2))
    throw config.refuse(`is called with ${inputs.length} tensors`)
  const rank = inputs.reduce((most, { shape }) => Math.max(most, shape.length), 0)
  return sameType(call).map((x) => unsqueeze(builder, x, range(1, 1 + rank - x.shape.length)))
}

/** float32 where any input has it. */
function sameType(call: LayerCall): Value[] {
  const types = new Set(call.inputs.map(({ dtype }) => dtype))
  const [only]: DType[] = [...types]
  return call.inputs.map((x) => (types.size === 1 && only !== 'bool' ? x : asFloat(call, x)))
}

/** Keras 3: steps that any mask keeps, where all inputs have one; before: steps that all masks keep. */
function mergedMask({ builder, masks, dialect }: LayerCall): Value | undefined {
  const given = masks.filter((mask) => mask !== undefined)
  if (given.length === 0 || (dialect === 'keras-3' && given.length < masks.length)) return undefined
  return given.reduce((a, b) => binary(builder, dialect === 'keras-3' ? 'Or' : 'And', a, b))
}

const concatenate: LayerKind = {
  classNames: ['Concatenate'],
  write(call) {
    const { builder, config } = call
    const inputs = sameType(call)
    const [first] = inputs
    if (first === undefined) throw config.refuse('is called with no tensor')
    const axis = axisIn(call, first, config.number('axis', -1))
    if (inputs.some(({ shape }) => shape.length !== first.shape.length))
      throw config.refuse('joins tensors of different numbers of axes')
    const clash = first.shape.some((size, k) => k !== axis && inputs.some(({ shape }) => differ(size, shape[k]!)))
    if (clash) throw config.refuse('joins tensors whose other sizes differ; save the model again')
    return { outputs: [concat(builder, inputs, axis)], mask: joinedMask(call, inputs, axis) }
  },
}

const differ = (a: unknown, b: unknown): boolean => typeof a === 'number' && typeof b === 'number' && a !== b

/**
 * Keras writes every mask as wide as its input, those that are not there as ones, and joins them as the inputs; of each step it asks
 * whether any part is kept (Keras 3) or all parts are (Keras 1 and 2, TensorFlow.js).
 */
function joinedMask(call: LayerCall, inputs: readonly Value[], axis: number): Value | undefined {
  const { builder, masks, config, dialect } = call
  const given = masks.filter((mask) => mask !== undefined)
  if (given.length === 0) return undefined
  const rank = inputs[0]!.shape.length
  if (axis === rank - 1 && rank > 2) {
    if (dialect === 'keras-3' && given.length < masks.length) return undefined
    return given.reduce((a, b) => binary(builder, dialect === 'keras-3' ? 'Or' : 'And', a, b))
  }
  if (axis !== 1 || rank < 3) throw config.refuse('joins masked tensors in a way that is not read')
  return concat(
    builder,
    masks.map((mask, k) => mask ?? everyStep(builder, inputs[k]!)),
    1,
  )
}

/** The mask that keeps all steps of `x`. */
function everyStep(builder: GraphBuilder, x: Value): Value {
  const sizes = shapeAsRun(builder, [
    { of: x, axis: 0 },
    { of: x, axis: 1 },
  ])
  return expand(builder, scalar(builder, 'bool', 1), sizes, x.shape.slice(0, 2))
}

/** A product over one axis of each, sample by sample. */
const dot: LayerKind = {
  classNames: ['Dot'],
  write(call) {
    const { inputs, config } = call
    if (inputs.length !== 2) throw config.refuse(`is called with ${inputs.length} tensors, not two`)
    const asked = config.numbers('axes')
    const axes = [asked[0]!, asked[1] ?? asked[0]!].map((axis, k) => axisIn(call, inputs[k]!, axis))
    return { outputs: [dotProduct(call, { axes, normalize: config.flag('normalize', false) })] }
  },
}

interface DotParts {
  readonly axes: readonly number[]
  readonly normalize: boolean
}

function dotProduct(call: LayerCall, { axes: [a = 0, b = 0], normalize }: DotParts): Value {
  const { builder, config } = call
  const [x, y] = call.inputs.map((input, k) => {
    const float = asFloat(call, input)
    return normalize ? unitLength(call, float, [k === 0 ? a : b]) : float
  }) as [Value, Value]
  if (a === 0 || b === 0 || differ(x.shape[a], y.shape[b]))
    throw config.refuse('multiplies axes of different sizes, or the batch')
  const rest = (value: Value, axis: number) => value.shape.map((_, k) => k).filter((k) => k !== 0 && k !== axis)
  const [left, right] = [rest(x, a), rest(y, b)]
  // [n, …, k] with one axis of all that stays, and [n, k, …].
  const flat = (value: Value, kept: readonly number[], front: boolean): Value => {
    const axis = front ? b : a
    const turned = transpose(builder, value, front ? [0, axis, ...kept] : [0, ...kept, axis])
    if (kept.length === 1) return turned
    const sizes = kept.map((k) => sizeOf(call, value, k))
    const count = sizes.reduce((all, size) => all * size, 1)
    const length = value.shape[axis]!
    return reshape(builder, turned, front ? [value.shape[0]!, length, count] : [value.shape[0]!, count, length])
  }
  const [p, q] = [flat(x, left, false), flat(y, right, true)]
  const product = matmul(builder, p, q)
  if (left.length === 1 && right.length === 1) return product
  const sizes = [...left.map((k) => x.shape[k]!), ...right.map((k) => y.shape[k]!)]
  if (sizes.length === 0) return squeeze(builder, product, [2])
  if (left.length === 0 && right.length === 1) return squeeze(builder, product, [1])
  if (right.length === 0 && left.length === 1) return squeeze(builder, product, [2])
  return reshape(builder, product, [x.shape[0]!, ...sizes])
}

/** Keras 1's words for layers of their own. */
const MODES: ReadonlyMap<string, string> = new Map([
  ['sum', 'Add'],
  ['mul', 'Multiply'],
  ['ave', 'Average'],
  ['max', 'Maximum'],
])

/** Keras 1's layer of all merges. */
const merge: LayerKind = {
  classNames: ['Merge'],
  write(call): LayerResult {
    const { config } = call
    const mode = config.text('mode', 'sum')
    const className = MODES.get(mode)
    if (className !== undefined) return elementwise.write({ ...call, className })
    if (mode === 'concat') return concatenate.write({ ...call, config: config.with({ axis: config.number('concat_axis', -1) }) })
    const axes = config.numbers('dot_axes', [-1])
    if (mode === 'dot') return dot.write({ ...call, config: config.with({ axes }) })
    if (mode === 'cos') {
      const [product] = dot.write({ ...call, config: config.with({ axes, normalize: true }) }).outputs
      return { outputs: [unsqueeze(call.builder, product!, [1])] }
    }
    throw config.refuse(`merges in the mode '${mode}', which is not known`)
  },
}

export const mergeLayers: readonly LayerKind[] = [elementwise, concatenate, dot, merge]
