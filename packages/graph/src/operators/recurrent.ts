// RNN, GRU and LSTM over T steps. https://onnx.ai/onnx/operators/onnx__LSTM.html ; DynamicQuantizeLSTM: onnxruntime
// docs/ContribOperators.md. MACs = D * T * B * (G * H * I + G * H * H), with D directions and G = 1, 3, 4 gates.
// X * W is one product over all steps; h * R is T products that wait for each other, and each reads R again: those bytes are the
// streaming bytes beyond the compulsory ones.

import { elementCount, sizeInBytes } from '../dtype.ts'
import type { TensorType } from '../types.ts'
import { hasInput, numberAttribute, textAttribute, textsAttribute } from './attributes.ts'
import { activationOps, type ElementOps } from './counts/activation-ops.ts'
import { evaluateCounts, type FunctionCounts, sumFunctionCounts } from './counts/functions.ts'
import { DYNAMIC_QUANTIZE_OPS } from './counts/quantize-ops.ts'
import { softmaxOps } from './counts/softmax-ops.ts'
import { defineFamily, formula, type OperatorFacts, sameFor } from './family.ts'
import type { AxisMeaning, ReadInput } from './input-use.ts'
import type { NodeContext } from './types.ts'
import type { Work } from './work.ts'

interface Cell {
  readonly gates: number
  /** Activations of one direction, in ONNX's order: f, g, h. */
  readonly activations: readonly string[]
  /** How often each of them is applied per element of the hidden state. */
  readonly applied: readonly number[]
  /** Multiplications and additions per element of the hidden state that join the gates. */
  readonly joinOps: number
}

// LSTM: three sigmoids, two tanh; c = f * c + i * g, h = o * tanh(c)
const LSTM: Cell = { gates: 4, activations: ['Sigmoid', 'Tanh', 'Tanh'], applied: [3, 1, 1], joinOps: 4 }
// GRU: two sigmoids, one tanh; r * h, then (1 - z) * n + z * h
const GRU: Cell = { gates: 3, activations: ['Sigmoid', 'Tanh'], applied: [2, 1], joinOps: 5 }
const RNN: Cell = { gates: 1, activations: ['Tanh'], applied: [1], joinOps: 0 }

const INITIAL_H = 5
const INITIAL_C = 6
/** Peephole weights: input, output and forget gate. */
const PEEPHOLES = 3

const recurrent = (cell: Cell) =>
  formula([0, 2], [], ([x, r], _, context) =>
    recurrentWork(cell, { x, r, hidden: numberAttribute(context.node, 'hidden_size', r.shape.at(-1)!) }, context),
  )

// X is float, the weights 8-bit [D, I, 4H] and [D, H, 4H]: X, then the state of every step, are quantized as they come.
const dynamicQuantizeLstm = formula([0, 2], [], ([x, r], _, context) => {
  const hidden = numberAttribute(context.node, 'hidden_size', r.shape[1]!)
  const work = recurrentWork(LSTM, { x, r, hidden }, context)
  if (typeof work === 'string') return work
  const directions = directionsOf(context)
  const [steps, batch, inputs] = timesOf(x, context)
  const quantized = directions * steps * batch * (inputs + hidden) * DYNAMIC_QUANTIZE_OPS
  const dequantized = directions * steps * batch * 4 * hidden * 2
  return { ...work, simpleOps: work.simpleOps! + quantized + dequantized, arithmetic: 'int8' }
})

/** The attention's inputs: weights of the state and of the memory, the memory, and the weight that joins it with the state. */
const [QUERY_WEIGHT, MEMORY_WEIGHT, MEMORY, LAYER_WEIGHT] = [8, 9, 11, 13]

// An LSTM that at each step looks at a memory [B, steps of it, depth] by additive attention (Bahdanau): the memory is projected once, the
// state at each step; of their sum tanh, times a vector, softmax, and the mean of the memory. What it sees is an input of the next step.
const attentionLstm = formula([0, 1, 2, QUERY_WEIGHT, MEMORY_WEIGHT, MEMORY], [], ([x, w, r, qw, mw, memory], _, context) => {
  const work = recurrentWork(LSTM, { x, r, hidden: numberAttribute(context.node, 'hidden_size', r.shape.at(-1)!) }, context)
  if (typeof work === 'string') return work
  const [steps, batch, inputs] = timesOf(x, context)
  const directions = directionsOf(context)
  const [, places, depth] = memory.shape as [number, number, number]
  const width = mw.shape.at(-1)!
  const rows = steps * batch
  const looks = directions * rows * places
  const seen = directions * rows * w.shape[1]! * Math.max(0, w.shape[2]! - inputs)
  const layer = hasInput(context, LAYER_WEIGHT) ? rows * elementCount(context.inputs[LAYER_WEIGHT]?.shape ?? [0]) : 0
  const softmax = softmaxOps(looks, directions * rows)
  return {
    ...work,
    macs:
      work.macs! +
      seen +
      layer +
      rows * elementCount(qw.shape) +
      batch * places * elementCount(mw.shape) +
      looks * (width + depth),
    simpleOps: work.simpleOps! + looks * width + softmax.simple,
    specialOps: work.specialOps! + looks * width + softmax.special,
    functions: sumFunctionCounts(work.functions, { tanh: looks * width }, softmax.functions),
  }
})

