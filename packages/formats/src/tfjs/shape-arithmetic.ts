// Operators on small tensors worked out while the graph is written, element by element: see contents.ts.

import { broadcastAxes } from '@whyslow/graph/broadcast.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import type { AxisRange } from '../tensorflow/strided-slice.ts'
import { isKnown, type KnownTensor } from './contents.ts'
import type { OperatorCall } from './operator-call.ts'
import { stridedAxesOf } from './strided-slice.ts'

type Evaluate = (inputs: readonly KnownTensor[], call: OperatorCall) => KnownTensor | readonly KnownTensor[] | undefined

/** Larger results are left to the engine. */
const MOST_ELEMENTS = 256

/** What is known of the results of a node; undefined if nothing is. */
export function evaluate(call: OperatorCall): readonly KnownTensor[] | undefined {
  const { op } = call.node
  const ofShape = Object.hasOwn(OF_SHAPES, op) ? OF_SHAPES[op]!(call) : undefined
  if (ofShape !== undefined) return ofShape
  if (!Object.hasOwn(OF_CONTENTS, op)) return undefined
  const known = call.inputs.map((value) => call.contents.of(value))
  if (known.length === 0 || !known.every((one) => one !== undefined)) return undefined
  const results = OF_CONTENTS[op]!(known, call)
  const list = results === undefined ? undefined : 'dtype' in results ? [results] : results
  if (list?.some(({ elements, shape }) => elements.length > MOST_ELEMENTS || elementCount(shape) !== elements.length))
    return undefined
  return list
}

const sizesOf = (shape: readonly Dimension[]): KnownTensor => ({ dtype: 'int64', shape: [shape.length], elements: shape })
const one = (element: Dimension): KnownTensor => ({ dtype: 'int64', shape: [], elements: [element] })

/** What needs no content of its inputs, only their shapes. */
const OF_SHAPES: Readonly<Record<string, (call: OperatorCall) => readonly KnownTensor[]>> = {
  Shape: (call) => [sizesOf(call.input(0).shape)],
  ShapeN: (call) => call.inputs.map(({ shape }) => sizesOf(shape)),
  Rank: (call) => [one(call.input(0).shape.length)],
  Size: (call) => [one(productOf(call.input(0).shape))],
}

/** A product in which a free size may occur once, apart from ones. */
export function productOf(sizes: readonly Dimension[]): Dimension {
  return sizes.reduce<Dimension>((product, size) => multiply(product, size), 1)
}

function multiply(a: Dimension, b: Dimension): Dimension {
  if (a === 0 || b === 0) return 0
  if (a === 1) return b
  if (b === 1) return a
  return typeof a === 'number' && typeof b === 'number' ? a * b : null
}

const numeric =
  (compute: (a: number, b: number) => number, symbolic: (a: Dimension, b: Dimension) => Dimension = () => null) =>
  (a: Dimension, b: Dimension): Dimension =>
    typeof a === 'number' && typeof b === 'number' ? compute(a, b) : symbolic(a, b)

const quotient = numeric(
  (a, b) => (b === 0 ? Number.NaN : a / b),
  (a, b) => (b === 1 ? a : null),
)

/** Rounds a quotient of two whole numbers down, as TensorFlow.js divides integers. */
const whole = (dtype: DType, value: Dimension): Dimension =>
  typeof value === 'number' && dtype !== 'float32' ? Math.floor(value) : value

const plus = numeric(
  (a, b) => a + b,
  (a, b) => (a === 0 ? b : b === 0 ? a : null),
)
const minus = numeric(
  (a, b) => a - b,
  (a, b) => (b === 0 ? a : null),
)
const same = (a: Dimension, b: Dimension): Dimension => (a !== null && a === b ? a : null)
const floorMod = numeric((a, b) => (b === 0 ? Number.NaN : a - Math.floor(a / b) * b))

/** Element by element, broadcast as all arithmetic is. */
function binary(compute: (a: Dimension, b: Dimension, dtype: DType) => Dimension): Evaluate {
  return ([a, b]) => {
    if (a === undefined || b === undefined) return undefined
    const shape = broadcastAxes([a.shape, b.shape])
    if (!shape.every((size) => size !== undefined)) return undefined
    if (elementCount(shape) > MOST_ELEMENTS) return undefined
    const dtype = a.dtype === b.dtype ? a.dtype : 'int64'
    const [left, right] = [placesIn(a.shape, shape), placesIn(b.shape, shape)]
    const elements = left.map((place, k) => finite(compute(a.elements[place]!, b.elements[right[k]!]!, dtype)))
    return { dtype, shape, elements: rounded(dtype, elements) }
  }
}

