// Which operators compute the same with their axes in another order, and what has to change of them: a Transpose in front of such a
// node can as well stand behind it.

import { attributeOf, intsOf, numberOf } from '@whyslow/graph/attributes.ts'
import { type ConstantData, int64s, numbersOf, transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import { inverse, type Permutation, permuteBack, removeAxes, withNew } from '@whyslow/graph/builder/permutation.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import type { NodeProto } from 'onnx-buf'
import type { NodeChanges, Workbench } from './workbench.ts'

/** How a node reads its inputs before they were turned. */
export interface TransposedInputs {
  /** Inputs that are replaced by what they were turned from; all others are in `changes.input` as they are to be read. */
  readonly changes: NodeChanges
  /** How each output then has to be turned. */
  readonly outputs: readonly Permutation[]
}

/** What the sweep knows about one node. */
export interface Case {
  readonly node: NodeProto
  readonly bench: Workbench
  /** How its inputs were turned, all in the same way; their rank. */
  readonly turn: Permutation
  /** Inputs, those that were turned by the names of what they were turned from. */
  readonly sources: readonly string[]
  /** Which of them were turned. */
  readonly isTurned: readonly boolean[]
}

type Rule = (one: Case) => TransposedInputs | undefined

/** Undefined if the node cannot do without. */
export function transposableInputs(one: Case): TransposedInputs | undefined {
  return one.node.domain === '' ? RULES.get(one.node.opType)?.(one) : undefined
}

/** One tensor, element by element; further inputs are scalars (Clip's limits) that no order concerns. */
const elementwise: Rule = ({ node, bench, turn, sources, isTurned }) => {
  const others = node.input.slice(1).every((name, k) => !isTurned[k + 1] && isSingle(bench, name))
  return others ? { changes: { input: sources }, outputs: [turn] } : undefined
}

/** Tensors against each other with broadcasting: constants are turned back, single numbers stay. */
const broadcast: Rule = ({ node, bench, turn, sources, isTurned }) => {
  const input = sources.map((source, k) => (isTurned[k] ? source : turnedBack(bench, node.input[k]!, turn)))
  return input.includes(undefined) ? undefined : { changes: { input: input as string[] }, outputs: [turn] }
}

/** The name of a constant with its axes as they were before the turn; a tensor of one element is as good as it is. */
function turnedBack(bench: Workbench, name: string, turn: Permutation): string | undefined {
  if (name === '') return ''
  if (isSingle(bench, name) && (bench.typeOf(name)?.shape.length ?? 0) <= turn.length) return name
  const constant = bench.constantOf(name)
  if (constant === undefined || constant.shape.length > turn.length) return undefined
  const shape = [...new Array<number>(turn.length - constant.shape.length).fill(1), ...constant.shape]
  return bench.addConstant(`${name}/turned`, transposeConstant({ ...constant, shape }, inverse(turn)))
}

const isSingle = (bench: Workbench, name: string): boolean =>
  name === '' || (bench.typeOf(name)?.shape.every((size) => size === 1) ?? false)

/** One axis by attribute; the shape stays, or (Split) changes along it alone. */
function alongAxis(fallback: number): Rule {
  return ({ node, turn, sources, isTurned }) => {
    if (isTurned.slice(1).includes(true)) return undefined
    const axis = axisFromFront(numberOf(node, 'axis', fallback), turn.length)
    return { changes: { input: sources, attributes: { axis: turn[axis]! } }, outputs: node.output.map(() => turn) }
  }
}

const concat: Rule = ({ node, bench, turn, sources, isTurned }) => {
  const input = sources.map((source, k) => {
    if (isTurned[k]) return source
    const constant = bench.constantOf(node.input[k]!)
    return constant?.shape.length === turn.length ? turnedBack(bench, node.input[k]!, turn) : undefined
  })
  if (input.includes(undefined)) return undefined
  const axis = axisFromFront(numberOf(node, 'axis', 0), turn.length)
  return { changes: { input: input as string[], attributes: { axis: turn[axis]! } }, outputs: [turn] }
}

/** Axes by attribute, or by a constant second input. */
const reduce: Rule = ({ node, bench, turn, sources }) => {
  const byInput = node.input[1] !== undefined && node.input[1] !== ''
  const constant = byInput ? bench.constantOf(node.input[1]!) : undefined
  const given = byInput ? constant && numbersOf(constant) : intsOf(node, 'axes')
  if (given === undefined) return undefined
  const axes = given.map((axis) => axisFromFront(axis, turn.length))
  const moved = axes.map((axis) => turn[axis]!).sort((a, b) => a - b)
  const outputs = [numberOf(node, 'keepdims', 1) === 1 ? turn : removeAxes(turn, moved)]
  if (!byInput) return { changes: { input: sources, attributes: { axes: moved } }, outputs }
  return { changes: { input: [sources[0]!, bench.addConstant(`${node.input[1]}/turned`, int64s(moved))] }, outputs }
}

const argReduce: Rule = ({ node, turn, sources }) => {
  const axis = axisFromFront(numberOf(node, 'axis', 0), turn.length)
  const outputs = [numberOf(node, 'keepdims', 1) === 1 ? turn : removeAxes(turn, [turn[axis]!])]
  return { changes: { input: sources, attributes: { axis: turn[axis]! } }, outputs }
}

const squeeze: Rule = ({ node, bench, turn, sources }) => {
  const axes = axesOf(bench, node.input[1], turn.length)
  if (axes === undefined) return undefined
  const moved = axes.map((axis) => turn[axis]!).sort((a, b) => a - b)
  const input = [sources[0]!, bench.addConstant(`${node.input[1]}/turned`, int64s(moved))]
  return { changes: { input }, outputs: [removeAxes(turn, moved)] }
}

const unsqueeze: Rule = ({ node, bench, turn, sources }) => {
  const constant = bench.constantOf(node.input[1] ?? '')
  if (constant === undefined) return undefined
  const count = numbersOf(constant).length
  const axes = axesOf(bench, node.input[1], turn.length + count)!
  return { changes: { input: sources }, outputs: [withNew(turn, new Set(axes))] }
}

/** Axes of size 1 come and go, and all others stay in order: the same on what was turned, whose others come in another order. */
const reshape: Rule = ({ node, bench, turn, sources, isTurned }) => {
  const [before, after] = [bench.typeOf(node.input[0]!)?.shape, bench.typeOf(node.output[0]!)?.shape]
  if (before === undefined || after === undefined || isTurned[1]) return undefined
  const [from, to] = [wideAxes(before), wideAxes(after)]
  const stays = from.length === to.length && from.every((axis, k) => before[axis] !== null && before[axis] === after[to[k]!])
  if (!stays || after.filter((size) => typeof size !== 'number').length > 1) return undefined
  const order = from.map((axis) => turn[axis]!).sort((a, b) => a - b)
  const moved = Array.from(after, (_, k) => k)
  for (const [k, axis] of from.entries()) moved[to[k]!] = to[order.indexOf(turn[axis]!)]!
  const sizes = permuteBack(after, moved).map((size) => (typeof size === 'number' ? size : -1))
  return { changes: { input: [sources[0]!, bench.addConstant(`${node.name}/turned`, int64s(sizes))] }, outputs: [moved] }
}

const wideAxes = (shape: readonly Dimension[]): number[] => [...shape.keys()].filter((axis) => shape[axis] !== 1)

/** Begin and end of every axis, in a constant second input. */
const pad: Rule = ({ node, bench, turn, sources, isTurned }) => {
  const pads = bench.constantOf(node.input[1] ?? '')
  if (pads === undefined || (node.input[3] ?? '') !== '' || isTurned.slice(1).includes(true)) return undefined
  const all = numbersOf(pads)
  const moved = [...permuteBack(all.slice(0, turn.length), turn), ...permuteBack(all.slice(turn.length), turn)]
  const name = bench.addConstant(`${node.input[1]}/turned`, int64s(moved))
  return { changes: { input: sources.map((source, k) => (k === 1 ? name : source)) }, outputs: [turn] }
}

/** Axes that are named by number get their new numbers; if none are named, they are written. */
const slice: Rule = ({ node, bench, turn, sources, isTurned }) => {
  const [, starts, , axes] = node.input
  if (isTurned.slice(1).includes(true)) return undefined
  const count = bench.typeOf(starts ?? '')?.shape[0]
  if (typeof count !== 'number') return undefined
  const given = axes === undefined || axes === '' ? range(0, count) : axesOf(bench, axes, turn.length)
  if (given === undefined) return undefined
  const moved = bench.addConstant(`${node.name}/axes`, int64s(given.map((axis) => turn[axis]!)))
  const input = [...sources.slice(0, 3), moved, ...sources.slice(4)]
  return { changes: { input }, outputs: [turn] }
}

/** Constants with one entry an axis: Tile's repeats, Expand's shape, Resize's scales or sizes. */
function perAxis(...places: readonly number[]): Rule {
  return ({ node, bench, turn, sources, isTurned }) => {
    if (isTurned.slice(1).includes(true)) return undefined
    const input = [...sources]
    for (const place of places) {
      const name = node.input[place] ?? ''
      const constant = name === '' ? undefined : bench.constantOf(name)
      if (name === '' || constant?.shape[0] === 0) continue
      if (constant === undefined || constant.shape[0] !== turn.length) return undefined
      input[place] = bench.addConstant(`${name}/turned`, permuted(constant, turn))
    }
    return { changes: { input }, outputs: [turn] }
  }
}

/** Resize by all axes, without regions of interest. */
const resize: Rule = (one) => {
  if (attributeOf(one.node, 'axes') !== undefined) return undefined
  const roi = one.node.input[1] ?? ''
  if (roi !== '' && one.bench.constantOf(roi)?.shape[0] !== 0) return undefined
  return perAxis(2, 3)(one)
}

/** Scale and zero point: one for all, or along an axis. */
const quantized: Rule = ({ node, bench, turn, sources, isTurned }) => {
  if (isTurned.slice(1).includes(true)) return undefined
  if (node.input.slice(1).every((name) => isSingle(bench, name))) return { changes: { input: sources }, outputs: [turn] }
  const axis = axisFromFront(numberOf(node, 'axis', 1), turn.length)
  return { changes: { input: sources, attributes: { axis: turn[axis]! } }, outputs: [turn] }
}

function permuted(constant: ConstantData, turn: Permutation): ConstantData {
  const moved = inverse(turn)
  const { data } = constant
  const copy = (data as Float32Array<ArrayBuffer>).slice()
  for (const [at, from] of moved.entries()) copy[at] = (data as Float32Array)[from]!
  return { ...constant, data: copy }
}

function axesOf(bench: Workbench, name: string | undefined, rank: number): readonly number[] | undefined {
  const constant = bench.constantOf(name ?? '')
  return constant && numbersOf(constant).map((axis) => axisFromFront(axis, rank))
}

const ELEMENTWISE =
  'Abs Acos Acosh Asin Asinh Atan Atanh Cast Ceil Celu Clip Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Log Mish Neg Not Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh ThresholdedRelu'
const BROADCAST = 'Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or PRelu Pow Sub Sum Where Xor'
const REDUCE =
  'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare'

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...ELEMENTWISE.split(' ').map((name) => [name, elementwise] as const),
  ...BROADCAST.split(' ').map((name) => [name, broadcast] as const),
  ...REDUCE.split(' ').map((name) => [name, reduce] as const),
  ['ArgMax', argReduce],
  ['ArgMin', argReduce],
  ['Concat', concat],
  ['DequantizeLinear', quantized],
  ['Expand', perAxis(1)],
  ['Hardmax', alongAxis(-1)],
  ['LogSoftmax', alongAxis(-1)],
  ['LpNormalization', alongAxis(-1)],
  ['Pad', pad],
  ['QuantizeLinear', quantized],
  ['Reshape', reshape],
  ['Resize', resize],
  ['Slice', slice],
  ['Softmax', alongAxis(-1)],
  ['Split', alongAxis(0)],
  ['Squeeze', squeeze],
  ['Tile', perAxis(1)],
  ['TopK', alongAxis(-1)],
  ['Unsqueeze', unsqueeze],
])
