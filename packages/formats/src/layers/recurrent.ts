// Recurrent layers: a cell, or several, run over the steps of a sequence. keras/src/layers/rnn/{rnn,stacked_rnn_cells}.py and tf_keras'.
import { asBool } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { concat, reverse, sizeAsRun, zeros } from '@whyslow/graph/builder/shapes.ts'
import { cellStep, gateInputs } from '../tensorflow/cell-steps.ts'
import { swapTimeAndBatch } from '../tensorflow/layout.ts'
import { concatenateDirections, directionOf, recurrence } from '../tensorflow/recurrent.ts'
import { scanSteps } from '../tensorflow/scan-steps.ts'
import { isTensor, tensorsIn } from './arguments.ts'
import type { BoundLayer, ChildSlot, LayerCall, LayerKind } from './layer.ts'
import { asFloat, sizeOf } from './layer-parts.ts'
import { type Cell, cellOf } from './recurrent-cells.ts'
import { headOf } from './serialized.ts'

/** A recurrent layer of one built-in cell, which its own configuration describes. */
function ofCell(classNames: readonly string[], cellClass: string): LayerKind {
  return {
    classNames,
    children: (config, _, name): ChildSlot[] => [{ attributes: ['cell'], className: cellClass, name, config }],
    write: writeRecurrent,
  }
}

export const simpleRnn = ofCell(['SimpleRNN'], 'SimpleRNNCell')
export const gru = ofCell(['GRU', 'GRUV1', 'GRUV2'], 'GRUCell')
export const lstm = ofCell(['LSTM', 'LSTMV1', 'LSTMV2'], 'LSTMCell')
export const cudnnGru = ofCell(['CuDNNGRU'], 'CuDNNGRUCell')
export const cudnnLstm = ofCell(['CuDNNLSTM'], 'CuDNNLSTMCell')

/** keras.layers.RNN of a cell. */
export const rnn: LayerKind = {
  classNames: ['RNN'],
  children: (config, _, name): ChildSlot[] => [
    { attributes: ['cell'], ...headOf(config.raw('cell'), { holder: config, around: `${name}/`, fallback: 'cell' }) },
  ],
  write: writeRecurrent,
}

/** Cells one upon the other in one step: the same as layers one upon the other. */
export const stackedCells: LayerKind = {
  classNames: ['StackedRNNCells'],
  children: (config, _, name): ChildSlot[] => {
    const cells = config.raw('cells')
    if (!Array.isArray(cells)) throw config.refuse('lists no cells; save the model again')
    if (config.raw('reverse_state_order') === true) throw config.refuse('has its states in reverse order; save it without')
    const counts = new Map<string, number>()
    return cells.map((cell, index): ChildSlot => {
      const head = headOf(cell, { holder: config, around: `${name}/`, fallback: `cell_${index}` })
      const own = SNAKE.get(head.className) ?? head.className
      const count = counts.get(own) ?? 0
      counts.set(own, count + 1)
      return { ...head, attributes: [`cells/${own}${count === 0 ? '' : `_${count}`}`] }
    })
  },
  write: ({ config }) => {
    throw config.refuse('is a cell outside a recurrent layer; call it in keras.layers.RNN')
  },
}

const SNAKE: ReadonlyMap<string, string> = new Map([
  ['SimpleRNNCell', 'simple_rnn_cell'],
  ['GRUCell', 'gru_cell'],
  ['LSTMCell', 'lstm_cell'],
])

/** What a recurrent layer was called with. */
export interface RecurrentCall {
  /** [n, steps, …] */
  readonly input: Value
  readonly states: readonly Value[]
  readonly mask: Value | undefined
}

/** Throws InputError for what no graph without memory can hold. */
export function recurrentCall(call: LayerCall): RecurrentCall {
  const { builder, config, inputs, kwargs, masks } = call
  if (config.raw('stateful') === true)
    throw config.refuse('keeps its states from one prediction to the next (stateful); save it with stateful=False')
  const [given, ...others] = inputs
  if (given === undefined) throw config.refuse('is called without a tensor')
  const major = config.raw('time_major') === true
  const begun = tensorsIn(kwargs.initial_state)
  // Keras 3 hands a mask on to layers that are called with one tensor alone.
  const implied = call.dialect === 'keras-3' && begun.length + others.length > 0 ? undefined : masks[0]
  const mask = isTensor(kwargs.mask) ? kwargs.mask : implied
  return {
    input: major ? swapTimeAndBatch(builder, given) : given,
    states: [...others, ...begun],
    mask: mask === undefined ? undefined : asBool(builder, mask),
  }
}

