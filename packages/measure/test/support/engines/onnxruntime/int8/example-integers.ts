// Models that are quantized in other ways than between pairs of conversions: products of integers, 4-bit weights, tables of 8-bit rows.

import { floatTensor, int64Tensor, node, rawTensor } from '@whyslow/graph/build.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { ModelProto } from 'onnx-buf'
import { assemble, CHANNELS, IMAGE, int8Noise, int8Tensor, noise } from './example-parts.ts'

export interface IntegerChain {
  readonly opType?: 'MatMulInteger' | 'ConvInteger'
  /** Default: int8, with a zero point of 0. */
  readonly weights?: 'int8' | 'uint8'
  /** Default: the scales are multiplied with each other first, as the engine's fusion looks for it. */
  readonly order?: 'scales-first' | 'one-by-one'
  /** Of a convolution; a matrix has a scale for each column. */
  readonly perChannel?: boolean
  readonly bias?: boolean
  readonly readToo?: boolean
}

/** x - DynamicQuantizeLinear - MatMulInteger or ConvInteger - Cast - Mul (- Add) - y. */
export function integerChain({
  opType = 'MatMulInteger',
  weights = 'int8',
  order = 'scales-first',
  perChannel = false,
  bias = false,
  readToo = false,
}: IntegerChain = {}) {
  const isConv = opType === 'ConvInteger'
  const shape = isConv ? [CHANNELS, CHANNELS, 3, 3] : [64, 32]
  const initializers = [
    weights === 'int8' ? int8Noise('w', shape) : rawTensor('w', 'uint8', shape, bytesOfNoise(shape)),
    weights === 'int8' ? int8Tensor('wz', [], [0]) : rawTensor('wz', 'uint8', [], Uint8Array.of(131)),
    isConv
      ? floatTensor('ws', perChannel ? [1, CHANNELS, 1, 1] : [], perChannel ? scalesOf(CHANNELS) : [0.01])
      : floatTensor('ws', [32], scalesOf(32)),
    floatTensor('b', isConv ? [1, CHANNELS, 1, 1] : [32], noise(isConv ? CHANNELS : 32, 2)),
  ]
  const nodes = [
    node({ opType: 'DynamicQuantizeLinear', name: 'x_quantize' }, ['x'], ['xq', 'xs', 'xz']),
    node({ opType, name: 'product' }, ['xq', 'w', 'xz', 'wz'], ['i'], isConv ? { pads: [1, 1, 1, 1] } : {}),
    node({ opType: 'Cast', name: 'cast' }, ['i'], ['c'], { to: 1 }),
    ...(order === 'scales-first'
      ? [node({ opType: 'Mul', name: 'scales' }, ['xs', 'ws'], ['s']), node({ opType: 'Mul', name: 'scale' }, ['c', 's'], ['m'])]
      : [
          node({ opType: 'Mul', name: 'scale_x' }, ['c', 'xs'], ['s']),
          node({ opType: 'Mul', name: 'scale_w' }, ['s', 'ws'], ['m']),
        ]),
  ]
  if (bias) nodes.push(node({ opType: 'Add', name: 'bias' }, ['m', 'b'], ['y']))
  const outputs = [bias ? 'y' : 'm']
  if (readToo) outputs.push('c')
  const kept = initializers.filter(({ name }) => bias || name !== 'b')
  return assemble({ nodes, initializers: kept, outputs, shapes: { x: isConv ? IMAGE : [8, 64] } })
}

const scalesOf = (channels: number) => noise(channels, 0.01).map((value) => 0.01 + value)
const bytesOfNoise = (shape: readonly number[]) => Uint8Array.from(noise(elementCount(shape), 250), (value) => value + 128)

/**
 * x - DynamicQuantizeLinear, and two integer convolutions of it, the second with a bias that is brought into shape in the graph: y and z, as
 * quantize_dynamic writes them.
 */
export function sharedQuantizer(): ModelProto {
  const image = [CHANNELS, CHANNELS, 1, 1]
  const branch = (name: string, output: string) => [
    node({ opType: 'ConvInteger', name }, ['xq', `${name}_w`, 'xz', `${name}_wz`], [`${name}_i`]),
    node({ opType: 'Cast', name: `${name}_cast` }, [`${name}_i`], [`${name}_c`], { to: 1 }),
    node({ opType: 'Mul', name: `${name}_scales` }, ['xs', `${name}_ws`], [`${name}_s`]),
    node({ opType: 'Mul', name: `${name}_scale` }, [`${name}_c`, `${name}_s`], [output]),
  ]
  const constants = (name: string, scale: number) => [
    int8Noise(`${name}_w`, image),
    int8Tensor(`${name}_wz`, [], [0]),
    floatTensor(`${name}_ws`, [], [scale]),
  ]
  return assemble({
    nodes: [
      node({ opType: 'DynamicQuantizeLinear', name: 'x_quantize' }, ['x'], ['xq', 'xs', 'xz']),
      ...branch('first', 'y'),
      ...branch('second', 'm'),
      node({ opType: 'Reshape', name: 'bias_shape' }, ['b', 'to'], ['bias']),
      node({ opType: 'Add', name: 'bias_add' }, ['m', 'bias'], ['z']),
    ],
    initializers: [
      ...constants('first', 0.01),
      ...constants('second', 0.02),
      floatTensor('b', [CHANNELS], noise(CHANNELS, 2)),
      int64Tensor('to', [4], [1, -1, 1, 1]),
    ],
    outputs: ['y', 'z'],
    shapes: { x: IMAGE },
  })
}

/** x times 4-bit weights. */
export function nBits(accuracyLevel?: number): ModelProto {
  const block = 32
  const bytes = Uint8Array.from(noise(32 * 32, 254, 3), (value) => value + 127)
  return assemble({
    nodes: [
      node({ opType: 'MatMulNBits', domain: 'com.microsoft', name: 'product' }, ['x', 'w', 's'], ['y'], {
        K: 64,
        N: 32,
        bits: 4,
        block_size: block,
        ...(accuracyLevel === undefined ? {} : { accuracy_level: accuracyLevel }),
      }),
    ],
    initializers: [
      rawTensor('w', 'uint8', [32, 2, 16], bytes),
      floatTensor(
        's',
        [64],
        noise(64, 0.02).map((value) => 0.02 + value),
      ),
    ],
    outputs: ['y'],
    shapes: { x: [8, 64] },
    opsets: { 'com.microsoft': 1 },
  })
}

/** A table of 8-bit rows, dequantized before rows are taken out of it. */
export function embedding(perRow = false): ModelProto {
  const rows = 100
  return assemble({
    nodes: [
      node({ opType: 'DequantizeLinear', name: 'wf_dequantize' }, ['w', 'ws', 'wz'], ['wf'], perRow ? { axis: 0 } : {}),
      node({ opType: 'Gather', name: 'gather' }, ['wf', 'rows'], ['y']),
    ],
    initializers: [
      int8Noise('w', [rows, 32]),
      floatTensor('ws', perRow ? [rows] : [], perRow ? noise(rows, 0.01).map((value) => 0.01 + value) : [0.01]),
      int8Tensor('wz', perRow ? [rows] : [], perRow ? new Array(rows).fill(0) : [0]),
      int64Tensor('rows', [4], [3, 1, 4, 1]),
    ],
    outputs: ['y'],
    shapes: {},
    rows: true,
  })
}
