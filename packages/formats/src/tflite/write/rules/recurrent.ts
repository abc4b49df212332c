// LSTM, GRU and RNN as a WHILE over the steps, as TensorFlow's converter writes Keras 3's layers. UNIDIRECTIONAL_SEQUENCE_LSTM would be one
// operator, but keeps its state from one prediction to the next unless the caller resets it, and ONNX's begins each again.
// What comes from the input is multiplied once, for all steps; a step adds what comes from the state.

import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import { samePermutation } from '@whyslow/graph/builder/permutation.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { numberAttribute, textAttribute } from '@whyslow/graph/view-attributes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { arithmetic } from './arithmetic.ts'
import { roundsLeft, rowOf, withRow } from './loop.ts'
import { fullyConnected } from './matmul.ts'
import { CELLS, type Cell, type CellParts, type CellWeights } from './recurrent-cells.ts'
import type { Rules } from './rule.ts'

export const RECURRENT: Rules = {
  GRU: (lower, node) => recurrent(lower, node, CELLS.GRU),
  LSTM: (lower, node) => recurrent(lower, node, CELLS.LSTM),
  RNN: (lower, node) => recurrent(lower, node, CELLS.RNN),
}

function recurrent(lower: Lowerer, node: OnnxNode, cell: Cell): void {
  const [inputName, , , , lengths, initialH, initialC, peepholes] = node.inputs as [string, ...(string | undefined)[]]
  const [y, lastH, lastC] = node.outputs as [string, string?, string?]
  if (peepholes) lower.refuse('peepholes')
  if (node.attributes.clip !== undefined || numberAttribute(node, 'input_forget', 0) === 1) lower.refuse('clip and input_forget')
  if (numberAttribute(node, 'layout', 0) === 1) lower.refuse('layout 1')
  const batchFirst = samePermutation(lower.order(inputName), [1, 0, 2])
  const x = lower.ordered(inputName, batchFirst ? [1, 0, 2] : [0, 1, 2])
  const direction = textAttribute(node, 'direction', 'forward')
  const backwards = direction === 'bidirectional' ? [false, true] : [direction === 'reverse']
  const runs = backwards.map((back, k) => {
    const weights = weightsOf(lower, node, { cell, k })
    const initial = [initialH, cell.states > 1 ? initialC : undefined].slice(0, cell.states)
    const states = initial.map((name) => stateOf(lower, x, { name, k, size: weights.size, batchFirst }))
    const whole = y !== '' && y !== undefined
    return run(lower, x, { weights, states, back, batchFirst, whole, lengths: lengths ? lower.asInt32(lengths) : undefined })
  })
  if (y)
    placeAll(
      lower,
      y,
      runs.map(({ whole }) => whole!),
      batchFirst,
    )
  for (const [index, name] of [lastH, lastC].entries()) {
    if (!name) continue
    const rows = runs.map(({ states }) => lower.reshape(states[index]!, [1, ...states[index]!.shape]))
    lower.place(name, joined(lower, rows, 0))
  }
}

function weightsOf(lower: Lowerer, node: OnnxNode, { cell, k }: { readonly cell: Cell; readonly k: number }): CellWeights {
  const [w, r, b] = [1, 2, 3].map((index) => lower.constant(node.inputs[index]))
  if (w === undefined || r === undefined || (node.inputs[3] && b === undefined)) return lower.refuse('its weights are computed')
  const size = r.shape[2]!
  const ofDirection = (constant: ConstantData): Float32Array<ArrayBuffer> => {
    const each = constant.data.length / constant.shape[0]!
    return (constant.data as Float32Array<ArrayBuffer>).slice(k * each, (k + 1) * each)
  }
  const bias = b === undefined ? new Float32Array(2 * cell.gates * size) : ofDirection(b)
  return cell.weights({ lower, node, k, size, input: ofDirection(w), recurrent: ofDirection(r), bias, features: w.shape[2]! })
}

interface StateOf {
  readonly name: string | undefined
  readonly k: number
  readonly size: number
  readonly batchFirst: boolean
}

/** [n, units]: as it is given, or zeros. */
function stateOf(lower: Lowerer, x: LiteTensor, { name, k, size, batchFirst }: StateOf): LiteTensor {
  const batch = x.shape[batchFirst ? 0 : 1]!
  if (name) {
    const all = lower.plain(name)
    const one = { dtype: all.dtype, shape: [1, ...all.shape.slice(1)] }
    const own = all.shape[0] === 1 ? all : lower.op('SLICE', [all, lower.ints([k, 0, 0]), lower.ints([1, -1, -1])], one)
    return lower.reshape(own, [batch, size])
  }
  return zeros(lower, x, { from: [{ axis: batchFirst ? 0 : 1 }, size], shape: [batch, size] })
}

