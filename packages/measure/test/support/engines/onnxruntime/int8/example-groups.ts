// Quantized models with one group each, whole or with one condition broken: what the tests of lint and of the mends are made of.

import { floatTensor, int64Tensor, node } from '@whyslow/graph/build.ts'
import type { ModelProto, TensorProto } from 'onnx-buf'
import {
  type Attributes,
  assemble,
  CHANNELS,
  dequantize,
  IMAGE,
  int8Noise,
  int8Tensor,
  int32Tensor,
  noise,
  type Parameters,
  parameters,
  quantize,
  X,
  Y,
} from './example-parts.ts'

export interface ConvGroup {
  /** Default: int32 with the right scale. */
  readonly bias?: 'quantized' | 'scale-off' | 'float' | 'none'
  /** Default: quantized, and dequantized to the model's output. */
  readonly output?: 'quantized' | 'float-reader' | 'graph-output' | 'both' | 'read-too' | 'two-ways' | 'read-twice'
  readonly activation?: 'Relu' | 'Clip' | 'Sigmoid' | 'BatchNormalization'
  readonly x?: Partial<Parameters>
  readonly y?: Partial<Parameters>
  readonly perChannel?: boolean
  readonly groups?: number
  readonly opset?: number
  /** Constants that are listed among the model's inputs. */
  readonly listed?: readonly string[]
  /** Only the weights are quantized. */
  readonly weightsOnly?: boolean
  readonly opType?: 'Conv' | 'ConvTranspose'
  /** Weights reach the operator by way of a Reshape. */
  readonly reshaped?: boolean
  /** Before the activation stands a QuantizeLinear - DequantizeLinear pair of its own. */
  readonly between?: boolean
  /** Of a BatchNormalization's first channel; those after it grow. */
  readonly gamma?: number
  /** The dequantized input is read by an Erf as well. */
  readonly inputReadToo?: boolean
}