interface Sizes {
  readonly x: TensorType
  readonly r: TensorType
  readonly hidden: number
}

function recurrentWork(cell: Cell, { x, r, hidden }: Sizes, context: NodeContext): Work | string {
  const directions = directionsOf(context)
  const [steps, batch, inputs] = timesOf(x, context)
  const lengths = context.constant(4)?.values
  const rows = lengths === undefined ? steps * batch : lengths.reduce((sum, length) => sum + length, 0)
  const gateSize = cell.gates * hidden
  const activation = activationsOf(cell, context)
  if (typeof activation === 'string') return activation
  const states = directions * rows * hidden
  const peepholes = cell === LSTM && hasInput(context, 7) ? PEEPHOLES : 0
  // Wb and Rb, one addition each.
  const biases = hasInput(context, 3) ? 2 * cell.gates : 0
  return {
    macs: directions * rows * (gateSize * inputs + gateSize * hidden) + states * peepholes,
    simpleOps: states * (cell.joinOps + biases + activation.simple),
    specialOps: states * activation.special,
    functions: evaluateCounts(activation.functions, states),
    passBytes: Math.max(0, steps - 1) * sizeInBytes(r)!,
    arithmetic: x.dtype,
    serialSteps: Math.max(1, steps),
    ...(hasInput(context, 4) && lengths === undefined ? { note: 'every sequence counted at full length' } : {}),
  }
}

function directionsOf({ node }: NodeContext): number {
  return textAttribute(node, 'direction', 'forward') === 'bidirectional' ? 2 : 1
}

/** [T, B, I], whichever of the two comes first. */
function timesOf(x: TensorType, { node }: NodeContext): readonly [number, number, number] {
  const [first, second, inputs] = x.shape as [number, number, number]
  return numberAttribute(node, 'layout', 0) === 0 ? [first, second, inputs] : [second, first, inputs]
}

/** All activations per element of the hidden state; the attribute lists those of both directions, which are taken to be alike. */
function activationsOf(cell: Cell, { node }: NodeContext): ElementOps | string {
  const names = textsAttribute(node, 'activations') ?? cell.activations
  let simple = 0
  let special = 0
  let functions: FunctionCounts = {}
  for (const [i, times] of cell.applied.entries()) {
    const name = names[i] ?? cell.activations[i]!
    const ops = activationOps(name)
    if (ops === undefined) return `its activation '${name}' is not known`
    simple += times * ops.simple
    special += times * ops.special
    functions = sumFunctionCounts(functions, evaluateCounts(ops.functions, times))
  }
  return { simple, special, functions }
}

const sequenceOrState: ReadInput = ({ node, index, shapeOf }) => {
  const [batch, first] = numberAttribute(node, 'layout', 0) === 1 ? [0, 1] : [1, 0]
  const told = { rank: 3, axes: [[batch, { meaning: 'batch' as const }] as const] }
  const sized = (meaning: AxisMeaning, size = 0) => ({ meaning, size })
  if (index === 0) {
    const features = sized('features', shapeOf(1)?.[2])
    return { ...told, axes: [...told.axes, [first, { meaning: 'sequence' }], [2, features]] }
  }
  if (index !== INITIAL_H && index !== INITIAL_C) return told
  const recurrence = shapeOf(2)
  const state = [
    [first, sized('state', recurrence?.[0])],
    [2, sized('state', recurrence?.[2])],
  ] as const
  return { ...told, isState: true, axes: [...told.axes, ...state] }
}

const facts: OperatorFacts = { reads: sameFor(['RNN', 'GRU', 'LSTM'], sequenceOrState) }

export const recurrentFamily = defineFamily('recurrent', facts, {
  RNN: recurrent(RNN),
  GRU: recurrent(GRU),
  LSTM: recurrent(LSTM),
  'com.microsoft:AttnLSTM': attentionLstm,
  'com.microsoft:DynamicQuantizeLSTM': dynamicQuantizeLstm,
})
