// A step of an LSTM, a GRU and a plain RNN. Rows of the weights are those of one gate after the other: ONNX has i o f c and z r h; LSTM's
// are put in TensorFlow's order i f c o.
import { type ConstantData, float32s } from '@whyslow/graph/builder/constant-data.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { arithmetic, softplus } from './arithmetic.ts'
import { fullyConnected } from './matmul.ts'

type Floats = Float32Array<ArrayBuffer>

/** What a cell is made of, of one direction. */
export interface CellSource {
  readonly lower: Lowerer
  readonly node: OnnxNode
  /** Which direction. */
  readonly k: number
  readonly size: number
  readonly features: number
  /** [gates · size, features]. */
  readonly input: Floats
  /** [gates · size, size]. */
  readonly recurrent: Floats
  /** Biases of the input's gates, then of the state's. */
  readonly bias: Floats
}

export interface CellParts {
  /** What comes from the input, all gates: [n, gates · size]. */
  readonly row: LiteTensor
  readonly states: readonly LiteTensor[]
}

export interface CellWeights {
  readonly size: number
  /** What multiplies the input of all steps. */
  readonly projection: { readonly weights: ConstantData; readonly bias: ConstantData }
  step(lower: Lowerer, parts: CellParts): readonly LiteTensor[]
}

export interface Cell {
  readonly gates: number
  readonly states: number
  weights(source: CellSource): CellWeights
}

type Activation = (lower: Lowerer, x: LiteTensor) => LiteTensor

/** `activations` of the node are those of each direction in turn. */
function activationsOf({ lower, node, k }: CellSource, usual: readonly string[]): Activation[] {
  const given = node.attributes.activations
  const names =
    Array.isArray(given) && given.length > 0 ? (given as string[]).slice(k * usual.length, (k + 1) * usual.length) : usual
  const list = (name: string) => (Array.isArray(node.attributes[name]) ? (node.attributes[name] as number[]) : [])
  return names.map((name, index) => {
    const [alpha, beta] = [list('activation_alpha')[k * usual.length + index], list('activation_beta')[k * usual.length + index]]
    return activation(lower, name.toLowerCase(), { alpha, beta })
  })
}

/** alpha and beta where the node tells none. */
const DEFAULTS: Readonly<Record<string, readonly [number, number]>> = { affine: [1, 0], elu: [1, 0], hardsigmoid: [0.2, 0.5] }

function activation(
  lower: Lowerer,
  name: string,
  given: { readonly alpha?: number | undefined; readonly beta?: number | undefined },
): Activation {
  const [alpha, beta] = [given.alpha ?? DEFAULTS[name]?.[0] ?? 1, given.beta ?? DEFAULTS[name]?.[1] ?? 0]
  switch (name) {
    case 'sigmoid':
      return (at, x) => arithmetic(at, x).of('LOGISTIC', x)
    case 'tanh':
      return (at, x) => arithmetic(at, x).of('TANH', x)
    case 'relu':
      return (at, x) => arithmetic(at, x).of('RELU', x)
    case 'hardsigmoid':
      return (at, x) => {
        const { of, add, multiply, smallest, number } = arithmetic(at, x)
        return smallest(of('RELU', add(multiply(x, number(alpha)), number(beta))), number(1))
      }
    case 'softsign':
      return (at, x) => {
        const { divide, add, abs, number } = arithmetic(at, x)
        return divide(x, add(abs(x), number(1)))
      }
    case 'softplus':
      return (at, x) => softplus(at, x)
    case 'elu':
      return alpha === 1 ? (at, x) => arithmetic(at, x).of('ELU', x) : lower.refuse(`activation elu with alpha ${alpha}`)
    case 'affine':
      return alpha === 1 && beta === 0 ? (_at, x) => x : lower.refuse('activation affine')
    default:
      return lower.refuse(`activation ${name}`)
  }
}

/** Gates in another order: `order[k]` is the gate that comes `k`-th. */
function inOrder(values: Floats, order: readonly number[]): Floats {
  const each = values.length / order.length
  const result = new Float32Array(values.length)
  for (const [k, gate] of order.entries()) result.set(values.subarray(gate * each, (gate + 1) * each), k * each)
  return result
}

const summed = (a: Floats, b: Floats): Floats => a.map((one, k) => one + b[k]!)

