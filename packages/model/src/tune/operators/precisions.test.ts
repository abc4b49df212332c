import { fileURLToPath } from 'node:url'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { floatTensor, modelInMemory, model as modelOf, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { partOf } from '@whyslow/graph/rewrite/part.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import { declaration } from '@whyslow/graph/view.ts'
import { binaryGroup, convGroup } from '@whyslow/measure/support/engines/onnxruntime/int8/example-groups.ts'
import { integerChain } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import type { ProfiledNode } from '@whyslow/measure/timing/types.ts'
import { expect, test } from 'vitest'
import { evidence, machine, roofs } from '../../../test/support/diagnose/example-evidence.ts'
import { chainOf } from './chain.ts'
import type { Group } from './groups.ts'
import { executedPart, floatVariant, int8Variant } from './precisions.ts'

const IMAGE = [1, 16, 8, 8]
const of = (dtype: 'float32' | 'uint8' | 'int8') => ({ dtype, shape: IMAGE })
const opsOf = ({ proto }: Model) => proto.graph!.node.map(({ opType }) => opType)
const endsOf = ({ proto: { graph } }: Model) =>
  [graph!.input[0]!, graph!.output[0]!].map((one) => [declaration(one).dtype, declaration(one).shape])

/** The group without the conversions at the model's ends, as it is cut out. */
function cut(whole: ReturnType<typeof convGroup>, dtype: 'uint8' | 'int8' = 'uint8'): Model {
  const model = modelInMemory(whole)
  const ends = new Set(['xq', 'zq', 'y'])
  const nodes = model.proto.graph!.node.filter(({ output }) => !ends.has(output[0]!))
  const names = ['xq', 'zq', 'yq', 'xf', 'zf', 'c', 'o', 'x', 'z']
  const types = new Map(names.map((name) => [name, of(/q$/.test(name) ? dtype : 'float32')]))
  return partOf(model, nodes, types)!
}

function alone(whole: ReturnType<typeof convGroup>) {
  const part = cut(whole)
  return { part, row: part }
}

const executed = (dtype: 'uint8' | 'int8') =>
  ({ nodes: [{ inputTypes: [of(dtype)] } as unknown as ProfiledNode] }) as unknown as Group

test('a quantized part in float takes and gives floats, in a row too', () => {
  const part = cut(convGroup({ groups: 16 }))
  expect(endsOf(part)).toEqual([
    ['uint8', IMAGE],
    ['uint8', IMAGE],
  ])
  const row = chainOf(part)!
  expect(opsOf(row).filter((one) => one === 'QuantizeLinear')).toHaveLength(3)
  const { model, kind } = floatVariant({ part, row })!
  expect(kind).toBe('float')
  expect(opsOf(model).filter((one) => one !== 'Identity')).toEqual(['Conv', 'Conv', 'Conv'])
  expect(endsOf(model)).toEqual([
    ['float32', IMAGE],
    ['float32', IMAGE],
  ])
})

test('a Relu that the quantizer left out is part of the float operator', () => {
  const { model } = floatVariant(alone(convGroup({ y: { zero: 0 } })))!
  expect(opsOf(model)).toContain('Clip')
})

test('of two inputs', () => {
  const { model } = floatVariant(alone(binaryGroup('Add')))!
  expect(opsOf(model).filter((one) => one !== 'Identity')).toEqual(['Add'])
})

/** All of a chain of integers, as it is cut out. */
function dynamicPart(proto: ReturnType<typeof integerChain>, ends: Readonly<Record<string, readonly number[]>>): Model {
  const model = modelInMemory(proto)
  const types = Object.entries(ends).map(([name, shape]) => [name, { dtype: 'float32' as const, shape }] as const)
  return partOf(model, model.proto.graph!.node, new Map(types))!
}

test('a convolution of what is quantized by its own range, in a row too', () => {
  const part = dynamicPart(integerChain({ opType: 'ConvInteger', bias: true }), { x: IMAGE, y: IMAGE })
  const row = chainOf(part)!
  expect(opsOf(row).filter((one) => one === 'DynamicQuantizeLinear')).toHaveLength(3)
  const { model, kind } = floatVariant({ part, row })!
  expect(kind).toBe('float')
  expect(opsOf(model)).toEqual(['Conv', 'Add', 'Conv', 'Add', 'Conv', 'Add'])
  expect(endsOf(model)).toEqual([
    ['float32', IMAGE],
    ['float32', IMAGE],
  ])
})

test('and a product', () => {
  const part = dynamicPart(integerChain(), { x: [8, 64], m: [8, 32] })
  expect(chainOf(part)).toBeUndefined()
  expect(opsOf(floatVariant({ part, row: part })!.model)).toEqual(['MatMul'])
})

test('an LSTM, and an attention with what quantizes its input, as quantize_dynamic writes them', async () => {
  const file = fileURLToPath(new URL('../../../../../fixtures/quantize/operators-dynamic.onnx', import.meta.url))
  const model = await readOnnx(file)
  const types = new Map<string, TensorType>([
    ...['embedded', 'attended'].map((name) => [name, { dtype: 'float32', shape: [1, 6, 16] }] as const),
    ['lengths', { dtype: 'int32', shape: [1] }],
    ['steps', { dtype: 'float32', shape: [6, 1, 16] }],
  ])
  const twinOf = (...opTypes: string[]) => {
    const nodes = model.proto.graph!.node.filter(({ opType }) => opTypes.includes(opType))
    const part = partOf(model, nodes, types)!
    return opsOf(floatVariant({ part, row: part })!.model)
  }
  expect(twinOf('DynamicQuantizeLSTM')).toEqual(['LSTM'])
  expect(twinOf('DynamicQuantizeLinear', 'QAttention')).toEqual(['Attention'])
})

test('nothing of a part in float', () => {
  expect(floatVariant({ part: plain, row: plain })).toBeUndefined()
})

test('what is int8 in the file and runs on uint8 is timed on uint8; else as it is', () => {
  const part = cut(convGroup({ x: { dtype: 'int8', zero: 0 }, y: { dtype: 'int8', zero: 0 } }), 'int8')
  expect(endsOf(executedPart(part, executed('uint8')))).toEqual([
    ['uint8', IMAGE],
    ['uint8', IMAGE],
  ])
  expect(executedPart(part, executed('int8'))).toBe(part)
})

const plain = modelInMemory(
  modelOf({
    nodes: [node({ opType: 'Conv', name: 'conv' }, ['x', 'w'], ['y'])],
    inputs: [valueInfo('x', 'float32', IMAGE)],
    outputs: [valueInfo('y', 'float32', IMAGE)],
    initializers: [floatTensor('w', [16, 16, 1, 1], new Float32Array(256).fill(0.1))],
  }),
)
const types = new Map([
  ['x', of('float32')],
  ['y', of('float32')],
])

test('a product in int8 takes and gives int8, where int8 arithmetic is faster', () => {
  const fast = evidence({
    machine: machine({ isa: ['avx512_vnni'] }),
    roofs: roofs({ flopsPerSecond: { float32: 1e9, int8: 3e9 } }),
  })
  const { model } = int8Variant({ part: plain, row: plain }, types, fast)!
  expect(opsOf(model).filter((one) => one === 'QuantizeLinear')).toHaveLength(1)
  expect(endsOf(model).map(([dtype]) => dtype)).toEqual(['uint8', 'uint8'])
  const inRow = int8Variant({ part: plain, row: chainOf(plain)! }, types, fast)!
  expect(opsOf(inRow.model).filter((one) => one === 'Conv')).toHaveLength(3)
  expect(int8Variant({ part: plain, row: plain }, types, evidence())).toBeUndefined()
  expect(int8Variant(alone(binaryGroup('Add')), types, fast)).toBeUndefined()
})
