import { fileURLToPath } from 'node:url'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { floatTensor, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { EXACT_SUMS } from '@whyslow/measure/engines/onnxruntime/int8/exact-sums.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { choiceOfIntegers, fusedProduct, staticProduct } from '@whyslow/measure/support/engines/onnxruntime/int8/example-fused.ts'
import {
  binaryGroup,
  convGroup,
  separableBlocks,
  unaryGroup,
} from '@whyslow/measure/support/engines/onnxruntime/int8/example-groups.ts'
import { integerChain, nBits, sharedQuantizer } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { selectiveDequantization } from './selective-dequantization.ts'

const pair = (isOutput = false) =>
  model({
    nodes: [
      node('Erf', ['x'], ['e']),
      node('QuantizeLinear', ['e', 's', 'z'], ['q']),
      node('DequantizeLinear', ['q', 's', 'z'], ['f']),
      node('Erf', ['f'], ['y']),
    ],
    inputs: [valueInfo('x', 'float32', [8])],
    outputs: [valueInfo('y', 'float32', [8]), ...(isOutput ? [valueInfo('f', 'float32', [8])] : [])],
    initializers: [floatTensor('s', [], [0.01]), rawTensor('z', 'uint8', [], Uint8Array.of(128))],
  })

/** x - Q - QLinearConv - DQ - y, per channel, with a bias: 4 channels at 6 x 6. */
function integerConv() {
  const bytes = (values: readonly number[]) => new Uint8Array(Int8Array.from(values).buffer)
  const weights = Array.from({ length: 4 * 4 * 9 }, (_, k) => ((k * 37) % 201) - 100)
  const bias = new Uint8Array(Int32Array.of(400, -300, 0, 1000).buffer)
  return model({
    nodes: [
      node('QuantizeLinear', ['x', 'xs', 'xz'], ['q']),
      node('QLinearConv', ['q', 'xs', 'xz', 'w', 'ws', 'wz', 'ys', 'yz', 'b'], ['c'], { pads: [1, 1, 1, 1] }),
      node('DequantizeLinear', ['c', 'ys', 'yz'], ['y']),
    ],
    inputs: [valueInfo('x', 'float32', [1, 4, 6, 6])],
    outputs: [valueInfo('y', 'float32', [1, 4, 6, 6])],
    initializers: [
      floatTensor('xs', [], [0.04]),
      rawTensor('xz', 'uint8', [], Uint8Array.of(128)),
      rawTensor('w', 'int8', [4, 4, 3, 3], bytes(weights)),
      floatTensor('ws', [4], [0.01, 0.02, 0.01, 0.005]),
      rawTensor('wz', 'int8', [4], new Uint8Array(4)),
      floatTensor('ys', [], [0.3]),
      rawTensor('yz', 'uint8', [], Uint8Array.of(120)),
      rawTensor('b', 'int32', [4], bias),
    ],
    opset: 17,
  })
}

const named = (...nodes: string[]) => ({
  findings: [{ rule: 'int8-slower-than-float', timeMs: 2, wouldSaveMs: 1, nodes }],
})
const slower = { findings: [{ rule: 'int8-slower-than-float', timeMs: 2, wouldSaveMs: 1, nodes: [] }] }

/**
 * Whole numbers from 0 to 255, both among them: a scale of 1 and a zero point of 0, so that quantizing them rounds nothing. Two of them times
 * weights of ±100 fit into the 16 bits in which some processors add.
 */
function wholeNumbers(shape: readonly number[]): Feeds {
  const count = shape.reduce((a, b) => a * b, 1)
  return { x: { dtype: 'float32', shape, data: Float32Array.from({ length: count }, (_, k) => (k === 0 ? 255 : (k * 7) % 51)) } }
}
const [image, rows] = [wholeNumbers([1, 16, 8, 8]), wholeNumbers([8, 64])]

/** By Python's quantize_dynamic, with an embedding, an Attention and an LSTM: fixtures/quantize/make-operators.py. */
const whole = await readOnnx(fileURLToPath(new URL('../../../../../fixtures/quantize/operators-dynamic.onnx', import.meta.url)))
const EXACT = { options: { configEntries: EXACT_SUMS } }

// A step of 0.01 is off by half of it, of outputs around 0.7; x is rounded to 255 steps over some 6, over 144 products.
checkRemedy(selectiveDequantization, {
  applies: [
    { name: 'a pair between float operators', model: pair(), operators: ['Erf', 'Erf'], tolerance: 0.02, changes: /^1 pair / },
    {
      name: 'a dynamic convolution',
      model: integerChain({ opType: 'ConvInteger' }),
      operators: ['Conv'],
      tolerance: 0.05,
      changes: /^1 integer convolution /,
    },
    {
      name: 'scaled one by one, with a bias',
      model: integerChain({ opType: 'ConvInteger', order: 'one-by-one', bias: true }),
      operators: ['Conv', 'Add'],
      tolerance: 0.05,
    },
    {
      name: 'weights of a convolution exactly as they were stored',
      model: integerChain({ opType: 'ConvInteger', perChannel: true, bias: true }),
      ...{ feeds: image, operators: ['Conv', 'Add'], tolerance: 1e-5 },
    },
    {
      name: 'with a zero point',
      model: integerChain({ opType: 'ConvInteger', weights: 'uint8' }),
      ...{ feeds: image, operators: ['Conv'], tolerance: 1e-5 },
    },
    {
      name: 'a dynamic product of matrices that is slower',
      model: integerChain({ weights: 'uint8', bias: true }),
      evidence: named('product'),
      variants: ['whole-model'],
      changes: /^the whole model computed in float32: weights of 1 operator dequantized$/,
      ...{ feeds: rows, operators: ['MatMul', 'Add'], tolerance: 1e-5 },
    },
    ...(['DynamicQuantizeMatMul', 'MatMulIntegerToFloat'] as const).map((opType) => ({
      name: `${opType} in the file`,
      model: fusedProduct(opType),
      evidence: named('product'),
      variants: ['whole-model'],
      ...{ feeds: rows, operators: ['MatMul', 'Add'], tolerance: 1e-5 },
    })),
    {
      name: 'an LSTM that is slower; the attention beside it stays, or the whole is float',
      model: whole,
      evidence: named('lstm_quant'),
      variants: ['slow-layers', 'whole-model'],
      changes: /^lstm_quant computed in float32$|^the whole model computed in float32: weights of 3 operators dequantized$/,
      setup: EXACT,
      // What each reads is rounded to 255 steps, an LSTM's state at each of its own. Weights are compared in low-bit-operators.test.ts.
      tolerance: 0.4,
      repeats: true,
      check: ({ variant, setup }) => {
        const ops = setup.model.proto.graph!.node.map(({ opType }) => opType)
        expect(ops).toContain('LSTM')
        expect(ops.includes('QAttention')).toBe(variant === 'slow-layers')
      },
    },
    {
      name: 'an attention that is slower: what quantizes its input goes with it',
      model: whole,
      evidence: named('attention_quant'),
      variants: ['slow-layers', 'whole-model'],
      setup: EXACT,
      tolerance: 0.4,
      repeats: true,
      check: ({ setup }) => {
        const ops = setup.model.proto.graph!.node.map(({ opType }) => opType)
        expect(ops).toContain('Attention')
        expect(ops).not.toContain('DynamicQuantizeLinear')
      },
    },
    {
      name: 'weights of few bits that are slower than floats',
      model: nBits(),
      evidence: named('product'),
      variants: ['whole-model'],
      ...{ operators: ['MatMul'], tolerance: 1e-4 },
    },
    {
      name: 'MatMulIntegerToFloat of a range that is given: what saturates is cut',
      model: staticProduct(),
      evidence: slower,
      variants: ['whole-model'],
      ...{ feeds: rows, operators: ['Clip', 'MatMul', 'Add'], tolerance: 1e-5 },
    },
    {
      name: 'QLinearWhere',
      model: choiceOfIntegers(),
      evidence: slower,
      variants: ['whole-model'],
      // Steps of 0.05, rounded once.
      ...{ operators: ['Where', 'Identity'], tolerance: 0.05 },
    },
    {
      name: 'what is not understood stays, and is told',
      model: fusedProduct('DynamicQuantizeMatMul', { sums: true }),
      evidence: named('product'),
      variants: ['whole-model'],
      changes: /^all but 1 quantized operator computed in float32: weights of 1 operator dequantized$/,
      ...{ feeds: rows, tolerance: 1e-5 },
    },
    {
      name: 'one of two convolutions that share what they read is slower',
      model: sharedQuantizer(),
      evidence: named('x_quantize', 'second', 'second_cast'),
      variants: ['', 'slow-layers'],
      changes: /^2 integer convolutions computed in float32$|^second computed in float32$/,
      ...{ feeds: image, tolerance: 1e-5, repeats: true },
      check: ({ variant, setup }) => {
        const ops = setup.model.proto.graph!.node.map(({ opType }) => opType)
        const left = variant === '' ? [] : ['ConvInteger', 'DynamicQuantizeLinear']
        expect(ops.filter((one) => /Integer|Dynamic/.test(one)).sort()).toEqual(left)
      },
    },
    {
      name: 'both are, which is said once',
      model: sharedQuantizer(),
      evidence: named('first', 'second'),
      ...{ feeds: image, tolerance: 1e-5 },
    },
    {
      name: 'a whole model whose int8 kernels are slower: a Relu that was left out is written again',
      model: convGroup({ y: { zero: 0 } }),
      evidence: slower,
      variants: ['whole-model'],
      operators: ['Conv', 'Clip', 'Identity'],
      changes: /^the whole model computed in float32: 2 pairs /,
      // x is rounded to steps of 0.05 and y to steps of 0.1, over 144 products around 9.
      tolerance: 0.1,
    },
    {
      name: 'a whole model of operators that take and give integers',
      model: integerConv(),
      evidence: slower,
      variants: ['whole-model'],
      operators: ['Conv', 'Identity'],
      // Steps of 0.3, of outputs around 4.
      tolerance: 0.1,
    },
    {
      name: 'depthwise convolutions of a BlazeFace: their weights are floats, conversions stay around them',
      model: separableBlocks(2),
      evidence: named('depthwise0', 'depthwise1'),
      variants: ['slow-layers', 'whole-model'],
      changes: /^depthwise0 and depthwise1 computed in float32$|^the whole model /,
      // Steps of 0.05 of outputs up to 6, where whatever is beyond is cut.
      tolerance: 0.5,
      repeats: true,
      check: ({ variant, setup }) => {
        if (variant !== 'slow-layers') return
        const ops = setup.model.proto.graph!.node.map(({ opType }) => opType)
        // Of 14 two are gone, those of the weights.
        expect(ops.filter((one) => one === 'DequantizeLinear')).toHaveLength(
          separableBlocks(2).graph!.node.filter(({ opType }) => opType === 'DequantizeLinear').length - 2,
        )
        expect(ops.filter((one) => one === 'QuantizeLinear')).toHaveLength(7)
      },
    },
    {
      name: 'two layers in a row: the pair between them goes, too',
      model: separableBlocks(2),
      evidence: named('depthwise0', 'pointwise0'),
      variants: ['slow-layers', 'whole-model'],
      tolerance: 0.5,
      repeats: true,
      check: ({ variant, setup }) => {
        if (variant !== 'slow-layers') return
        const ops = setup.model.proto.graph!.node.map(({ opType }) => opType)
        expect(ops.filter((one) => one === 'QuantizeLinear')).toHaveLength(6)
      },
    },
    {
      name: 'all layers of a model: the whole of it in float is what is tried',
      model: separableBlocks(1),
      evidence: named('depthwise0', 'pointwise0'),
      variants: ['whole-model'],
      tolerance: 0.5,
      repeats: true,
    },
    {
      name: 'a whole model with an int8 constant',
      model: binaryGroup('Add', { dtype: 'int8', y: { zero: 0 }, constant: 'int8' }),
      evidence: slower,
      variants: ['whole-model'],
      operators: ['Add', 'Identity'],
      tolerance: 0.1,
    },
  ],
  leaves: [
    { name: 'the rounded value is an output', model: pair(true) },
    { name: 'a group that fuses', model: convGroup() },
    { name: 'a group that can be repaired', model: convGroup({ output: 'float-reader' }) },
    { name: 'the unscaled product is an output too', model: integerChain({ opType: 'ConvInteger', readToo: true }) },
    { name: 'a dynamic product of matrices', model: integerChain() },
    { name: 'what moves integers', model: unaryGroup('Transpose', { attributes: { perm: [0, 2, 3, 1] } }) },
  ],
})
