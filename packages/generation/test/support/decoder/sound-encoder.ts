// An encoder of sound as small as can be: every second frame of its features by one matrix. What it gives is computed here as well, in float64.
import { floatTensor, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import type { ModelProto } from 'onnx-buf'
import type { Vector } from './reference.ts'

export interface SoundEncoder {
  readonly bands: number
  /** As the graph declares them. */
  readonly frames: Dimension
  readonly width: number
  /** Further products by the identity, which take time and change nothing; absent: none. */
  readonly layers?: number
}

const weightAt = (band: number, column: number): number => Math.sin(1 + 7 * band + 3 * column) / 2

const identityOf = (width: number): number[] => Array.from({ length: width * width }, (_, at) => (at % (width + 1) === 0 ? 1 : 0))

export function soundEncoder({ bands, frames, width, layers = 0 }: SoundEncoder): ModelProto {
  const weights = Array.from({ length: bands * width }, (_, at) => weightAt(Math.floor(at / width), at % width))
  const ints = (name: string, value: number) =>
    rawTensor(name, 'int64', [1], new Uint8Array(BigInt64Array.of(BigInt(value)).buffer))
  return model({
    nodes: [
      node('Transpose', ['input_features'], ['rows'], { perm: [0, 2, 1] }),
      node('Slice', ['rows', 'zero', 'end', 'axis', 'step'], ['second']),
      node('MatMul', ['second', 'weight'], ['states_0']),
      ...Array.from({ length: layers }, (_, k) => node('MatMul', [`states_${k}`, 'identity'], [`states_${k + 1}`])),
      node('Identity', [`states_${layers}`], ['last_hidden_state']),
    ],
    initializers: [
      floatTensor('weight', [bands, width], weights),
      ...(layers === 0 ? [] : [floatTensor('identity', [width, width], identityOf(width))]),
      ...[ints('zero', 0), ints('end', 2 ** 31 - 1), ints('axis', 1), ints('step', 2)],
    ],
    inputs: [valueInfo('input_features', 'float32', ['batch', bands, frames])],
    outputs: [valueInfo('last_hidden_state', 'float32', ['batch', 'positions', width])],
  })
}

/** `features`: bands × frames. */
export function soundStates(features: Float32Array, { bands, width }: Pick<SoundEncoder, 'bands' | 'width'>): Vector[] {
  const frames = features.length / bands
  return Array.from({ length: Math.ceil(frames / 2) }, (_, position) =>
    Float64Array.from({ length: width }, (_, column) => {
      let sum = 0
      for (let band = 0; band < bands; band++) sum += features[band * frames + 2 * position]! * weightAt(band, column)
      return sum
    }),
  )
}
