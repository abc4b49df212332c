// Arrays of old files in the layout of today: Keras 1 stored gates one by one and kernels in its backends' layouts; files that Theano
// wrote have their kernels flipped, since Theano convolves where all others correlate. keras 2.2.4: keras/engine/saving.py

import {
  type ConstantArray,
  type ConstantData,
  reshapeConstant,
  transposeConstant,
} from '@whyslow/graph/builder/constant-data.ts'
import { joinTensors } from '@whyslow/graph/join-tensors.ts'
import type { LayerTree } from '../layers/layer-tree.ts'

/** How many arrays Keras 1 stored for a cell, gate by gate. */
export const GATE_ARRAY_COUNTS: Readonly<Record<string, number>> = {
  LSTMCell: 12,
  GRUCell: 9,
  ConvLSTM2DCell: 12,
  ConvLSTMCell: 12,
}

/** Kernel, recurrent kernel and bias of a cell from its arrays gate by gate (LSTM: i, c, f, o; GRU: z, r, h). */
export function joinedGates({ className }: LayerTree, arrays: readonly ConstantData[]): ConstantData[] {
  const order = className === 'GRUCell' ? [0, 3, 6] : [0, 6, 3, 9]
  return [0, 1, 2].map((part) => {
    const gates = order.map((at) => arrays[at + part]!)
    return joinTensors(gates, gates[0]!.shape.length - 1)
  })
}

/** A kernel of a Keras 1 file with its spatial axes first. */
export function kernelOfKeras1({ className, config }: LayerTree, kernel: ConstantData): ConstantData {
  const { shape } = kernel
  const first = config.raw('data_format') === 'channels_first'
  if (className === 'Conv1D' && shape.length === 4) {
    const size = config.numbers('kernel_size')[0]
    const old = shape[0] !== size || shape[1] !== 1 || shape[3] !== config.raw('filters')
    const turned = old ? transposeConstant(kernel, [2, 3, 1, 0]) : kernel
    return reshapeConstant(turned, [turned.shape[0]!, ...turned.shape.slice(2)])
  }
  const order = first ? FROM_CHANNELS_FIRST[className] : FROM_CHANNELS_LAST[className]
  return order !== undefined && order.length === shape.length ? transposeConstant(kernel, order) : kernel
}

const FROM_CHANNELS_FIRST: Readonly<Record<string, readonly number[]>> = {
  Conv2D: [2, 3, 1, 0],
  Conv2DTranspose: [2, 3, 0, 1],
  Conv3D: [2, 3, 4, 1, 0],
}
const FROM_CHANNELS_LAST: Readonly<Record<string, readonly number[]>> = { Conv2DTranspose: [0, 1, 3, 2] }

/** Layers whose kernels (recurrent ones, too) Theano flipped. */
export const FLIPPED_BY_THEANO: ReadonlySet<string> = new Set([
  'Conv1D',
  'Conv2D',
  'Conv3D',
  'Conv2DTranspose',
  'ConvLSTM2DCell',
  'ConvLSTMCell',
])

/** A kernel with its spatial axes (all but the last two) reversed. */
export function flip(kernel: ConstantData): ConstantData {
  const { shape } = kernel
  const block = (shape.at(-1) ?? 1) * (shape.at(-2) ?? 1)
  const source = kernel.data as Float32Array
  const count = block === 0 ? 0 : source.length / block
  const data = new Float32Array(source.length)
  // All spatial axes reversed is the list of blocks reversed.
  for (let k = 0; k < count; k++) data.set(source.subarray(k * block, (k + 1) * block), (count - 1 - k) * block)
  return { ...kernel, data: data as ConstantArray }
}