/** Which element of a value of shape `from` stands at each place of `shape`, to which it is broadcast. */
function placesIn(from: readonly number[], shape: readonly number[]): number[] {
  const lead = shape.length - from.length
  return Array.from({ length: elementCount(shape) }, (_, place) => {
    let at = 0
    for (const [axis, size] of from.entries()) {
      const index = Math.floor(place / elementCount(shape.slice(lead + axis + 1))) % shape[lead + axis]!
      at = at * size + (size === 1 ? 0 : index)
    }
    return at
  })
}

const finite = (value: Dimension): Dimension => (typeof value === 'number' && !Number.isFinite(value) ? null : value)

/** Rounds to the type's own precision. */
function rounded(dtype: DType, elements: readonly Dimension[]): readonly Dimension[] {
  return dtype === 'float32' ? elements.map((one) => (typeof one === 'number' ? Math.fround(one) : one)) : elements
}

const withShape = (known: KnownTensor, shape: readonly number[]): KnownTensor => ({ ...known, shape })

const reshape: Evaluate = ([x, target]) => {
  if (x === undefined || target === undefined || !isKnown(target.elements)) return undefined
  const others = elementCount(target.elements.filter((size) => size !== -1))
  const open = others === 0 ? 0 : x.elements.length / others
  return withShape(
    x,
    target.elements.map((size) => (size === -1 ? open : size)),
  )
}

const pack: Evaluate = (inputs, call) => {
  const [first] = inputs
  if (call.node.number('axis', 0) !== 0 || inputs.some(({ elements }) => elements.length !== first!.elements.length))
    return undefined
  return {
    ...first!,
    dtype: common(inputs),
    shape: [inputs.length, ...first!.shape],
    elements: inputs.flatMap(({ elements }) => elements),
  }
}

const common = (inputs: readonly KnownTensor[]): DType =>
  inputs.every(({ dtype }) => dtype === inputs[0]!.dtype) ? inputs[0]!.dtype : 'int64'

/** Along the first axis. */
function joined(parts: readonly KnownTensor[], axis: KnownTensor | undefined): KnownTensor | undefined {
  const [first] = parts
  if (first === undefined || axis?.elements[0] !== 0 || first.shape.length === 0) return undefined
  const length = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0)
  return { dtype: common(parts), shape: [length, ...first.shape.slice(1)], elements: parts.flatMap(({ elements }) => elements) }
}

const gather: Evaluate = ([x, indices, axis]) => {
  if (x === undefined || indices === undefined || x.shape.length !== 1 || !isKnown(indices.elements)) return undefined
  if (axis !== undefined && axis.elements[0] !== 0 && axis.elements[0] !== -1) return undefined
  const elements = indices.elements.map((index) => x.elements[index < 0 ? index + x.elements.length : index])
  return elements.every((element) => element !== undefined) ? { dtype: x.dtype, shape: indices.shape, elements } : undefined
}

const slice: Evaluate = ([x, begin, size]) => {
  const [from, count] = [begin?.elements[0], size?.elements[0]]
  if (x?.shape.length !== 1 || typeof from !== 'number' || typeof count !== 'number') return undefined
  const elements = x.elements.slice(from, count === -1 ? undefined : from + count)
  return { dtype: x.dtype, shape: [elements.length], elements }
}

const stridedSlice: Evaluate = ([x], call) => {
  if (x?.shape.length !== 1) return undefined
  const axes = stridedAxesOf(call)
  const [only] = axes.filter((axis) => axis.kind === 'range')
  if (only === undefined) return undefined
  const taken = elementsOf(only, x.elements)
  if (taken === undefined) return undefined
  const shape = axes.flatMap((axis) => (axis.kind === 'new' ? [1] : axis.shrinks ? [] : [taken.length]))
  return { dtype: x.dtype, shape, elements: taken }
}

function elementsOf({ begin, end, step, shrinks }: AxisRange, elements: readonly Dimension[]): readonly Dimension[] | undefined {
  if (typeof begin === 'object' || typeof end === 'object') return undefined
  const length = elements.length
  const at = (bound: number) => (bound < 0 ? bound + length : bound)
  if (shrinks) return at(begin!) >= 0 && at(begin!) < length ? [elements[at(begin!)]!] : undefined
  const clamp = (bound: number, low: number, high: number) => Math.min(Math.max(at(bound), low), high)
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1]
  const from = begin === undefined ? (step > 0 ? 0 : length - 1) : clamp(begin, low, high)
  const to = end === undefined ? (step > 0 ? length : -1) : clamp(end, low, high)
  const taken: Dimension[] = []
  for (let k = from; step > 0 ? k < to : k > to; k += step) taken.push(elements[k]!)
  return taken
}

