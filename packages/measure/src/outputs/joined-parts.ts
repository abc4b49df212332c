// What an output is joined from: where the graph ends in a Concat (behind operators that keep each element for itself), its inputs are
// quantities of their own, such as boxes in pixels and scores. Told from the graph and the shape that came out.

import { elementCount } from '@whyslow/graph/dtype.ts'
import type { Dimension, GraphView, NodeView } from '@whyslow/graph/types.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import { type Bounds, boundsOf } from './bounds.ts'

export interface JoinedPart {
  /** The value that was joined. */
  readonly value: string
  /** What the graph says its values cannot exceed; null: nothing. */
  readonly bounds: Bounds | null
}

export interface JoinedParts {
  readonly parts: readonly JoinedPart[]
  /** The index of each element's part. null: all elements are of the only part. */
  readonly partOf: Uint16Array | null
}

/** Beyond it a Concat is a sequence of many steps, not a list of quantities. */
const MOST_JOINED = 64
const MOST_PARTS = 1024
/** The graph has no cycles; the bound is for damaged ones. */
const MOST_STEPS = 40

export const KEEPS_NUMBERS = new Set(['Identity', 'Cast', 'Dropout', 'QuantizeLinear', 'DequantizeLinear'])
const KEEPS_ORDER = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'])
/** Each element for itself. */
export const ELEMENTWISE = new Set([
  ...['Sigmoid', 'HardSigmoid', 'Relu', 'LeakyRelu', 'Tanh', 'Clip', 'Exp', 'Log', 'Sqrt', 'Softplus', 'Neg', 'Abs', 'Elu'],
])
const WITH_CONSTANT = new Set(['Mul', 'Add', 'Sub', 'Div'])

/** What operators after it say of its bounds: nothing yet, or what they are; null: there are none. */
type Unit = 'open' | Bounds | null

/** The index of the only part, or one for each element. */
type Places = number | Uint16Array

export function joinedParts(graph: GraphView | undefined, output: string, shape: readonly number[]): JoinedParts {
  const whole: JoinedParts = { parts: [{ value: output, bounds: null }], partOf: null }
  if (graph === undefined) return whole
  const makers = makersOf(graph)
  const parts: JoinedPart[] = []
  const places = walk({ graph, makers, parts }, { value: output, shape, unit: 'open', step: 0 })
  if (parts.length > MOST_PARTS) return whole
  return { parts, partOf: typeof places === 'number' ? null : places }
}

/** The node that makes each value, keyed by value name. */
export const makersOf = (graph: GraphView): ReadonlyMap<string, NodeView> =>
  new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))

/** The axes of the input of a Transpose, in the order of its output. */
export function permutationOf({ attributes }: NodeView, rank: number): readonly number[] {
  const given = attributes.perm
  return Array.isArray(given) ? (given as number[]) : Array.from({ length: rank }, (_, axis) => rank - 1 - axis)
}

type Shaped = At & { readonly shape: readonly number[] }

interface Walk {
  readonly graph: GraphView
  readonly makers: ReadonlyMap<string, NodeView>
  /** Found so far. */
  readonly parts: JoinedPart[]
}

interface At {
  readonly value: string
  /** null: not known. */
  readonly shape: readonly number[] | null
  readonly unit: Unit
  readonly step: number
}

function walk(of: Walk, at: At): Places {
  const node = of.makers.get(at.value)
  const next = { ...at, value: dataInput(of, node) ?? '', step: at.step + 1 }
  const bounds = () => (at.unit === 'open' ? boundsOf(of, at.value) : at.unit)
  if (node !== undefined && node.domain === '' && at.step < MOST_STEPS) {
    const { opType } = node
    if (KEEPS_NUMBERS.has(opType)) return walk(of, next)
    if (ELEMENTWISE.has(opType) || (WITH_CONSTANT.has(opType) && next.value !== '')) return walk(of, { ...next, unit: bounds() })
    if (KEEPS_ORDER.has(opType)) return walk(of, { ...next, shape: at.shape && shapeOf(of, next.value, elementCount(at.shape)) })
    if (opType === 'Transpose') return at.shape === null ? walk(of, next) : transposed(of, node, { ...next, shape: at.shape })
    const joined = opType === 'Concat' && at.shape !== null ? concatenated(of, node, { ...at, shape: at.shape }) : null
    if (joined !== null) return joined
  }
  return of.parts.push({ value: at.value, bounds: bounds() }) - 1
}

/** The input whose elements go on; undefined if there are several. */
function dataInput({ graph }: Walk, node: NodeView | undefined): string | undefined {
  if (node === undefined || !WITH_CONSTANT.has(node.opType)) return node?.inputs[0]
  const moving = node.inputs.filter((input) => graph.constants[input] === undefined)
  return moving.length === 1 ? moving[0] : undefined
}

function transposed(of: Walk, node: NodeView, at: Shaped): Places {
  const { shape } = at
  const order = permutationOf(node, shape.length)
  const inner = new Array<number>(shape.length).fill(1)
  order.forEach((axis, k) => {
    inner[axis] = shape[k]!
  })
  const places = walk(of, { ...at, shape: inner })
  if (typeof places === 'number') return places
  const strides = inner.map((_, axis) => elementCount(inner.slice(axis + 1)))
  const moved = new Uint16Array(places.length)
  const index = new Array<number>(shape.length).fill(0)
  for (let to = 0, from = 0; to < moved.length; to++) {
    moved[to] = places[from]!
    for (let k = shape.length - 1; k >= 0; k--) {
      from += strides[order[k]!]!
      if (++index[k]! < shape[k]!) break
      from -= strides[order[k]!]! * shape[k]!
      index[k] = 0
    }
  }
  return moved
}

