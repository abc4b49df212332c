// Cells of recurrent layers: their arrays, and what these are to ONNX. keras/src/layers/rnn/{simple_rnn,gru,lstm}.py,
// tf_keras/src/layers/rnn/{cudnn_gru,cudnn_lstm}.py; Keras 1: keras/layers/recurrent.py
import { type ConstantData, float32s } from '@whyslow/graph/builder/constant-data.ts'
import type { RecurrentActivation } from '../tensorflow/activation-functions.ts'
import { activate } from '../tensorflow/activation-functions.ts'
import { inRecurrence } from '../tensorflow/activations.ts'
import type { CellStep } from '../tensorflow/cell-steps.ts'
import type { Dialect } from '../tensorflow/dialect.ts'
import { type CellType, type CellWeights, GATES } from '../tensorflow/recurrent.ts'
import type { BoundLayer, LayerKind } from './layer.ts'
import type { LayerConfig } from './layer-config.ts'
import { activationIn, arrayOf, trainableSlots, trainableSlotsWithBias } from './layer-parts.ts'

/** Gates of a cell of Keras 1 in the order in which it makes their arrays, each with the place that it has since Keras 2. */
const KERAS_1_GATES: Readonly<Record<CellType, readonly (readonly [gate: string, place: number])[]>> = {
  RNN: [['h', 0]],
  GRU: [
    ['z', 0],
    ['r', 1],
    ['h', 2],
  ],
  LSTM: [
    ['i', 0],
    ['c', 2],
    ['f', 1],
    ['o', 3],
  ],
}

/** Keras 1 keeps an array for each gate, unless it was told to compute them at once. */
const hasGatesApart = (config: LayerConfig, dialect: Dialect): boolean =>
  dialect === 'keras-1' && config.raw('consume_less') !== 'gpu'

function cellKind(cell: CellType, classNames: readonly string[]): LayerKind {
  return {
    classNames,
    arrays: (config, dialect) => {
      if (cell !== 'RNN' && hasGatesApart(config, dialect))
        return KERAS_1_GATES[cell].flatMap(([gate]) => trainableSlots(`W_${gate}`, `U_${gate}`, `b_${gate}`))
      return trainableSlotsWithBias(config, 'kernel', 'recurrent_kernel')
    },
    write: ({ config }) => {
      throw config.refuse('is a cell outside a recurrent layer; call it in keras.layers.RNN')
    },
  }
}

export const simpleRnnCell = cellKind('RNN', ['SimpleRNNCell'])
export const gruCell = cellKind('GRU', ['GRUCell', 'CuDNNGRUCell'])
export const lstmCell = cellKind('LSTM', ['LSTMCell', 'CuDNNLSTMCell'])

const CELL_TYPES: Readonly<Record<string, CellType>> = {
  SimpleRNNCell: 'RNN',
  GRUCell: 'GRU',
  CuDNNGRUCell: 'GRU',
  LSTMCell: 'LSTM',
  CuDNNLSTMCell: 'LSTM',
}

export interface Cell extends CellStep {
  readonly units: number
  readonly layer: BoundLayer
  /** For ONNX's operators; undefined if they have no such function. */
  readonly activations: readonly RecurrentActivation[] | undefined
}

/** The cell with its arrays checked against `features`. Throws InputError if they do not fit, or a function is not known. */
export function cellOf(layer: BoundLayer, features: number): Cell {
  const { className, config, dialect } = layer
  const cell = CELL_TYPES[className]
  if (cell === undefined) throw config.refuse(`is no cell that is read here; use SimpleRNNCell, GRUCell or LSTMCell`)
  const state = activationIn(layer, 'activation', 'tanh')
  const usual = dialect === 'keras-3' || className.startsWith('CuDNN') ? 'sigmoid' : 'hard_sigmoid'
  const gates = activationIn(layer, 'recurrent_activation', usual)
  const functions = cell === 'RNN' ? [state] : cell === 'GRU' ? [gates, state] : [gates, state, state]
  const activations = functions.map(inRecurrence)
  const resetAfter = cell === 'GRU' && (className.startsWith('CuDNN') || config.flag('reset_after', dialect === 'keras-3'))
  const weights = weightsOf(layer, { cell, features, resetAfter })
  return {
    cell,
    layer,
    weights,
    units: weights.recurrent.shape[0]!,
    resetAfter,
    activation: (builder, x) => activate(builder, state.name, x, state.settings),
    recurrentActivation: (builder, x) => activate(builder, gates.name, x, gates.settings),
    activations: activations.every((one) => one !== undefined) ? activations : undefined,
  }
}

