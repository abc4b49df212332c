import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { convGroup } from '@whyslow/measure/support/engines/onnxruntime/int8/example-groups.ts'
import { integerChain, nBits } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import type { ModelProto } from 'onnx-buf'
import { expect, test } from 'vitest'
import { isQuantized, writtenQuantization } from './written.ts'

test('what a graph holds, as it is written', () => {
  const count = (proto: ModelProto) => writtenQuantization(viewGraph(modelInMemory(proto)))
  expect(count(convGroup())).toMatchObject({ conversions: 6, integerProducts: 0 })
  expect(count(integerChain())).toMatchObject({ conversions: 0, integerProducts: 1 })
  expect(count(nBits())).toMatchObject({ fewBitProducts: 1 })
  const plain = model({
    nodes: [node('Erf', ['x'], ['y'])],
    inputs: [valueInfo('x', 'float32', [1])],
    outputs: [valueInfo('y', 'float32', [1])],
  })
  expect(isQuantized(count(plain))).toBe(false)
  expect(isQuantized(count(nBits()))).toBe(true)
})
