// Each condition against the engine itself: a model that keeps it runs in int8, its twin that breaks it in float.

import { floatTensor, int64Tensor, modelInMemory } from '@whyslow/graph/build.ts'
import { neighboursOf } from '@whyslow/graph/neighbours.ts'
import { families } from '@whyslow/graph/operators/index.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import type { ModelProto } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { executedGraph } from '../../../../test/support/engines/example-run.ts'
import {
  binaryGroup,
  convGroup,
  gemmGroup,
  unaryGroup,
  whereGroup,
} from '../../../../test/support/engines/onnxruntime/int8/example-groups.ts'
import { brokenCondition, type Condition, conditions } from './conditions.ts'
import { keepsInt8 } from './fused-types.ts'
import { INT8_OPERATORS } from './int8-kernels.ts'

interface Case {
  readonly name: string
  readonly model: ModelProto
  /** The node looked at; default: the one that is no conversion. */
  readonly at?: string
  readonly says?: RegExp
}

/** int8 activations. */
const S8 = { zero: 0, dtype: 'int8' } as const
const shape = int64Tensor('shape', [2], [16, 64])
const scales = floatTensor('sizes', [4], [1, 1, 2, 2])
const omitted = floatTensor('', [], [])

const whole: readonly Case[] = [
  { name: 'Conv, a scale for each channel', model: convGroup() },
  { name: 'Conv, one scale', model: convGroup({ perChannel: false }) },
  { name: 'Conv without a bias', model: convGroup({ bias: 'none' }) },
  { name: 'Conv with a float bias, which the engine quantizes', model: convGroup({ bias: 'float' }) },
  { name: 'Conv with a Relu that is saturation', model: convGroup({ activation: 'Relu', y: { zero: 0 } }) },
  { name: 'Conv with a Clip that is saturation', model: convGroup({ activation: 'Clip', y: { zero: 0, scale: 6 / 255 } }) },
  { name: 'depthwise Conv', model: convGroup({ groups: 16 }) },
  {
    name: 'int8 activations, which the engine turns into uint8',
    model: convGroup({ x: { zero: 0, dtype: 'int8' }, y: { zero: 0, dtype: 'int8' } }),
  },
  { name: 'Gemm with a bias', model: gemmGroup({ bias: 'quantized' }) },
  { name: 'Gemm with a float output', model: gemmGroup({ quantizedOutput: false }) },
  { name: 'Gemm with an alpha', model: gemmGroup({ attributes: { alpha: 2.5 } }) },
  { name: 'Gemm, a scale for each output', model: gemmGroup({ axis: 1 }) },
  { name: 'Gemm with float weights, which the engine quantizes', model: gemmGroup({ floatWeights: true }) },
  { name: 'MatMul', model: gemmGroup({ opType: 'MatMul' }) },
  { name: 'MatMul with a float output', model: gemmGroup({ opType: 'MatMul', quantizedOutput: false }) },
  { name: 'MatMul without zero points', model: gemmGroup({ opType: 'MatMul', short: true }) },
  { name: 'Add', model: binaryGroup('Add') },
  { name: 'Mul', model: binaryGroup('Mul') },
  { name: 'Concat', model: binaryGroup('Concat', { attributes: { axis: 1 } }) },
  { name: 'Sigmoid', model: unaryGroup('Sigmoid') },
  { name: 'Softmax', model: unaryGroup('Softmax') },
  { name: 'AveragePool', model: unaryGroup('AveragePool', { attributes: { kernel_shape: [2, 2] } }) },
  { name: 'GlobalAveragePool, another scale', model: unaryGroup('GlobalAveragePool', { y: { scale: 0.01 } }) },
  { name: 'Reshape', model: unaryGroup('Reshape', { others: [shape] }) },
  { name: 'MaxPool', model: unaryGroup('MaxPool', { attributes: { kernel_shape: [2, 2] } }) },
  { name: 'MaxPool of opset 22', model: unaryGroup('MaxPool', { attributes: { kernel_shape: [2, 2] }, opset: 22 }) },
  { name: 'Resize to the nearest', model: unaryGroup('Resize', { attributes: { mode: 'nearest' }, others: [omitted, scales] }) },
  { name: 'Transpose', model: unaryGroup('Transpose', { attributes: { perm: [0, 2, 3, 1] } }) },
  { name: 'DepthToSpace', model: unaryGroup('DepthToSpace', { attributes: { blocksize: 2 } }) },
  { name: 'Where', model: whereGroup() },
  { name: 'Expand', model: unaryGroup('Expand', { others: [int64Tensor('to', [4], [2, 16, 8, 8])] }) },
  { name: 'Flatten', model: unaryGroup('Flatten') },
  { name: 'Gather', model: unaryGroup('Gather', { others: [int64Tensor('at', [1], [0])] }) },
  { name: 'GatherElements', model: unaryGroup('GatherElements', { others: [int64Tensor('at', [1, 1, 1, 1], [0])] }) },
  { name: 'ReduceMax', model: unaryGroup('ReduceMax', { attributes: { axes: [3] } }) },
  { name: 'ReduceMin', model: unaryGroup('ReduceMin', { attributes: { axes: [3] } }) },
  { name: 'Slice', model: unaryGroup('Slice', { others: [int64Tensor('from', [1], [0]), int64Tensor('to', [1], [1])] }) },
  { name: 'Split', model: unaryGroup('Split', { others: [int64Tensor('sizes', [1], [1])] }) },
  { name: 'Squeeze', model: unaryGroup('Squeeze', { others: [int64Tensor('axes', [1], [0])] }) },
  { name: 'Tile', model: unaryGroup('Tile', { others: [int64Tensor('times', [4], [1, 1, 2, 1])] }) },
  { name: 'Unsqueeze', model: unaryGroup('Unsqueeze', { others: [int64Tensor('axes', [1], [0])] }) },
  { name: 'LeakyRelu', model: unaryGroup('LeakyRelu') },
]

