// Recurrent operators: LSTM and RNN, one step or a sequence, one direction or two, and SVDF. Weights are [units, inputs]; the states are
// variables of the file. https://github.com/google-ai-edge/LiteRT/blob/main/tflite/kernels/lstm_eval.cc, basic_rnn.cc, svdf.cc

import { binary, unary, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { meanAndVariance, overDeviation, reduce } from '@whyslow/graph/builder/reduce.ts'
import { concat, reshape, slice, split, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { transpose } from '../../tensorflow/layout.ts'
import { matmul } from '../../tensorflow/products.ts'
import { scanSteps } from '../../tensorflow/scan-steps.ts'
import { hybridState } from '../hybrid.ts'
import {
  activatedBy,
  input,
  limit,
  type OperatorCall,
  optionsOf,
  realConstant,
  realInput,
  realOf,
  store,
  type Writers,
} from '../operator.ts'
import { type LstmOptions, type LstmPlaces, plainLstm } from './plain-lstm.ts'
import { realState, type StateWriter, stateWriter } from './recurrent-state.ts'

const four = (first: number): [number, number, number, number] => [first, first + 1, first + 2, first + 3]

/** Input places of LSTM and UNIDIRECTIONAL_SEQUENCE_LSTM, and of BIDIRECTIONAL_SEQUENCE_LSTM's forward part except its states. */
const FORWARD: LstmPlaces = {
  weights: four(1),
  recurrent: four(5),
  peephole: [9, 10, 11],
  bias: four(12),
  projection: [16, 17],
  states: [18, 19],
  norms: four(20),
}
const BIDIRECTIONAL: readonly LstmPlaces[] = [
  { weights: four(1), recurrent: four(5), peephole: [9, 10, 11], bias: four(12), projection: [16, 17], states: [35, 36] },
  { weights: four(18), recurrent: four(22), peephole: [26, 27, 28], bias: four(29), projection: [33, 34], states: [37, 38] },
]

/** A constant, or what is computed, as [inputs, units]; undefined if it is left out. */
function weightsAt(call: OperatorCall, k: number): Value | undefined {
  const tensor = call.inputs[k]
  if (tensor === undefined) return undefined
  const constant = realConstant(tensor)
  const value = constant === undefined ? realOf(call, tensor) : call.builder.constant(constant, 'weights')
  return value.shape.length === 2 ? transpose(call.builder, value, [1, 0]) : value
}

const LAYER_NORM_EPSILON = 1e-8

function normalized(builder: GraphBuilder, x: Value, factor: Value): Value {
  const { centred, variance } = meanAndVariance(builder, x, [-1])
  return binary(builder, 'Mul', overDeviation(builder, centred, variance, LAYER_NORM_EPSILON), factor)
}

/** One step: the states (output, cell) after x [n, inputs]. */
function lstmStep(call: OperatorCall, places: LstmPlaces, options: LstmOptions) {
  const at = (k: number | undefined) => (k === undefined ? undefined : weightsAt(call, k))
  const weights = places.weights.map(at)
  const recurrent = places.recurrent.map(at)
  const biases = places.bias.map(at)
  const norms = places.norms?.map(at)
  const [peepholeInput, peepholeForget, peepholeOutput] = places.peephole.map(at)
  const [projection, projectionBias] = places.projection.map(at)
  if ([1, 2, 3].some((gate) => weights[gate] === undefined || recurrent[gate] === undefined))
    throw call.refusal('lacks weights of a gate')
  const act = (builder: GraphBuilder, x: Value) => activatedBy(call, builder, x, options.fused_activation_function)
  const seenAs = (builder: GraphBuilder, value: Value, k: number) =>
    hybridState({ ...call, builder }, value, input(call, k), options.asymmetric_quantize_inputs)
  const [keptOutput, keptCell] = places.states.map((k) => stateWriter(call, k)) as [StateWriter, StateWriter]
  return (builder: GraphBuilder, x: Value, [output, cell]: readonly Value[]): Value[] => {
    const rows = seenAs(builder, x, places.weights[1])
    const kept = seenAs(builder, output!, places.recurrent[1])
    const gate = (k: number, seen?: Value, peephole?: Value): Value => {
      let sum = binary(builder, 'Add', matmul(builder, rows, weights[k]!), matmul(builder, kept, recurrent[k]!))
      if (peephole !== undefined) sum = binary(builder, 'Add', sum, binary(builder, 'Mul', seen!, peephole))
      if (norms?.[k] !== undefined) sum = normalized(builder, sum, norms[k])
      return biases[k] === undefined ? sum : binary(builder, 'Add', sum, biases[k])
    }
    const sigmoid = (value: Value) => unary(builder, 'Sigmoid', value)
    const forget = sigmoid(gate(1, cell, peepholeForget))
    // Coupled: what is not forgotten is taken in.
    const taken =
      weights[0] === undefined
        ? withNumber(builder, 'Add', unary(builder, 'Neg', forget), 1)
        : sigmoid(gate(0, cell, peepholeInput))
    const remembered = binary(builder, 'Mul', forget, cell!)
    const grown = binary(builder, 'Add', remembered, binary(builder, 'Mul', taken, act(builder, gate(2))))
    const clipped = options.cell_clip > 0 ? limit(builder, grown, -options.cell_clip, options.cell_clip) : grown
    const next = keptCell(builder, clipped)
    const made = binary(builder, 'Mul', sigmoid(gate(3, next, peepholeOutput)), act(builder, next))
    if (projection === undefined) return [keptOutput(builder, made), next]
    const narrow = matmul(builder, seenAs(builder, made, places.projection[0]), projection)
    const moved = projectionBias === undefined ? narrow : binary(builder, 'Add', narrow, projectionBias)
    const narrowed = options.proj_clip > 0 ? limit(builder, moved, -options.proj_clip, options.proj_clip) : moved
    return [keptOutput(builder, narrowed), next]
  }
}

interface Sequence {
  /** [steps, n, inputs]. */
  readonly timeFirst: Value
  readonly backwards: boolean
}

/** All outputs [steps, n, units]; the variables are set to what they are after the last step. */
function lstmSequence(call: OperatorCall, places: LstmPlaces, options: LstmOptions, { timeFirst, backwards }: Sequence): Value {
  const { builder } = call
  const states = places.states.map((k) => realState(call, k))
  const plain = plainLstm(call, places, { options, timeFirst, backwards, states: states.map(({ value }) => value) })
  const { sequences, last } =
    plain ??
    ((): { sequences: Value; last: readonly Value[] } => {
      const step = lstmStep(call, places, options)
      const made = scanSteps(builder, {
        input: timeFirst,
        backwards,
        initial: states.map(({ value }) => value),
        step: (body, x, before) => step(body, x, before),
      })
      return { sequences: made.sequences, last: made.states }
    })()
  for (const [k, { set }] of states.entries()) set(last[k]!)
  return sequences
}

/** The input with time first, and the way back. */
function inTime(call: OperatorCall, timeMajor: boolean): { x: Value; back: (value: Value) => Value } {
  const x = realInput(call, 0)
  if (x.shape.length !== 3) throw call.refusal(`has a sequence of shape ${x.shape.join('x')}`)
  if (timeMajor) return { x, back: (value) => value }
  return { x: transpose(call.builder, x, [1, 0, 2]), back: (value) => transpose(call.builder, value, [1, 0, 2]) }
}

/** What one direction makes of a sequence. */
type Direction = (sequence: Sequence) => Value

const forwards = (call: OperatorCall, timeMajor: boolean, direction: Direction): Value[] => {
  const { x, back } = inTime(call, timeMajor)
  return [store(call, back(direction({ timeFirst: x, backwards: false })))]
}

interface BothWays {
  readonly time_major: boolean
  readonly merge_outputs: boolean
}

/** `auxiliary`: the place of a second input, which nobody writes. */
function bothWays(call: OperatorCall, options: BothWays, auxiliary: number, directions: readonly Direction[]): Value[] {
  if (call.inputs[auxiliary] !== undefined) throw call.refusal('has an auxiliary input, which is not read')
  const { x, back } = inTime(call, options.time_major)
  const both = directions.map((direction, k) => back(direction({ timeFirst: x, backwards: k === 1 })))
  return options.merge_outputs ? [store(call, concat(call.builder, both, -1))] : both.map((value, k) => store(call, value, { k }))
}

function sequenceLstm(call: OperatorCall): Value[] {
  const options = optionsOf(call, 'UnidirectionalSequenceLSTMOptions')
  if (options.diagonal_recurrent_tensors) throw call.refusal('has diagonal recurrent weights, which are not read')
  return forwards(call, options.time_major, (sequence) => lstmSequence(call, FORWARD, options, sequence))
}

function bidirectionalLstm(call: OperatorCall): Value[] {
  const options = optionsOf(call, 'BidirectionalSequenceLSTMOptions')
  const directions = BIDIRECTIONAL.map((places) => (sequence: Sequence) => lstmSequence(call, places, options, sequence))
  return bothWays(call, options, 39, directions)
}

/** One step. BASIC has five inputs: x, output, weights [4 · units, inputs + units] (gates i, c, f, o), bias, cell. */
function lstm(call: OperatorCall): Value[] {
  const { builder } = call
  const options = optionsOf(call, 'LSTMOptions')
  if (options.kernel_type !== 1) {
    const states = FORWARD.states.map((k) => realState(call, k))
    const next = lstmStep(call, FORWARD, options)(
      builder,
      realInput(call, 0),
      states.map(({ value }) => value),
    )
    for (const [k, { set }] of states.entries()) set(next[k]!)
    return [store(call, next[0]!)]
  }
  const [x, output, cell] = [realInput(call, 0), realInput(call, 1), realInput(call, 4)]
  const units = Number(cell.shape.at(-1))
  const rows = concat(builder, [x, output], -1)
  const weights = weightsAt(call, 2)!
  const product = matmul(builder, rows, weights)
  const gates = split(builder, binary(builder, 'Add', product, realInput(call, 3)), [units, units, units, units], -1)
  const [taken, candidate, forget, given] = gates.map((gate, k) => unary(builder, k === 1 ? 'Tanh' : 'Sigmoid', gate))
  const next = binary(builder, 'Add', binary(builder, 'Mul', taken!, candidate!), binary(builder, 'Mul', forget!, cell))
  const made = binary(builder, 'Mul', given!, unary(builder, 'Tanh', next))
  return [store(call, made), store(call, next, { k: 1 })]
}

/** Where an RNN's weights, recurrent weights, bias and state stand. */
type RnnPlaces = readonly [weights: number, recurrent: number, bias: number, state: number]

/** Places of the first direction, and of the second. */
const RNN: readonly [RnnPlaces, RnnPlaces] = [
  [1, 2, 3, 4],
  [5, 6, 7, 8],
]

interface RnnOptions {
  readonly fused_activation_function: number
  readonly asymmetric_quantize_inputs: boolean
}

function rnnStep(call: OperatorCall, [w, r, b]: RnnPlaces, options: RnnOptions) {
  const [weights, recurrent, bias] = [weightsAt(call, w)!, weightsAt(call, r)!, weightsAt(call, b)!]
  return (builder: GraphBuilder, x: Value, [before]: readonly Value[]): Value[] => {
    const { asymmetric_quantize_inputs: asymmetric } = options
    const rows = hybridState({ ...call, builder }, x, input(call, w), asymmetric)
    const kept = hybridState({ ...call, builder }, before!, input(call, r), asymmetric)
    const sum = binary(
      builder,
      'Add',
      binary(builder, 'Add', matmul(builder, rows, weights), matmul(builder, kept, recurrent)),
      bias,
    )
    return [activatedBy(call, builder, sum, options.fused_activation_function)]
  }
}

function rnnSequence(call: OperatorCall, places: RnnPlaces, options: RnnOptions, { timeFirst, backwards }: Sequence): Value {
  const state = realState(call, places[3])
  const made = scanSteps(call.builder, {
    input: timeFirst,
    backwards,
    initial: [state.value],
    step: rnnStep(call, places, options),
  })
  state.set(made.states[0]!)
  return made.sequences
}

function rnn(call: OperatorCall): Value[] {
  const state = realState(call, 4)
  const [next] = rnnStep(call, RNN[0], optionsOf(call, 'RNNOptions'))(call.builder, realInput(call, 0), [state.value])
  state.set(next!)
  return [store(call, next!)]
}

function sequenceRnn(call: OperatorCall): Value[] {
  const options = optionsOf(call, 'SequenceRNNOptions')
  return forwards(call, options.time_major, (sequence) => rnnSequence(call, RNN[0], options, sequence))
}

function bidirectionalRnn(call: OperatorCall): Value[] {
  const options = optionsOf(call, 'BidirectionalSequenceRNNOptions')
  const directions = RNN.map((places) => (sequence: Sequence) => rnnSequence(call, places, options, sequence))
  return bothWays(call, options, 9, directions)
}

/** The state holds each filter's last results, [n, filters · memory]: the oldest goes, the newest comes, weights_time sums them. */
function svdf(call: OperatorCall): Value[] {
  const { builder } = call
  const { rank, fused_activation_function, asymmetric_quantize_inputs } = optionsOf(call, 'SVDFOptions')
  const x = realInput(call, 0)
  const [features, times] = [weightsAt(call, 1)!, realConstant(input(call, 2))]
  const [filters, memory] = (times?.shape ?? []) as number[]
  if (times === undefined || filters === undefined || memory === undefined || rank < 1 || filters % rank !== 0)
    throw call.refusal('has weights over time that do not fit')
  const batch = x.shape[0]!
  const state = realState(call, 4)
  const rows = hybridState(call, x, input(call, 1), asymmetric_quantize_inputs)
  const product = matmul(builder, rows, features)
  const newest = stateWriter(call, 4)(builder, product)
  const before = slice(builder, reshape(builder, state.value, [batch, filters, memory]), [{ axis: 2, start: 1 }])
  const next = concat(builder, [before, unsqueeze(builder, newest, [2])], 2)
  state.set(reshape(builder, next, [batch, filters * memory]))
  const weighed = reduce(builder, 'ReduceSum', binary(builder, 'Mul', next, builder.constant(times, 'weights_time')), {
    axes: [2],
  })
  const summed =
    rank === 1 ? weighed : reduce(builder, 'ReduceSum', reshape(builder, weighed, [batch, filters / rank, rank]), { axes: [2] })
  const made = call.inputs[3] === undefined ? summed : binary(builder, 'Add', summed, realInput(call, 3))
  return [store(call, made, { activation: fused_activation_function })]
}

export const RECURRENT: Writers = {
  LSTM: lstm,
  UNIDIRECTIONAL_SEQUENCE_LSTM: sequenceLstm,
  BIDIRECTIONAL_SEQUENCE_LSTM: bidirectionalLstm,
  RNN: rnn,
  UNIDIRECTIONAL_SEQUENCE_RNN: sequenceRnn,
  BIDIRECTIONAL_SEQUENCE_RNN: bidirectionalRnn,
  SVDF: svdf,
}