/** x - Q - DQ - Conv (- activation) - Q - DQ - y. */
export function convGroup(given: ConvGroup = {}): ModelProto {
  const { bias = 'quantized', output = 'quantized', activation, perChannel = true, groups = 1, opType = 'Conv' } = given
  const [x, y] = [
    { ...X, ...given.x },
    { ...Y, ...given.y },
  ]
  const shape = [CHANNELS, CHANNELS / groups, 3, 3]
  const scales = Array.from({ length: CHANNELS }, (_, k) => (perChannel ? 0.005 + 0.001 * k : 0.01))
  const vector = perChannel ? [CHANNELS] : []
  const few = (values: readonly number[]) => (perChannel ? values : values.slice(0, 1))
  const initializers = [
    ...parameters('x', x),
    ...parameters('y', y),
    int8Noise('w', given.reshaped ? [shape.reduce((a, b) => a * b, 1)] : shape),
    floatTensor('ws', vector, few(scales)),
    int8Tensor('wz', vector, few(scales.map(() => 0))),
  ]
  const nodes = given.weightsOnly ? [] : [quantize('x', 'xq', 'x'), dequantize('xq', 'xf', 'x')]
  const axis: Attributes = perChannel ? { axis: 0 } : {}
  const stored = given.reshaped ? 'wflat' : 'wf'
  nodes.push(node({ opType: 'DequantizeLinear', name: 'wf_dequantize' }, ['w', 'ws', 'wz'], [stored], axis))
  if (given.reshaped) {
    initializers.push(int64Tensor('wshape', [4], shape))
    nodes.push(node({ opType: 'Reshape', name: 'w_reshape' }, [stored, 'wshape'], ['wf']))
  }
  const inputs = [given.weightsOnly ? 'x' : 'xf', 'wf']
  if (bias === 'float') {
    initializers.push(floatTensor('b', [CHANNELS], noise(CHANNELS, 2)))
    inputs.push('b')
  } else if (bias !== 'none') {
    const off = bias === 'scale-off' ? 2 : 1
    initializers.push(
      int32Tensor('bq', [CHANNELS], noise(CHANNELS, 2000)),
      floatTensor('bs', vector, few(scales.map((scale) => off * scale * x.scale))),
      int32Tensor('bz', vector, few(scales.map(() => 0))),
    )
    nodes.push(
      node({ opType: 'DequantizeLinear', name: 'bf_dequantize' }, ['bq', 'bs', 'bz'], ['bf'], perChannel ? { axis: 0 } : {}),
    )
    inputs.push('bf')
  }
  nodes.push(node({ opType, name: 'conv' }, inputs, ['c'], { pads: [1, 1, 1, 1], kernel_shape: [3, 3], group: groups }))
  let last = 'c'
  if (activation !== undefined) {
    const others = { Relu: [], Sigmoid: [], Clip: ['low', 'high'], BatchNormalization: ['gamma', 'beta', 'mean', 'variance'] }[
      activation
    ]
    if (activation === 'Clip') initializers.push(floatTensor('low', [], [0]), floatTensor('high', [], [6]))
    if (activation === 'BatchNormalization') {
      const one = (name: string, value: number) =>
        floatTensor(
          name,
          [CHANNELS],
          Array.from({ length: CHANNELS }, (_, k) => value + k / 50),
        )
      initializers.push(one('gamma', given.gamma ?? 0.7), one('beta', -0.2), one('mean', 0.1), one('variance', 0.9))
    }
    if (given.between) {
      initializers.push(...parameters('t', { ...Y, scale: 0.5 }))
      nodes.push(quantize('c', 'tq', 't'), dequantize('tq', 't', 't'))
    }
    nodes.push(node({ opType: activation, name: 'activation' }, [given.between ? 't' : 'c', ...others], ['a']))
    last = 'a'
  }
  const outputs: string[] = []
  if (['quantized', 'both', 'read-too', 'two-ways', 'read-twice'].includes(output)) {
    nodes.push(quantize(last, 'yq', 'y'), dequantize('yq', 'y', 'y'))
    outputs.push('y')
  }
  if (output === 'read-twice') {
    nodes.push(node({ opType: 'Erf', name: 'reader' }, ['y'], ['e']))
    outputs.push('e')
  }
  if (output === 'two-ways') {
    initializers.push(...parameters('v', { ...Y, scale: 0.2 }))
    nodes.push(quantize(last, 'vq', 'v'), dequantize('vq', 'v', 'v'))
    outputs.push('v')
  }
  if (given.inputReadToo) {
    nodes.push(node({ opType: 'Erf', name: 'neighbour' }, ['xf'], ['n']))
    outputs.push('n')
  }
  if (output === 'graph-output' || output === 'both') outputs.push(last)
  if (output === 'float-reader' || output === 'read-too') {
    nodes.push(node({ opType: 'Erf', name: 'reader' }, [last], ['e']))
    outputs.push('e')
  }
  return assemble({ nodes, initializers, outputs, shapes: { x: IMAGE }, opset: given.opset, listed: given.listed })
}

/**
 * Blocks as in BlazeFace, as Python's quantizer writes them: a depthwise convolution, one of 1 x 1, and the block's input added, which two
 * read. Named 'depthwise0', 'pointwise0', 'add0' and so on; x and y are float.
 */