const breaking: Readonly<Record<Condition, readonly Case[]>> = {
  'no-int8-kernel': [
    {
      name: 'ConvTranspose',
      model: convGroup({ opType: 'ConvTranspose', bias: 'none' }),
      says: /no int8 kernel for ConvTranspose/,
    },
    { name: 'Erf', model: unaryGroup('Erf') },
  ],
  'wide-types': [{ name: 'Add of uint16', model: binaryGroup('Add', { wide: true }), says: /quantized to uint16/ }],
  'input-float': [
    { name: 'a float constant added', model: binaryGroup('Add', { constant: true }), says: /its input the constant zf is float/ },
    { name: 'Conv of a float value', model: convGroup({ weightsOnly: true, bias: 'none' }), says: /its input x is float/ },
  ],
  'weights-float': [{ name: 'MatMul with float weights', model: gemmGroup({ opType: 'MatMul', floatWeights: true }) }],
  'zero-point-missing': [
    { name: 'Gemm', model: gemmGroup({ short: true }), says: /Gemm requires/ },
    {
      name: 'Reshape',
      model: unaryGroup('Reshape', { others: [shape], short: true }),
      says: /is required even if it is 0/,
    },
  ],
  'constants-as-inputs': [
    { name: 'the scale of a bias', model: convGroup({ listed: ['bs'] }) },
    { name: 'scales around a Reshape', model: unaryGroup('Reshape', { others: [shape], listed: ['xs'] }) },
  ],
  'graph-output': [
    { name: 'alone', model: convGroup({ output: 'graph-output' }) },
    { name: 'beside a QuantizeLinear', model: convGroup({ output: 'both' }) },
  ],
  'output-read-in-float': [{ name: 'Conv', model: convGroup({ output: 'read-too' }), says: /read in float by reader too/ }],
  'several-quantizers': [{ name: 'Conv', model: convGroup({ output: 'two-ways' }), says: /quantized in 2 ways/ }],
  'batchnorm-apart': [
    { name: 'Conv', model: convGroup({ activation: 'BatchNormalization' }), says: /BatchNormalization activation/ },
  ],
  'activation-between': [{ name: 'Conv', model: convGroup({ activation: 'Sigmoid' }), says: /^Sigmoid is between/ }],
  'output-not-quantized': [{ name: 'Conv', model: convGroup({ output: 'float-reader' }) }],
  'activation-apart': [
    { name: 'Relu', model: convGroup({ activation: 'Relu' }), says: /zero point of its output/ },
    { name: 'Clip', model: convGroup({ activation: 'Clip', y: { zero: 0 } }), says: /Clip is narrower/ },
  ],
  'bias-scale': [
    { name: 'a scale for each channel', model: convGroup({ bias: 'scale-off' }) },
    { name: 'one scale', model: convGroup({ bias: 'scale-off', perChannel: false }) },
  ],
  'bias-float': [{ name: 'Gemm', model: gemmGroup({ bias: 'float', quantizedOutput: false }) }],
  beta: [{ name: 'Gemm', model: gemmGroup({ bias: 'quantized', attributes: { beta: 2.5 } }), says: /a beta of 2.5/ }],
  'channel-axis': [{ name: 'Gemm', model: gemmGroup({ axis: 0 }) }],
  'scales-differ': [
    { name: 'Reshape', model: unaryGroup('Reshape', { others: [shape], y: { scale: 0.06 } }) },
    { name: 'MaxPool', model: unaryGroup('MaxPool', { attributes: { kernel_shape: [2, 2] }, y: { zero: 100 } }) },
  ],
  'resize-mode': [{ name: 'linear', model: unaryGroup('Resize', { attributes: { mode: 'linear' }, others: [omitted, scales] }) }],
  'int8-activations': [
    {
      name: 'Conv whose input is read by another, too',
      model: convGroup({ x: S8, y: S8, inputReadToo: true }),
      says: /its input xq stays int8, because it is read in several places/,
    },
    {
      name: 'Conv of uint8 whose output is read twice',
      model: convGroup({ x: S8, y: S8, output: 'read-twice' }),
      says: /its output yq stays int8/,
    },
    {
      name: 'a constant of int8 added',
      model: binaryGroup('Add', { dtype: 'int8', y: { zero: 0 }, constant: 'int8' }),
      says: /its input zq is a constant of int8/,
    },
  ],
  'types-differ': [
    {
      name: 'Conv of uint8 to int8 that is read twice',
      model: convGroup({ y: S8, output: 'read-twice' }),
      says: /quantized to uint8 and to int8/,
    },
  ],
  opset: [{ name: 'MaxPool of opset 11', model: unaryGroup('MaxPool', { attributes: { kernel_shape: [2, 2] }, opset: 11 }) }],
}