const reduced =
  (compute: (a: Dimension, b: Dimension) => Dimension, start: Dimension): Evaluate =>
  ([x, axes], call) => {
    if (x === undefined || x.shape.length > 1 || (axes !== undefined && axes.elements.length !== x.shape.length)) return undefined
    return { dtype: x.dtype, shape: call.node.flag('keep_dims') ? [1] : [], elements: [x.elements.reduce(compute, start)] }
  }

const unpack: Evaluate = ([x]) =>
  x?.shape.length === 1 ? x.elements.map((element) => ({ dtype: x.dtype, shape: [], elements: [element] })) : undefined

const range: Evaluate = ([start, limit, delta]) => {
  const [from, to, step] = [start?.elements[0], limit?.elements[0], delta?.elements[0]]
  if (typeof from !== 'number' || typeof to !== 'number' || typeof step !== 'number' || step === 0) return undefined
  const count = Math.max(0, Math.ceil((to - from) / step))
  if (count > MOST_ELEMENTS) return undefined
  return { dtype: start!.dtype, shape: [count], elements: Array.from({ length: count }, (_, k) => from + k * step) }
}

const fill: Evaluate = ([sizes, value]) => {
  if (sizes === undefined || value === undefined || !isKnown(sizes.elements) || elementCount(sizes.elements) > MOST_ELEMENTS)
    return undefined
  const elements = new Array<Dimension>(elementCount(sizes.elements)).fill(value.elements[0]!)
  return { dtype: value.dtype, shape: sizes.elements, elements }
}

const cast: Evaluate = ([x], call) => {
  const dtype = call.node.type('DstT')
  if (x === undefined || dtype === undefined) return undefined
  // Sizes stay int64, as ONNX wants them, through TensorFlow's casts between integers.
  if (dtype === 'int32') {
    const elements = x.elements.map((element) => (typeof element === 'number' ? Math.trunc(element) : element))
    return { ...x, dtype: x.dtype === 'int64' ? 'int64' : 'int32', elements }
  }
  return dtype === 'float32' ? { ...x, dtype, elements: rounded(dtype, x.elements) } : undefined
}

const unary =
  (compute: (a: number) => number): Evaluate =>
  ([x]) =>
    x && { ...x, elements: x.elements.map((element) => (typeof element === 'number' ? compute(element) : null)) }

const division = binary((a, b, dtype) => whole(dtype, quotient(a, b)))

const expandDims: Evaluate = ([x, axis], call) => {
  const given = axis === undefined ? call.node.number('dim', 0) : axis.elements[0]
  if (x === undefined || typeof given !== 'number') return undefined
  return withShape(x, x.shape.toSpliced(call.axis(given, x.shape.length + 1), 0, 1))
}

const squeeze: Evaluate = ([x], call) => {
  if (x === undefined) return undefined
  const gone = call.squeezedAxes(x.shape)
  return withShape(
    x,
    x.shape.filter((_, axis) => !gone.includes(axis)),
  )
}

const OF_CONTENTS: Readonly<Record<string, Evaluate>> = {
  Identity: ([x]) => x,
  Snapshot: ([x]) => x,
  StopGradient: ([x]) => x,
  Reshape: reshape,
  ExpandDims: expandDims,
  Squeeze: squeeze,
  Pack: pack,
  ConcatV2: (inputs) => joined(inputs.slice(0, -1), inputs.at(-1)),
  Concat: (inputs) => joined(inputs.slice(1), inputs[0]),
  GatherV2: gather,
  Gather: gather,
  Slice: slice,
  StridedSlice: stridedSlice,
  Unpack: unpack,
  Range: range,
  Fill: fill,
  Cast: cast,
  Prod: reduced(multiply, 1),
  Sum: reduced(plus, 0),
  Max: reduced(numeric(Math.max, same), Number.NEGATIVE_INFINITY),
  Add: binary(plus),
  AddV2: binary(plus),
  Sub: binary(minus),
  Mul: binary(multiply),
  Maximum: binary(numeric(Math.max, same)),
  Minimum: binary(numeric(Math.min, same)),
  FloorDiv: binary((a, b) => {
    const value = quotient(a, b)
    return typeof value === 'number' ? Math.floor(value) : value
  }),
  Div: division,
  RealDiv: division,
  FloorMod: binary(floorMod),
  Mod: binary(floorMod),
  Neg: unary((a) => -a),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
}