/** `from`: of each size, the axis of `x` that it is, or the number. */
function zeros(
  lower: Lowerer,
  x: LiteTensor,
  { from, shape }: { readonly from: readonly (number | { readonly axis: number })[]; readonly shape: readonly Dimension[] },
): LiteTensor {
  if (shape.every((size) => typeof size === 'number')) {
    const sizes = shape as readonly number[]
    return lower.floats(sizes, new Float32Array(sizes.reduce((all, size) => all * size, 1)))
  }
  const own = lower.shapeOf(x)
  const sizes = lower.pack(from.map((one) => (typeof one === 'number' ? lower.scalar(one) : lower.sizeAt(own, one.axis))))
  return lower.op('FILL', [sizes, lower.number(0)], { dtype: 'float32', shape })
}

interface Run {
  readonly weights: CellWeights
  /** What the loop begins with, [n, units] each. */
  readonly states: readonly LiteTensor[]
  readonly back: boolean
  readonly batchFirst: boolean
  /** All steps are wanted, not the last alone. */
  readonly whole: boolean
  /** int32 [n]: steps from here on keep the states, and give zeros. */
  readonly lengths: LiteTensor | undefined
}

/** The states after the last step, and of each step the first of them, where they are wanted. */
function run(lower: Lowerer, x: LiteTensor, { weights, states, back, batchFirst, whole, lengths }: Run) {
  const timeAxis = batchFirst ? 1 : 0
  const { size, projection } = weights
  const steps = x.shape[timeAxis]!
  const projected = fullyConnected(lower, x, {
    weights: projection.weights,
    bias: lower.constantTensor(projection.bias, 'bias'),
    result: { dtype: 'float32', shape: [...x.shape.slice(0, 2), projection.bias.shape[0]!] },
  })
  const count = typeof steps === 'number' ? lower.scalar(steps) : lower.sizeAt(lower.shapeOf(x), timeAxis)
  const from = [{ axis: 0 }, { axis: 1 }, size]
  const all = whole ? [zeros(lower, x, { from, shape: [...x.shape.slice(0, 2), size] })] : []
  const carried = [lower.scalar(0), count, projected, ...states, ...all, ...(lengths === undefined ? [] : [lengths])]
  const like = carried.map(({ dtype, shape }) => ({ dtype, shape }))
  const condition = roundsLeft(lower, like)
  const body = lower.graph('step', like, ([time, last, input, ...rest]) => {
    const { add, subtract } = arithmetic(lower, { dtype: 'int32', shape: [] })
    const one = lower.scalar(1)
    const place = back ? subtract(subtract(last!, one), time!) : time!
    const now = states.map((_, k) => rest[k]!)
    const row = rowOf(lower, input!, { axis: timeAxis, place })
    const stepped = weights.step(lower, { row, states: now } satisfies CellParts)
    const own = lengths && rest.at(-1)!
    const next = own === undefined ? stepped : stepped.map((state, k) => where(lower, { place, lengths: own }, [state, now[k]!]))
    const given = own === undefined ? stepped[0]! : where(lower, { place, lengths: own }, [stepped[0]!, lower.number(0)])
    const written = whole ? [withRow(lower, rest[states.length]!, { place, axis: timeAxis, row: given })] : []
    return [add(time!, one), last!, input!, ...next, ...written, ...(own === undefined ? [] : [own])]
  })
  const results = lower.ops('WHILE', carried, like, {}, [condition, body])
  const after = results.slice(3)
  return { states: after.slice(0, states.length), whole: whole ? after[states.length]! : undefined }
}

/** Rows of the first where the step is within their length, else of the second. */
function where(
  lower: Lowerer,
  { place, lengths }: { readonly place: LiteTensor; readonly lengths: LiteTensor },
  [within, beyond]: readonly [LiteTensor, LiteTensor],
): LiteTensor {
  const [n] = lengths.shape as [Dimension]
  const flags = lower.op('LESS', [place, lengths], { dtype: 'bool', shape: [n] })
  const column = lower.reshape(flags, [n, 1])
  const result = { dtype: within.dtype, shape: within.shape }
  return lower.op('SELECT_V2', [column, within, beyond], result)
}

/** ONNX's Y is [steps, directions, n, units]. */
function placeAll(lower: Lowerer, name: string, runs: readonly LiteTensor[], batchFirst: boolean): void {
  const apart = runs.map((one) => {
    const [a, b, units] = one.shape as [Dimension, Dimension, Dimension]
    return lower.reshape(one, batchFirst ? [a, b, 1, units] : [a, 1, b, units])
  })
  lower.place(name, joined(lower, apart, batchFirst ? 2 : 1), batchFirst ? [2, 0, 1, 3] : [0, 1, 2, 3])
}

function joined(lower: Lowerer, parts: readonly LiteTensor[], axis: number): LiteTensor {
  const [first] = parts as [LiteTensor]
  if (parts.length === 1) return first
  const shape = first.shape.map((size, k): Dimension => (k === axis ? parts.length : size))
  return lower.op('CONCATENATION', parts, { dtype: first.dtype, shape }, { axis })
}