/** [n, size] · recurrent weights. */
function fromState(
  lower: Lowerer,
  state: LiteTensor,
  { weights, rows, bias }: { readonly weights: Floats; readonly rows: number; readonly bias?: Floats },
): LiteTensor {
  const [n, size] = state.shape as [number, number]
  return fullyConnected(lower, state, {
    weights: float32s([rows, size], weights),
    bias: bias && lower.floats([rows], bias),
    result: { dtype: 'float32', shape: [n, rows] },
  })
}

function gatesOf(lower: Lowerer, all: LiteTensor, count: number): LiteTensor[] {
  const [n, columns] = all.shape as [number, number]
  const each = { dtype: 'float32' as const, shape: [n, columns / count] }
  return lower.ops('SPLIT', [lower.scalar(1), all], new Array(count).fill(each), { num_splits: count })
}

/** i, o, f, c as i, f, c, o. */
const LSTM_ORDER = [0, 2, 3, 1]

const LSTM: Cell = {
  gates: 4,
  states: 2,
  weights(source) {
    const { size, features, bias } = source
    const [gate, candidate, output] = activationsOf(source, ['Sigmoid', 'Tanh', 'Tanh']) as [Activation, Activation, Activation]
    const both = summed(inOrder(bias.slice(0, 4 * size), LSTM_ORDER), inOrder(bias.slice(4 * size), LSTM_ORDER))
    const weights = inOrder(source.recurrent, LSTM_ORDER)
    return {
      size,
      projection: {
        weights: float32s([4 * size, features], inOrder(source.input, LSTM_ORDER)),
        bias: float32s([4 * size], both),
      },
      step(lower, { row, states }) {
        const [h, c] = states as [LiteTensor, LiteTensor]
        const sum = arithmetic(lower, row).add(row, fromState(lower, h, { weights, rows: 4 * size }))
        const [i, f, g, o] = gatesOf(lower, sum, 4) as [LiteTensor, LiteTensor, LiteTensor, LiteTensor]
        const { add, multiply } = arithmetic(lower, h)
        const cell = add(multiply(gate(lower, f), c), multiply(gate(lower, i), candidate(lower, g)))
        return [multiply(gate(lower, o), output(lower, cell)), cell]
      },
    }
  },
}

const GRU: Cell = {
  gates: 3,
  states: 1,
  weights(source) {
    const { node, size, features, input, recurrent, bias } = source
    const [gate, candidate] = activationsOf(source, ['Sigmoid', 'Tanh']) as [Activation, Activation]
    const after = node.attributes.linear_before_reset === 1
    const [ofInput, ofState] = [bias.slice(0, 3 * size), bias.slice(3 * size)]
    const all = after ? ofInput : summed(ofInput, ofState)
    return {
      size,
      projection: { weights: float32s([3 * size, features], input), bias: float32s([3 * size], all) },
      step(lower, { row, states }) {
        const [h] = states as [LiteTensor]
        const [xz, xr, xh] = gatesOf(lower, row, 3) as [LiteTensor, LiteTensor, LiteTensor]
        const { add, subtract, multiply, number } = arithmetic(lower, h)
        const reset = (rows: number, weights: Floats, own?: Floats) =>
          gatesOf(lower, fromState(lower, h, { weights, rows: rows * size, ...(own === undefined ? {} : { bias: own }) }), rows)
        const [hz, hr, hh] = after ? reset(3, recurrent, ofState) : reset(2, recurrent.slice(0, 2 * size * size))
        const [z, r] = [gate(lower, add(xz, hz!)), gate(lower, add(xr, hr!))]
        const inner = after
          ? multiply(r, hh!)
          : fromState(lower, multiply(r, h), { weights: recurrent.slice(2 * size * size), rows: size })
        const next = candidate(lower, add(xh, inner))
        return [add(multiply(z, h), multiply(subtract(number(1), z), next))]
      },
    }
  },
}

const RNN: Cell = {
  gates: 1,
  states: 1,
  weights(source) {
    const { size, features, input, recurrent, bias } = source
    const [output] = activationsOf(source, ['Tanh']) as [Activation]
    return {
      size,
      projection: {
        weights: float32s([size, features], input),
        bias: float32s([size], summed(bias.slice(0, size), bias.slice(size))),
      },
      step(lower, { row, states }) {
        return [output(lower, arithmetic(lower, row).add(row, fromState(lower, states[0]!, { weights: recurrent, rows: size })))]
      },
    }
  },
}

export const CELLS = { LSTM, GRU, RNN }
