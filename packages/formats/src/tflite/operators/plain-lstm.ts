// An LSTM that ONNX has an operator for: four gates of constant real weights, tanh, nothing clipped, projected or normalized.

import { type ConstantData, float32s } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { squeeze, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { joinTensors } from '@whyslow/graph/join-tensors.ts'
import { isHybrid } from '../hybrid.ts'
import { input, type OperatorCall, realConstant } from '../operator.ts'
import { ACTIVATIONS } from '../schema.ts'
import { isInIntegers } from './recurrent-state.ts'

/** Where an LSTM's tensors stand among the inputs, gates in the order input, forget, cell, output. */
export interface LstmPlaces {
  readonly weights: readonly [number, number, number, number]
  readonly recurrent: readonly [number, number, number, number]
  readonly peephole: readonly [input: number, forget: number, output: number]
  readonly bias: readonly [number, number, number, number]
  readonly projection: readonly [weights: number, bias: number]
  readonly states: readonly [output: number, cell: number]
  readonly norms?: readonly [number, number, number, number]
}

export interface LstmOptions {
  readonly fused_activation_function: number
  readonly cell_clip: number
  readonly proj_clip: number
  readonly asymmetric_quantize_inputs: boolean
}

/** ONNX's gates i, o, f, c among TFLite's i, f, c, o; peepholes i, o, f among i, f, o. */
const GATES = [0, 3, 1, 2]
const PEEPHOLES = [0, 2, 1]

export interface PlainLstm {
  readonly options: LstmOptions
  /** [steps, n, inputs]. */
  readonly timeFirst: Value
  readonly backwards: boolean
  /** [n, units]: output and cell before the first step. */
  readonly states: readonly Value[]
}

/** Outputs [steps, n, units] and the states after the last step; undefined if the operator asks for more than ONNX's has. */
export function plainLstm(
  call: OperatorCall,
  places: LstmPlaces,
  { options, timeFirst, backwards, states }: PlainLstm,
): { sequences: Value; last: readonly Value[] } | undefined {
  const { builder } = call
  const constantsAt = (list: readonly number[]) =>
    list.map((k) => (call.inputs[k] === undefined ? undefined : realConstant(call.inputs[k])))
  const there = (list: readonly number[]) => list.filter((k) => call.inputs[k] !== undefined).length
  if (isHybrid(call, input(call, places.weights[1])) || isInIntegers(call, places.states[0])) return undefined
  if (ACTIVATIONS[options.fused_activation_function] !== 'TANH' || options.cell_clip > 0) return undefined
  if (there(places.projection) > 0 || there(places.norms ?? []) > 0) return undefined
  const [weights, recurrent, biases, peepholes] = [places.weights, places.recurrent, places.bias, places.peephole].map(
    constantsAt,
  )
  if ([...weights!, ...recurrent!, ...biases!].some((one) => one === undefined)) return undefined
  const seen = there(places.peephole)
  if (seen !== 0 && peepholes!.some((one) => one === undefined)) return undefined
  const units = recurrent![1]!.shape[0]!
  const bias = joinTensors(GATES.map((gate) => biases![gate]!))
  const zeros = float32s([4 * units], new Float32Array(4 * units))
  const [batch, steps] = [timeFirst.shape[1]!, timeFirst.shape[0]!]
  const state = { dtype: 'float32', shape: [1, batch, units] } as const
  const [sequences, output, cell] = builder.ops(
    'LSTM',
    [
      timeFirst,
      builder.constant(stacked(GATES.map((gate) => weights![gate]!)), 'weights'),
      builder.constant(stacked(GATES.map((gate) => recurrent![gate]!)), 'recurrent_weights'),
      builder.constant(stacked([joinTensors([bias, zeros])]), 'bias'),
      undefined,
      ...states.map((value) => unsqueeze(builder, value, [0])),
      seen === 0 ? undefined : builder.constant(stacked([joinTensors(PEEPHOLES.map((k) => peepholes![k]!))]), 'peepholes'),
    ],
    [{ dtype: 'float32', shape: [steps, 1, batch, units] }, state, state],
    { hidden_size: units, direction: backwards ? 'reverse' : 'forward' },
  )
  return { sequences: squeeze(builder, sequences!, [1]), last: [output!, cell!].map((value) => squeeze(builder, value, [0])) }
}

/** Rows (or numbers) of all, one after another, with an axis in front for ONNX's directions. */
function stacked(parts: readonly ConstantData[]): ConstantData {
  const whole = joinTensors(parts)
  return { ...whole, shape: [1, ...whole.shape] }
}