export function separableBlocks(blocks: number, dtype: 'uint8' | 'int8' = 'uint8'): ModelProto {
  const zero = dtype === 'uint8' ? 128 : 0
  const initializers = [...parameters('x', { ...X, dtype, zero }), floatTensor('ws', [], [0.005]), int8Tensor('wz', [], [0])]
  const nodes = [quantize('x', 'q0', 'x'), dequantize('q0', 'f0', 'x')]
  const conv = (name: string, from: string, groups: number, size: number) => {
    initializers.push(int8Noise(`${name}_w`, [CHANNELS, CHANNELS / groups, size, size]))
    const attributes = { group: groups, kernel_shape: [size, size], pads: Array(4).fill(size >> 1) }
    nodes.push(
      node({ opType: 'DequantizeLinear', name: `${name}_w_dequantize` }, [`${name}_w`, 'ws', 'wz'], [`${name}_wf`]),
      node({ opType: 'Conv', name }, [from, `${name}_wf`], [`${name}_out`], attributes),
      quantize(`${name}_out`, `${name}_q`, 'x'),
      dequantize(`${name}_q`, `${name}_f`, 'x'),
    )
    return `${name}_f`
  }
  for (let k = 0; k < blocks; k++) {
    const deep = conv(`depthwise${k}`, `f${k}`, CHANNELS, 3)
    const point = conv(`pointwise${k}`, deep, 1, 1)
    nodes.push(
      node({ opType: 'Add', name: `add${k}` }, [point, `f${k}`], [`a${k}`]),
      quantize(`a${k}`, `q${k + 1}`, 'x'),
      dequantize(`q${k + 1}`, k + 1 === blocks ? 'y' : `f${k + 1}`, 'x'),
    )
  }
  return assemble({ nodes, initializers, outputs: ['y'], shapes: { x: IMAGE } })
}

export interface GemmGroup {
  readonly opType?: 'MatMul' | 'Gemm'
  readonly quantizedOutput?: boolean
  readonly bias?: 'quantized' | 'scale-off' | 'float' | 'none'
  /** Conversions without zero points. */
  readonly short?: boolean
  readonly attributes?: Attributes
  /** Axis of the weights' scales; null: one scale. */
  readonly axis?: 0 | 1 | null
  readonly floatWeights?: boolean
  readonly weightsOnly?: boolean
}

/** x - Q - DQ - MatMul or Gemm - Q - DQ - y. */
export function gemmGroup(given: GemmGroup = {}): ModelProto {
  const { opType = 'Gemm', quantizedOutput = true, bias = 'none', short = false, attributes = {}, axis = null } = given
  const count = axis === null ? 1 : [64, 32][axis]!
  // Whoever leaves zero points out has signed types, or uint8 with zero as the lowest.
  const zero = short ? 0 : 128
  const initializers = [
    ...parameters('x', { ...X, zero }),
    ...parameters('y', { ...Y, scale: 0.2, zero }),
    ...(given.floatWeights ? [floatTensor('wf', [64, 32], noise(2048, 0.2))] : [int8Noise('w', [64, 32])]),
    floatTensor(
      'ws',
      axis === null ? [] : [count],
      Array.from({ length: count }, (_, k) => 0.01 + 0.0001 * k * (axis === null ? 0 : 1)),
    ),
    int8Tensor('wz', axis === null ? [] : [count], new Array(count).fill(0)),
  ]
  const nodes = given.weightsOnly ? [] : [quantize('x', 'xq', 'x', short), dequantize('xq', 'xf', 'x', short)]
  if (!given.floatWeights) {
    const names = short ? ['w', 'ws'] : ['w', 'ws', 'wz']
    nodes.push(node({ opType: 'DequantizeLinear', name: 'wf_dequantize' }, names, ['wf'], axis === null ? {} : { axis }))
  }
  const inputs = [given.weightsOnly ? 'x' : 'xf', 'wf']
  if (bias === 'float') {
    initializers.push(floatTensor('b', [32], noise(32, 2)))
    inputs.push('b')
  } else if (bias !== 'none') {
    const scale = (bias === 'scale-off' ? 2 : 1) * X.scale * 0.01
    initializers.push(int32Tensor('bq', [32], noise(32, 2000)), floatTensor('bs', [], [scale]), int32Tensor('bz', [], [0]))
    nodes.push(node({ opType: 'DequantizeLinear', name: 'bf_dequantize' }, ['bq', 'bs', 'bz'], ['bf']))
    inputs.push('bf')
  }
  nodes.push(node({ opType, name: 'product' }, inputs, ['o'], attributes))
  if (quantizedOutput) nodes.push(quantize('o', 'yq', 'y', short), dequantize('yq', 'y', 'y', short))
  else nodes.push(node({ opType: 'Erf', name: 'reader' }, ['o'], ['y']))
  return assemble({ nodes, initializers, outputs: ['y'], shapes: { x: [8, 64] } })
}