function look({ model, at }: Case) {
  const graph = viewGraph(modelInMemory(model))
  const named = ['conv', 'product', 'operator']
  const node = graph.nodes.find(({ name }) => (at === undefined ? named.includes(name) : name === at))!
  // No processor that the tests run on keeps int8 by itself but Arm's, and there these groups fuse.
  return brokenCondition(node, neighboursOf(graph), {
    opset: Number(model.opsetImport[0]!.version),
    keepsInt8: keepsInt8(process.arch, {}),
  })
}

/** The conversions of the executed graph and what else runs there. */
async function runsInInt8({ model }: Case): Promise<boolean> {
  const { nodes } = await executedGraph(modelInMemory(model))
  const conversions = nodes.filter(({ opType }) => opType === 'DequantizeLinear' || opType === 'QuantizeLinear')
  const inInt8 = nodes.some(({ opType }) => INT8_OPERATORS.has(opType))
  // What only moves numbers keeps its name: then nothing but the model's own ends is converted.
  return inInt8 || conversions.length === 2
}

test('every operator that is said to have an int8 kernel is tried', () => {
  const tried = new Set(whole.flatMap(({ model }) => model.graph!.node.map(({ opType }) => opType)))
  // Made by the engine itself, of a group that it could not fuse.
  expect(families.flatMap(({ int8 }) => Object.keys(int8)).filter((opType) => !tried.has(opType))).toEqual(['FusedConv'])
})

describe('groups that keep every condition run in int8', () => {
  test.each(whole)('$name', async (given) => {
    expect(look(given)).toBeUndefined()
    expect(await runsInInt8(given)).toBe(true)
  })
})

describe.each(conditions)('%s', (condition) => {
  test.each(breaking[condition])('$name', async (given) => {
    const found = look(given)
    expect(found?.condition).toBe(condition)
    if (given.says) expect(found!.says).toMatch(given.says)
    expect(await runsInInt8(given)).toBe(false)
  })
})
