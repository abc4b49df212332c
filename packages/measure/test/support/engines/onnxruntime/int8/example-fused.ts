// Models that hold operators of integers as the engine fuses them, and as quantizers write them: for tests.

import { floatTensor, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import type { ModelProto } from 'onnx-buf'
import { integerChain } from './example-integers.ts'

const [PRODUCT_IN, PRODUCT_OUT] = [valueInfo('x', 'float32', [8, 64]), valueInfo('y', 'float32', [8, 32])]
const OPSETS = { 'com.microsoft': 1 }

/** A product of the engine's own, as in a model that was saved optimized; also one whose sums nobody scales. */
export function fusedProduct(
  opType: 'DynamicQuantizeMatMul' | 'MatMulIntegerToFloat',
  { sums = false }: { readonly sums?: boolean } = {},
): ModelProto {
  const chain = integerChain({ bias: true }).graph!
  const apart = opType === 'MatMulIntegerToFloat' || sums ? [chain.node[0]!] : []
  const inputs = opType === 'MatMulIntegerToFloat' ? ['xq', 'w', 'xs', 'ws', 'xz', 'wz', 'b'] : ['x', 'w', 'ws', 'wz', 'b']
  return model({
    nodes: [
      ...apart,
      node({ opType, domain: 'com.microsoft', name: 'product' }, inputs, ['y']),
      ...(sums ? [node({ opType: 'MatMulInteger', name: 'sums' }, ['xq', 'w', 'xz', 'wz'], ['i'])] : []),
    ],
    inputs: [PRODUCT_IN],
    outputs: [PRODUCT_OUT, ...(sums ? [valueInfo('i', 'int32', [8, 32])] : [])],
    initializers: chain.initializer,
    opsets: OPSETS,
  })
}

/** x - QuantizeLinear - MatMulIntegerToFloat - y, as whyslow writes a product with a bias; x in whole numbers from 0 to 255. */
export const staticProduct = (): ModelProto =>
  model({
    nodes: [
      node('QuantizeLinear', ['x', 'xs', 'xz'], ['xq']),
      node({ opType: 'MatMulIntegerToFloat', domain: 'com.microsoft' }, ['xq', 'w', 'xs', 'ws', 'xz', 'wz', 'b'], ['y']),
    ],
    inputs: [PRODUCT_IN],
    outputs: [PRODUCT_OUT],
    initializers: [
      // A zero point for each column, as its scales are.
      ...integerChain({ bias: true }).graph!.initializer.filter(({ name }) => name !== 'wz'),
      rawTensor('wz', 'int8', [32], new Uint8Array(32)),
      floatTensor('xs', [], [1]),
      rawTensor('xz', 'uint8', [], Uint8Array.of(0)),
    ],
    opsets: OPSETS,
  })

/** x or z, each quantized, as c says: QLinearWhere. */
export const choiceOfIntegers = (): ModelProto =>
  model({
    nodes: [
      ...['x', 'z'].map((name) => node('QuantizeLinear', [name, 's', 'm'], [`${name}q`])),
      node({ opType: 'QLinearWhere', domain: 'com.microsoft' }, ['c', 'xq', 's', 'm', 'zq', 's', 'm', 's', 'm'], ['q']),
      node('DequantizeLinear', ['q', 's', 'm'], ['y']),
    ],
    inputs: [valueInfo('c', 'bool', [8]), valueInfo('x', 'float32', [8]), valueInfo('z', 'float32', [8])],
    outputs: [valueInfo('y', 'float32', [8])],
    initializers: [floatTensor('s', [], [0.05]), rawTensor('m', 'uint8', [], Uint8Array.of(128))],
    opsets: OPSETS,
  })
