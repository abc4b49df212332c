// LSTM cells whose products are convolutions: what comes in is convolved at once for all steps, what comes back step by step.
// keras/src/layers/rnn/conv_lstm.py, tf_keras/src/layers/rnn/base_conv_lstm.py

import { binary } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reshape, reverse, shapeAsRun, split, zeros } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { activate } from '../tensorflow/activation-functions.ts'
import { convolution } from '../tensorflow/conv.ts'
import { swapTimeAndBatch, toChannelsFirst, toChannelsLast, transpose } from '../tensorflow/layout.ts'
import { scanSteps } from '../tensorflow/scan-steps.ts'
import type { Window } from '../tensorflow/window.ts'
import type { ChildSlot, LayerCall, LayerKind } from './layer.ts'
import { activationIn, arrayOf, asFloat, biasOf, sizeOf, trainableSlotsWithBias } from './layer-parts.ts'
import { recurrentCall } from './recurrent.ts'

export const convLstmCell: LayerKind = {
  classNames: ['ConvLSTMCell'],
  arrays: (config) => trainableSlotsWithBias(config, 'kernel', 'recurrent_kernel'),
  write: ({ config }) => {
    throw config.refuse('is a cell outside its layer; use ConvLSTM2D')
  },
}

export const convLstm: LayerKind = {
  classNames: ['ConvLSTM1D', 'ConvLSTM2D', 'ConvLSTM3D'],
  children: (config, _, name): ChildSlot[] => [{ attributes: ['cell'], className: 'ConvLSTMCell', name, config }],
  write(call) {
    const { builder, config } = call
    const { input, states, mask } = recurrentCall(call)
    const rank = Number(call.className.at(-2))
    if (input.shape.length !== rank + 3)
      throw config.refuse(`is called with a tensor of ${input.shape.length} axes, not ${rank + 3}`)
    const layout = layoutOf(builder, config.text('data_format', 'channels_last') === 'channels_first')
    const run = stepsOf(call, layout.first(asFloat(call, input), 1), rank)
    const initial = states.length === 0 ? run.zeros() : states.map((state) => layout.first(state, 0))
    const backwards = config.flag('go_backwards', false)
    const zeroMasked = config.raw('zero_output_for_mask') === true
    const result = scanSteps(builder, { input: run.given, mask, backwards, initial, zeroMasked, step: run.step })
    const sequences = config.flag('return_sequences', false)
    const [batchFirst] = sequences ? [swapTimeAndBatch(builder, result.sequences)] : [result.last]
    const output = layout.back(batchFirst!, sequences ? 1 : 0)
    const returned = config.flag('return_state', false) ? result.states.map((state) => layout.back(state, 0)) : []
    const ordered = sequences && backwards ? reverse(builder, output, 1) : output
    return { outputs: [ordered, ...returned], mask: sequences ? mask : undefined }
  },
}

/** Between the layer's layout and channels first, with `before` axes between the batch and the image. */
function layoutOf(builder: GraphBuilder, channelsFirst: boolean) {
  const moved = (x: Value, before: number, move: (x: Value) => Value): Value => {
    if (channelsFirst) return x
    if (before === 0) return move(x)
    const rank = x.shape.length
    const toFirst = move === first
    const picture = Array.from({ length: rank - 3 }, (_, k) => k + (toFirst ? 2 : 3))
    return transpose(builder, x, toFirst ? [0, 1, rank - 1, ...picture] : [0, 1, ...picture, 2])
  }
  const first = (x: Value) => toChannelsFirst(builder, x)
  const last = (x: Value) => toChannelsLast(builder, x)
  return {
    first: (x: Value, before: number) => moved(x, before, first),
    back: (x: Value, before: number) => moved(x, before, last),
  }
}

/** `x`: [n, steps, channels, …spatial]. */
function stepsOf(call: LayerCall, x: Value, rank: number) {
  const { builder, config } = call
  const cell: LayerCall = { ...call, ...call.children.get('cell')! }
  const each = (key: string, fallback: number) => config.perAxis(key, rank, fallback)
  const kernel = each('kernel_size', 1)
  const channels = sizeOf(call, x, 2)
  const weights = arrayOf(cell, 'kernel', [...kernel, channels, null])
  const width = weights.shape.at(-1)!
  const filters = width / 4
  const recurrent = arrayOf(cell, 'recurrent_kernel', [...kernel, filters, width])
  const bias = biasOf(cell, width)
  const window: Window = {
    kernel,
    strides: each('strides', 1),
    dilations: each('dilation_rate', 1),
    padding: config.text('padding', 'valid') === 'same' ? 'same' : 'valid',
  }
  const folded = reshape(builder, x, [null, ...x.shape.slice(2)])
  const convolved = convolution(builder, { ...window, input: folded, bias, weights, channelsFirst: true })
  const picture = convolved.shape.slice(2)
  const parted = reshapedLike(builder, convolved, x)
  const given = swapTimeAndBatch(builder, parted)
  const gates = functionsOf(call)
  const same: Window = { kernel, strides: kernel.map(() => 1), dilations: kernel.map(() => 1), padding: 'same' }
  return {
    given,
    zeros: () => {
      const shape: Dimension[] = [x.shape[0]!, filters, ...picture]
      const sizes = shapeAsRun(builder, [
        { of: x, axis: 0 },
        ...shape.slice(1).map((_, k) => ({ of: sized(shape), axis: k + 1 })),
      ])
      const zero = () => zeros(builder, sizes, { dtype: 'float32', shape })
      return [zero(), zero()]
    },
    step: (body: GraphBuilder, now: Value, [h, c]: readonly Value[]) => {
      const back = convolution(body, { ...same, input: h!, weights: recurrent, channelsFirst: true })
      const [i, f, candidate, o] = split(body, binary(body, 'Add', now, back), [filters, filters, filters, filters], 1)
      const kept = binary(body, 'Mul', gates.gate(body, f!), c!)
      const next = binary(body, 'Add', kept, binary(body, 'Mul', gates.gate(body, i!), gates.state(body, candidate!)))
      return [binary(body, 'Mul', gates.gate(body, o!), gates.state(body, next)), next]
    },
  }
}

/** A value only for its sizes, which are all numbers. */
const sized = (shape: readonly Dimension[]): Value => ({ name: '', dtype: 'float32', shape })

/** [n · steps, channels, …spatial] as [n, steps, …]. */
function reshapedLike(builder: GraphBuilder, folded: Value, x: Value): Value {
  const shape = [x.shape[0]!, x.shape[1]!, ...folded.shape.slice(1)]
  const known = folded.shape.slice(1).map((_, k) => ({ of: sized(folded.shape), axis: k + 1 }))
  const sizes = shapeAsRun(builder, [{ of: x, axis: 0 }, { of: x, axis: 1 }, ...known])
  return builder.op('Reshape', [folded, sizes], { dtype: folded.dtype, shape })
}

function functionsOf(call: LayerCall) {
  const usual = call.dialect === 'keras-3' ? 'sigmoid' : 'hard_sigmoid'
  const [state, gate] = [activationIn(call, 'activation', 'tanh'), activationIn(call, 'recurrent_activation', usual)]
  return {
    state: (builder: GraphBuilder, x: Value) => activate(builder, state.name, x, state.settings),
    gate: (builder: GraphBuilder, x: Value) => activate(builder, gate.name, x, gate.settings),
  }
}