export interface UnaryGroup {
  readonly attributes?: Attributes
  readonly others?: readonly TensorProto[]
  /** Of the output; default: the input's. */
  readonly y?: Partial<Parameters>
  readonly short?: boolean
  readonly opset?: number
  readonly listed?: readonly string[]
}

/** x - Q - DQ - operator - Q - DQ - y; `others`: its further inputs, '' for one that is left out. */
export function unaryGroup(opType: string, given: UnaryGroup = {}): ModelProto {
  const { attributes = {}, others = [], short = false } = given
  const zero = short ? 0 : X.zero
  const initializers = [...parameters('x', { ...X, zero }), ...others.filter(({ name }) => name !== '')]
  const prefix = given.y === undefined ? 'x' : 'y'
  if (given.y !== undefined) initializers.push(...parameters('y', { ...X, zero, ...given.y }))
  const nodes = [
    quantize('x', 'xq', 'x', short),
    dequantize('xq', 'xf', 'x', short),
    node({ opType, name: 'operator' }, ['xf', ...others.map(({ name }) => name)], ['o'], attributes),
    quantize('o', 'yq', prefix, short),
    dequantize('yq', 'y', prefix, short),
  ]
  return assemble({ nodes, initializers, outputs: ['y'], shapes: { x: IMAGE }, opset: given.opset, listed: given.listed })
}

/** Elements of x above 0 stay, in place of the others come those of z. */
export function whereGroup(): ModelProto {
  const nodes = [
    node('Greater', ['x', 'zero'], ['c']),
    ...['x', 'z'].flatMap((name) => [quantize(name, `${name}q`, 'x'), dequantize(`${name}q`, `${name}f`, 'x')]),
    node({ opType: 'Where', name: 'operator' }, ['c', 'xf', 'zf'], ['o']),
    quantize('o', 'yq', 'y'),
    dequantize('yq', 'y', 'y'),
  ]
  const initializers = [...parameters('x', X), ...parameters('y', Y), floatTensor('zero', [], [0])]
  return assemble({ nodes, initializers, outputs: ['y'], shapes: { x: IMAGE, z: IMAGE } })
}

/** x and z, or x and a float constant, through a quantized operator of two inputs. */
export function binaryGroup(
  opType: string,
  given: {
    readonly constant?: boolean | 'int8'
    readonly attributes?: Attributes
    readonly wide?: boolean
    readonly y?: Partial<Parameters>
    readonly dtype?: Parameters['dtype']
  } = {},
) {
  const dtype = given.wide ? 'uint16' : (given.dtype ?? 'uint8')
  const zero = dtype === 'int8' ? 0 : X.zero
  const initializers = [...parameters('x', { ...X, dtype, zero }), ...parameters('y', { ...Y, dtype, ...given.y })]
  const nodes = [quantize('x', 'xq', 'x'), dequantize('xq', 'xf', 'x')]
  if (given.constant === 'int8') {
    initializers.push(int8Tensor('zq', [1], [40]))
    nodes.push(dequantize('zq', 'zf', 'x'))
  } else if (given.constant) initializers.push(floatTensor('zf', [1], [0.3]))
  else nodes.push(quantize('z', 'zq', 'x'), dequantize('zq', 'zf', 'x'))
  nodes.push(
    node({ opType, name: 'operator' }, ['xf', 'zf'], ['o'], given.attributes ?? {}),
    quantize('o', 'yq', 'y'),
    dequantize('yq', 'y', 'y'),
  )
  const shapes = given.constant ? { x: IMAGE } : { x: IMAGE, z: IMAGE }
  return assemble({ nodes, initializers, outputs: ['y'], shapes, opset: given.wide ? 21 : 17 })
}
