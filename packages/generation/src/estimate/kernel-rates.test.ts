import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { expect, test } from 'vitest'
import { INT4_BYTES, INT8_BYTES } from '../rule.ts'
import { blockChain, floatChain } from './kernel-rates.ts'

test('bytes of weights: four for an element of float32, and blocks of 32 with a scale', () => {
  expect(floatChain(3).work).toBe(3 * 2 ** 20 * 4)
  // 16 bytes of 4 bits and a scale of 4 for 32 elements: 0.625 each.
  expect(blockChain(4, 2).work).toBe(2 * 2 ** 20 * INT4_BYTES)
  expect(blockChain(8, 1).work).toBe(2 ** 20 * INT8_BYTES)
})

test('each matrix has weights of its own, and reads what the one before gave', () => {
  const { graph } = fromBinary(ModelProtoSchema, blockChain(4, 2).model().bytes)
  expect(graph!.node.map(({ opType, input, output }) => [opType, ...input, ...output])).toEqual([
    ['MatMulNBits', 'x0', 'w0', 's0', 'x1'],
    ['MatMulNBits', 'x1', 'w1', 's1', 'x2'],
  ])
})

test.each([
  { title: 'float32', chain: floatChain(2) },
  { title: 'int8', chain: blockChain(8, 2) },
])('no two matrices of $title are equal: the engine keeps equal ones once', ({ chain }) => {
  const { graph } = fromBinary(ModelProtoSchema, chain.model().bytes)
  const [first, second] = graph!.initializer.filter(({ name }) => name.startsWith('w')).map(({ rawData }) => rawData)
  expect(Buffer.from(first!).equals(second!)).toBe(false)
})