function writeRecurrent(call: LayerCall) {
  const { config, builder } = call
  const { input, states, mask } = recurrentCall(call)
  const sequences = config.flag('return_sequences', false)
  const backwards = config.flag('go_backwards', false)
  const zeroMasked = config.raw('zero_output_for_mask') === true
  let x = asFloat(call, input)
  let open = states
  const ends: Value[] = []
  const cells = cellsOf(call)
  for (const [k, layer] of cells.entries()) {
    const cell = cellOf(layer, sizeOf(call, x, 2))
    const count = cell.cell === 'LSTM' ? 2 : 1
    const initial = open.length === 0 ? undefined : open.slice(0, count)
    if (initial !== undefined && initial.length < count) throw config.refuse(`is called with too few states`)
    open = open.slice(count)
    const last = k === cells.length - 1
    const run = { input: x, mask, backwards, initial, zeroMasked: zeroMasked && last, sequences: sequences || !last }
    const result = runCell(builder, cell, run)
    x = result.output
    ends.push(...result.states)
  }
  // Keras gives out what it ran backwards as it ran.
  const ordered = sequences && backwards ? reverse(builder, x, 1) : x
  const output = sequences && config.raw('time_major') === true ? swapTimeAndBatch(builder, ordered) : ordered
  const returned = config.flag('return_state', false) ? ends : []
  return { outputs: [output, ...returned], mask: sequences ? mask : undefined }
}

function cellsOf({ children, config }: LayerCall): BoundLayer[] {
  const cell = children.get('cell')
  if (cell === undefined) throw config.refuse('has no cell; save the model again')
  return cell.className === 'StackedRNNCells' ? [...cell.children.values()] : [cell]
}

interface CellRun {
  readonly input: Value
  readonly mask: Value | undefined
  readonly backwards: boolean
  readonly initial: readonly Value[] | undefined
  readonly zeroMasked: boolean
  readonly sequences: boolean
}

/** `output`: [n, steps, units] in the order of the input's steps, or [n, units]. */
function runCell(builder: GraphBuilder, cell: Cell, run: CellRun): { output: Value; states: readonly Value[] } {
  const { input, mask, backwards, initial, zeroMasked, sequences } = run
  const { weights, activations, resetAfter } = cell
  if (activations === undefined) return stepCell(builder, cell, run)
  const directions = [{ weights, backwards, activations, initial }]
  const result = recurrence(builder, { cell: cell.cell, input, mask, directions, resetAfter, zeroMasked, sequences })
  const output = sequences ? concatenateDirections(builder, result) : directionOf(builder, result.last, 0, 1)
  return { output, states: result.states[0]! }
}

/** Functions that ONNX's operators do not have: step by step. */
function stepCell(builder: GraphBuilder, cell: Cell, run: CellRun): { output: Value; states: readonly Value[] } {
  const { input, mask, backwards, zeroMasked, sequences } = run
  const batch = input.shape[0]!
  const begin = () =>
    zeros(builder, concat(builder, [sizeAsRun(builder, input, 0), builder.ints([cell.units])], 0), {
      dtype: 'float32',
      shape: [batch, cell.units],
    })
  const initial = run.initial ?? (cell.cell === 'LSTM' ? [begin(), begin()] : [begin()])
  const given = swapTimeAndBatch(builder, gateInputs(builder, input, cell))
  const step = (body: GraphBuilder, x: Value, states: readonly Value[]) => cellStep(body, x, states, cell)
  const result = scanSteps(builder, { input: given, mask, backwards, initial, zeroMasked, step })
  return { output: sequences ? swapTimeAndBatch(builder, result.sequences) : result.last, states: result.states }
}
