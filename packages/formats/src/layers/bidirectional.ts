// A recurrent layer forward and one backward over the same steps. keras/src/layers/rnn/bidirectional.py and tf_keras'.

import { binary, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { concat, reverse, takeEntry } from '@whyslow/graph/builder/shapes.ts'
import { concatenateDirections, type Direction, directionOf, type RecurrenceResult, recurrence } from '../tensorflow/recurrent.ts'
import {
  type BoundLayer,
  type ChildSlot,
  type LayerCall,
  type LayerHead,
  type LayerKind,
  type LayerResult,
  writeLayer,
} from './layer.ts'
import type { LayerConfig } from './layer-config.ts'
import { asFloat, sizeOf } from './layer-parts.ts'
import { recurrentCall } from './recurrent.ts'
import { cellOf } from './recurrent-cells.ts'
import { headOf } from './serialized.ts'

export const bidirectional: LayerKind = {
  classNames: ['Bidirectional'],
  children: (config, _, name): ChildSlot[] => {
    const head = (key: string) => headOf(config.raw(key), { holder: config, around: `${name}/`, fallback: key })
    const forward = head('layer')
    const given = config.raw('backward_layer') === undefined ? undefined : head('backward_layer')
    const turned = { go_backwards: !forward.config.flag('go_backwards', false) }
    return [
      { attributes: ['forward_layer', 'layer'], ...side(forward, 'forward', {}) },
      { attributes: ['backward_layer'], ...side(given ?? forward, 'backward', given === undefined ? turned : {}) },
    ]
  },
  write(call) {
    const [forward, backward] = ['forward_layer', 'backward_layer'].map((key) => call.children.get(key)!) as [
      BoundLayer,
      BoundLayer,
    ]
    const sequences = forward.config.flag('return_sequences', false)
    const { outputs, states } = fused(call, forward, backward) ?? apart(call, forward, backward)
    const merged = outputs.length === 1 ? outputs : merge(call, outputs as [Value, Value])
    const returned = forward.config.flag('return_state', false) ? states : []
    const mask = sequences ? call.masks[0] : undefined
    return { outputs: [...merged, ...returned], masks: [...merged.map(() => mask), ...returned.map(() => undefined)] }
  },
}

/** Masked steps of a sequence are 0 in both directions, whatever the layer alone would do. */
function side(head: LayerHead, way: string, values: { readonly go_backwards?: boolean }): LayerHead {
  const at = head.name.lastIndexOf('/') + 1
  const zeroed = { zero_output_for_mask: head.config.flag('return_sequences', false) }
  return {
    ...head,
    name: `${head.name.slice(0, at)}${way}_${head.name.slice(at)}`,
    config: head.config.with({ ...zeroed, ...values }),
    sharedId: undefined,
  }
}

/** The merged output alone, or those of both directions; and the states, forward first. */
interface Both {
  readonly outputs: readonly Value[]
  readonly states: readonly Value[]
}

const modeOf = (config: LayerConfig) => (config.values.merge_mode === undefined ? 'concat' : config.raw('merge_mode'))

/** One operator that runs both ways; undefined if cells or functions differ. */
function fused(call: LayerCall, forward: BoundLayer, backward: BoundLayer): Both | undefined {
  const { builder, config } = call
  const cells = [forward, backward].map(({ children }) => children.get('cell'))
  if (cells.some((cell) => cell === undefined || !cell.className.match(/^(SimpleRNN|GRU|LSTM|CuDNN(GRU|LSTM))Cell$/)))
    return undefined
  if (forward.config.flag('go_backwards', false) || forward.config.raw('time_major') === true) return undefined
  const { input, states, mask } = recurrentCall({
    ...call,
    config: forward.config.with({ stateful: isStateful(forward, backward) }),
  })
  const x = asFloat(call, input)
  const [one, other] = cells.map((cell) => cellOf(cell!, sizeOf(call, x, 2)))
  if (one!.cell !== other!.cell || one!.units !== other!.units || one!.resetAfter !== other!.resetAfter) return undefined
  if (one!.activations === undefined || other!.activations === undefined) return undefined
  const half = states.length / 2
  if (states.length > 0 && half !== (one!.cell === 'LSTM' ? 2 : 1)) throw config.refuse(`is called with ${states.length} states`)
  const directions = [one!, other!].map(({ weights, activations }, k): Direction => {
    const initial = states.length === 0 ? undefined : states.slice(k * half, (k + 1) * half)
    return { weights, backwards: k === 1, activations: activations!, initial }
  })
  const sequences = forward.config.flag('return_sequences', false)
  const { cell, resetAfter } = one!
  const parts = { cell, input: x, mask, directions, resetAfter, zeroMasked: sequences, sequences }
  const result = recurrence(builder, parts)
  const outputs =
    modeOf(config) === 'concat' ? [concatenateDirections(builder, result)] : [0, 1].map((at) => outputOf(builder, result, at))
  return { outputs, states: result.states.flat() }
}

const isStateful = (...layers: readonly BoundLayer[]): boolean => layers.some(({ config }) => config.raw('stateful') === true)

function outputOf(builder: GraphBuilder, { sequences, last }: RecurrenceResult, at: number): Value {
  return sequences === undefined ? directionOf(builder, last, at, 2) : takeEntry(builder, sequences, { axis: 2, index: at })
}

/** Two layers of any kind, the second one's steps put back into the order of the first one's. */
function apart(call: LayerCall, forward: BoundLayer, backward: BoundLayer): Both {
  const { builder, inputs, masks, kwargs } = call
  const { states } = recurrentCall({ ...call, config: forward.config.with({ stateful: isStateful(forward, backward) }) })
  const half = states.length / 2
  const results = [forward, backward].map((layer, k): LayerResult => {
    const initial = states.length === 0 ? {} : { initial_state: states.slice(k * half, (k + 1) * half) }
    const { initial_state: _, ...others } = kwargs
    return writeLayer(builder, layer, { inputs: inputs.slice(0, 1), masks: masks.slice(0, 1), kwargs: { ...others, ...initial } })
  })
  const [one, other] = results.map(({ outputs }) => outputs)
  const time = forward.config.raw('time_major') === true ? 0 : 1
  const back = forward.config.flag('return_sequences', false) ? reverse(builder, other![0]!, time) : other![0]!
  return { outputs: [one![0]!, back], states: [...one!.slice(1), ...other!.slice(1)] }
}

function merge({ builder, config }: LayerCall, [one, other]: readonly [Value, Value]): readonly Value[] {
  const mode = modeOf(config)
  switch (mode) {
    case 'concat':
      return [concat(builder, [one, other], -1)]
    case 'sum':
      return [binary(builder, 'Add', one, other)]
    case 'mul':
      return [binary(builder, 'Mul', one, other)]
    case 'ave':
      return [withNumber(builder, 'Mul', binary(builder, 'Add', one, other), 0.5)]
    case undefined:
      return [one, other]
    default:
      throw config.refuse(`merges by ${JSON.stringify(mode)}, which is not known`)
  }
}
