// Recurrent layers of TensorFlow's family as ONNX's RNN, GRU and LSTM. Gates stand as i, f, c, o (LSTM) and z, r, h (GRU) in what comes
// in; ONNX has i, o, f, c. Operators with the batch first (layout 1) are refused by onnxruntime: time goes first around them.
// keras/src/layers/rnn/*.py, keras/src/backend/tensorflow/rnn.py; onnx/defs/rnn/defs.cc

import { cast } from '@whyslow/graph/builder/broadcast.ts'
import { type ConstantData, float32s } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { concat, reshape, squeeze, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import type { RecurrentActivation } from './activation-functions.ts'
import { transpose } from './layout.ts'
import { type CompactedSequence, compact, scatterSteps } from './recurrent-mask.ts'

export type CellType = 'RNN' | 'GRU' | 'LSTM'

export const GATES: Readonly<Record<CellType, number>> = { RNN: 1, GRU: 3, LSTM: 4 }
/** Which of Keras' gates stands at each place of ONNX's. */
const ORDER: Readonly<Record<CellType, readonly number[]>> = { RNN: [0], GRU: [0, 1, 2], LSTM: [0, 3, 1, 2] }

/** float32, gates side by side in Keras' order. */
export interface CellWeights {
  /** [features, gates · units]. */
  readonly kernel: ConstantData
  /** [units, gates · units]. */
  readonly recurrent: ConstantData
  /** [gates · units], added to what comes in; absent: none. */
  readonly bias?: ConstantData | undefined
  /** [gates · units], added to what comes back (GRU with reset_after); absent: none. */
  readonly recurrentBias?: ConstantData | undefined
}

export interface Direction {
  readonly weights: CellWeights
  /** Runs from the last step to the first. */
  readonly backwards: boolean
  /** For each gate's function as ONNX lists them: RNN f; GRU f, g; LSTM f, g, h. */
  readonly activations: readonly RecurrentActivation[]
  /** [n, units], one for each state (LSTM: h, c); absent: zeros. */
  readonly initial?: readonly Value[] | undefined
}

export interface Recurrence {
  readonly cell: CellType
  /** [n, steps, features], float32. */
  readonly input: Value
  /** bool [n, steps]: a step that is false keeps the states and repeats the output. */
  readonly mask?: Value | undefined
  /** One, or forward and backward. */
  readonly directions: readonly Direction[]
  /** GRU: the reset gate after the product, as Keras' reset_after. */
  readonly resetAfter?: boolean
  /** The output of a masked step is 0 instead of the one before. */
  readonly zeroMasked?: boolean
  /** Outputs of all steps are wanted. */
  readonly sequences: boolean
}

export interface RecurrenceResult {
  /** [n, steps, directions, units], steps in the order of the input; undefined if it is not wanted. */
  readonly sequences?: Value
  /** [directions, n, units]: what the last step that ran gave. */
  readonly last: Value
  /** The states after the last step, a direction after the other: [n, units] each. */
  readonly states: readonly (readonly Value[])[]
}

export function recurrence(builder: GraphBuilder, parts: Recurrence): RecurrenceResult {
  const { cell, input, directions, mask } = parts
  const units = directions[0]!.weights.recurrent.shape[0]!
  const masked = mask === undefined ? undefined : compact(builder, input, mask)
  const timeFirst = transpose(builder, masked?.input ?? input, [1, 0, 2])
  const states = cell === 'LSTM' ? 2 : 1
  const initial = Array.from({ length: states }, (_, k) => initialState(builder, parts, k))
  const [batch, steps] = [input.shape[0]!, input.shape[1]!]
  const count = directions.length
  const state = { dtype: input.dtype, shape: [count, batch, units] }
  const sequence = { dtype: input.dtype, shape: [steps, count, batch, units] }
  const [sequences, ...finals] = builder.ops(
    cell,
    [timeFirst, ...packedWeights(builder, parts), masked?.counts, ...initial],
    [parts.sequences ? sequence : undefined, ...initial.map(() => state)],
    {
      hidden_size: units,
      direction: count === 2 ? 'bidirectional' : directions[0]!.backwards ? 'reverse' : 'forward',
      ...activationAttributes(directions.flatMap(({ activations }) => activations)),
      ...(cell === 'GRU' ? { linear_before_reset: parts.resetAfter === true ? 1 : 0 } : {}),
    },
  )
  return finished(builder, parts, { sequences: sequences!, finals, initial, masked })
}

/** ONNX reads the numbers in order, one for each function that takes one. */
function activationAttributes(activations: readonly RecurrentActivation[]) {
  const alphas = activations.flatMap(({ alpha }) => (alpha === undefined ? [] : [alpha]))
  const betas = activations.flatMap(({ beta }) => (beta === undefined ? [] : [beta]))
  return {
    activations: activations.map(({ name }) => name),
    ...(alphas.length > 0 ? { activation_alpha: { floats: alphas } } : {}),
    ...(betas.length > 0 ? { activation_beta: { floats: betas } } : {}),
  }
}

/** [directions, n, units] of state `k`; undefined if all begin at zero. */
function initialState(builder: GraphBuilder, { directions }: Recurrence, k: number): Value | undefined {
  if (directions.every(({ initial }) => initial === undefined)) return undefined
  const each = directions.map(({ initial }) => unsqueeze(builder, cast(builder, initial![k]!, 'float32'), [0]))
  return concat(builder, each, 0)
}

/** W [directions, gates · units, features], R [directions, gates · units, units], B [directions, 2 · gates · units]. */
function packedWeights(builder: GraphBuilder, { cell, directions }: Recurrence): Value[] {
  const pack = (name: string, of: (weights: CellWeights) => ConstantData): Value => {
    const each = directions.map(({ weights }) => of(weights))
    const data = new Float32Array(each.reduce((sum, one) => sum + one.data.length, 0))
    let at = 0
    for (const one of each) {
      data.set(one.data as Float32Array, at)
      at += one.data.length
    }
    return builder.constant(float32s([directions.length, ...each[0]!.shape], data), name)
  }
  return [
    pack('kernel', ({ kernel }) => gatesFirst(kernel, cell)),
    pack('recurrent_kernel', ({ recurrent }) => gatesFirst(recurrent, cell)),
    pack('bias', (weights) => biases(weights, cell)),
  ]
}

/** [rows, gates · units] in Keras' order as [gates · units, rows] in ONNX's. */
function gatesFirst({ shape, data }: ConstantData, cell: CellType): ConstantData {
  const [rows, columns] = [shape[0]!, shape[1]!]
  const units = columns / GATES[cell]
  const source = data as Float32Array
  const result = new Float32Array(rows * columns)
  for (const [place, gate] of ORDER[cell].entries()) {
    for (let unit = 0; unit < units; unit++) {
      const [from, to] = [gate * units + unit, (place * units + unit) * rows]
      for (let row = 0; row < rows; row++) result[to + row] = source[row * columns + from]!
    }
  }
  return float32s([columns, rows], result)
}

function biases({ recurrent, bias, recurrentBias }: CellWeights, cell: CellType): ConstantData {
  const width = recurrent.shape[1]!
  const units = width / GATES[cell]
  const result = new Float32Array(2 * width)
  for (const [half, one] of [bias, recurrentBias].entries()) {
    if (one === undefined) continue
    for (const [place, gate] of ORDER[cell].entries()) {
      const gateBias = (one.data as Float32Array).subarray(gate * units, (gate + 1) * units)
      result.set(gateBias, half * width + place * units)
    }
  }
  return float32s([2 * width], result)
}

interface Raw {
  /** [steps, directions, n, units]. */
  readonly sequences: Value
  readonly finals: readonly Value[]
  readonly initial: readonly (Value | undefined)[]
  readonly masked: CompactedSequence | undefined
}

function finished(builder: GraphBuilder, parts: Recurrence, { sequences, finals, initial, masked }: Raw): RecurrenceResult {
  const { directions, zeroMasked = false } = parts
  const kept = masked === undefined ? finals : finals.map((value, k) => masked.orInitial(value, initial[k]))
  const last = masked === undefined ? finals[0]! : masked.orInitial(finals[0]!, undefined)
  const states = directions.map((_, at) => kept.map((state) => directionOf(builder, state, at, directions.length)))
  if (!parts.sequences) {
    if (masked === undefined || !zeroMasked) return { last, states }
    return {
      last: masked.zeroUnlessLast(
        last,
        directions.map(({ backwards }) => backwards),
      ),
      states,
    }
  }
  const placed =
    masked === undefined
      ? sequences
      : scatterSteps(builder, sequences, masked, { backwards: directions.map(({ backwards }) => backwards), zeroMasked })
  return { sequences: transpose(builder, placed, [2, 0, 1, 3]), last, states }
}

/** One direction of [directions, n, units]. */
export function directionOf(builder: GraphBuilder, value: Value, at: number, count: number): Value {
  if (count === 1) return squeeze(builder, value, [0])
  const [batch, units] = [value.shape[1]!, value.shape[2]!]
  const index = builder.constant({ dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(at)) }, 'index')
  return builder.op('Gather', [value, index], { dtype: value.dtype, shape: [batch, units] }, { axis: 0 })
}

/** All directions side by side: [n, steps, directions, units] or [directions, n, units] as […, directions · units]. */
export function concatenateDirections(
  builder: GraphBuilder,
  { sequences, last }: Pick<RecurrenceResult, 'sequences' | 'last'>,
): Value {
  const turned = sequences ?? transpose(builder, last, [1, 0, 2])
  const [count, units] = turned.shape.slice(-2) as number[]
  // A turn in front of an axis that goes can be moved behind it; in front of one that is run together it cannot.
  if (count === 1) return squeeze(builder, turned, [-2])
  const shape: Dimension[] = [...turned.shape.slice(0, -2), count! * units!]
  return reshape(builder, turned, shape)
}