/** null if it is not known how long the inputs are, or there are too many. */
function concatenated(of: Walk, { inputs, attributes }: NodeView, at: Shaped): Places | null {
  const { shape } = at
  const given = Number(attributes.axis ?? 1)
  const axis = axisFromFront(given, shape.length)
  const sizes = sizesOf(of, inputs, axis, shape)
  if (sizes === null || inputs.length > MOST_JOINED) return null
  const inner = elementCount(shape.slice(axis + 1))
  const outer = elementCount(shape.slice(0, axis))
  const joined = new Uint16Array(elementCount(shape))
  let start = 0
  inputs.forEach((value, k) => {
    const run = sizes[k]! * inner
    const own = walk(of, { ...at, value, shape: shape.with(axis, sizes[k]!), step: at.step + 1 })
    for (let row = 0; row < outer; row++) {
      const from = row * shape[axis]! * inner + start
      if (typeof own === 'number') joined.fill(own, from, from + run)
      else joined.set(own.subarray(row * run, (row + 1) * run), from)
    }
    start += run
  })
  return joined
}

/** Sizes of the inputs along the axis; an unknown one is as long as the others leave. */
function sizesOf(of: Walk, inputs: readonly string[], axis: number, shape: readonly number[]): readonly number[] | null {
  const whole = shape[axis] ?? 0
  const known = inputs.map((input) => sizeAlong(of, input, { axis, rank: shape.length, step: 0 }))
  const open = known.filter((size) => size === null).length
  const rest = whole - known.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  if (open > 1 || rest < 0 || (open === 0 && rest !== 0)) return null
  return known.map((size) => size ?? rest)
}

interface Along {
  readonly axis: number
  readonly rank: number
  readonly step: number
}

/** As declared, else as weights or a fixed shape say it. */
function sizeAlong(of: Walk, value: string, along: Along): number | null {
  const { graph, makers } = of
  const { axis, rank, step } = along
  const declared =
    graph.types[value] ?? graph.constants[value] ?? [...graph.inputs, ...graph.outputs].find(({ name }) => name === value)
  const size = declared?.shape?.[axis]
  if (typeof size === 'number') return size
  const node = makers.get(value)
  if (node === undefined || node.domain !== '' || step > MOST_STEPS) return null
  const { opType, inputs, attributes } = node
  const shapeOfWeights = graph.constants[inputs[1] ?? '']?.shape
  if (opType === 'Conv' && axis === 1) return shapeOfWeights?.[0] ?? null
  if (opType === 'Gemm' && axis === 1) return shapeOfWeights?.[attributes.transB === 1 ? 0 : 1] ?? null
  if (opType === 'MatMul' && axis === rank - 1) return shapeOfWeights?.[axis] ?? shapeOfWeights?.at(-1) ?? null
  if (opType === 'Reshape') {
    const fixed = graph.constants[inputs[1] ?? '']?.values?.[axis]
    return fixed !== undefined && fixed > 0 ? fixed : null
  }
  if (opType === 'Split' || opType === 'Concat') return sizeOfPart(of, node, value, along)
  const isAlike = KEEPS_NUMBERS.has(opType) || ELEMENTWISE.has(opType) || WITH_CONSTANT.has(opType) || opType === 'Softmax'
  const from = isAlike ? dataInput(of, node) : undefined
  return from === undefined ? null : sizeAlong(of, from, { ...along, step: step + 1 })
}

/** Along the axis that is split or joined the sizes tell it, along others all inputs are alike. */
function sizeOfPart(of: Walk, { opType, inputs, outputs, attributes }: NodeView, value: string, along: Along): number | null {
  const given = Number(attributes.axis ?? 0)
  const own = (input: string) => sizeAlong(of, input, { ...along, step: along.step + 1 })
  if ((given < 0 ? given + along.rank : given) !== along.axis) return own(inputs[0] ?? '')
  if (opType === 'Concat') return inputs.reduce<number | null>((sum, input) => plus(sum, own(input)), 0)
  const sizes = of.graph.constants[inputs[1] ?? '']?.values ?? attributes.split
  return Array.isArray(sizes) ? ((sizes as readonly number[])[outputs.indexOf(value)] ?? null) : null
}

const plus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b)

/** As declared; one size that is open follows from the number of elements. */
function shapeOf({ graph }: Walk, value: string, count: number): readonly number[] | null {
  const declared = graph.types[value]?.shape ?? graph.outputs.find(({ name }) => name === value)?.shape
  return declared == null ? null : filled(declared, count)
}

function filled(sizes: readonly Dimension[], count: number): readonly number[] | null {
  const fixed = sizes.filter((size) => typeof size === 'number')
  const rest = count / elementCount(fixed)
  if (sizes.length - fixed.length > 1 || !Number.isInteger(rest) || (fixed.length === sizes.length && rest !== 1)) return null
  return sizes.map((size) => (typeof size === 'number' ? size : rest))
}