interface CellShape {
  readonly cell: CellType
  readonly features: number
  readonly resetAfter: boolean
}

function weightsOf(layer: BoundLayer, shape: CellShape): CellWeights {
  if (shape.cell !== 'RNN' && hasGatesApart(layer.config, layer.dialect)) return joinedGates(layer, shape)
  const { cell, features, resetAfter } = shape
  const recurrent = layer.arrays.get('recurrent_kernel')
  const units = recurrent?.shape[0] ?? 0
  const width = GATES[cell] * units
  const kernel = arrayOf(layer, 'kernel', [features, width])
  const parts = { kernel, recurrent: arrayOf(layer, 'recurrent_kernel', [units, width]) }
  if (layer.className.startsWith('CuDNN')) return fromCudnn(layer, parts, shape)
  if (!layer.arrays.has('bias')) return parts
  if (!resetAfter) return { ...parts, bias: arrayOf(layer, 'bias', [width]) }
  const { data } = arrayOf(layer, 'bias', [2, width])
  return { ...parts, ...halves(data as Float32Array<ArrayBuffer>, width) }
}

function halves(data: Float32Array<ArrayBuffer>, width: number): { bias: ConstantData; recurrentBias: ConstantData } {
  const half = (at: number) => float32s([width], data.slice(at * width, (at + 1) * width))
  return { bias: half(0), recurrentBias: half(1) }
}

/** An array for each gate, put side by side as since Keras 2. */
function joinedGates(layer: BoundLayer, { cell, features }: CellShape): CellWeights {
  const units = layer.arrays.get('U_h')?.shape[0] ?? layer.arrays.get('U_i')?.shape[0] ?? 0
  const width = GATES[cell] * units
  const join = (letter: string, rows: number): Float32Array<ArrayBuffer> => {
    const joined = new Float32Array(rows * width)
    for (const [gate, place] of KERAS_1_GATES[cell]) {
      const { data } = arrayOf(layer, `${letter}_${gate}`, letter === 'b' ? [units] : [rows, units])
      for (let row = 0; row < rows; row++)
        joined.set((data as Float32Array).subarray(row * units, (row + 1) * units), row * width + place * units)
    }
    return joined
  }
  return {
    kernel: float32s([features, width], join('W', features)),
    recurrent: float32s([units, width], join('U', units)),
    bias: float32s([width], join('b', 1)),
  }
}

/** cuDNN keeps the matrix of each gate turned, and two biases for each gate (_convert_rnn_weights of Keras 2). */
function fromCudnn(
  layer: BoundLayer,
  { kernel, recurrent }: Pick<CellWeights, 'kernel' | 'recurrent'>,
  { cell }: CellShape,
): CellWeights {
  const width = recurrent.shape[1]!
  const units = width / GATES[cell]
  const turned = { kernel: turnedGates(kernel, units), recurrent: turnedGates(recurrent, units) }
  const both = halves(arrayOf(layer, 'bias', [2 * width]).data as Float32Array<ArrayBuffer>, width)
  if (cell === 'GRU') return { ...turned, ...both }
  const [bias, recurrentBias] = [both.bias.data as Float32Array<ArrayBuffer>, both.recurrentBias.data as Float32Array]
  return {
    ...turned,
    bias: float32s(
      [width],
      bias.map((value, k) => value + recurrentBias[k]!),
    ),
  }
}

/** Each gate's [rows, units], whose elements stand column after column. */
function turnedGates({ shape, data }: ConstantData, units: number): ConstantData {
  const [rows, width] = [shape[0]!, shape[1]!]
  const source = data as Float32Array
  const result = new Float32Array(rows * width)
  for (let column = 0; column < width; column++) {
    const [gate, unit] = [Math.floor(column / units), column % units]
    for (let row = 0; row < rows; row++) {
      const at = unit * rows + row
      result[row * width + column] = source[Math.floor(at / units) * width + gate * units + (at % units)]!
    }
  }
  return float32s(shape, result)
}
