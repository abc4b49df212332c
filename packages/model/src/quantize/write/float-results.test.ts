// Static int8 whose operators give floats: what OpenVINO is given.
import { node } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { expect, test } from 'vitest'
import { bothResults } from '../../../test/support/quantize/write/check-quantize.ts'
import { withFloatResults } from '../../../test/support/quantize/write/example-float-results.ts'
import { make, plain, sqnr } from '../../../test/support/quantize/write/example-static.ts'

const operators = ({ proto }: Model) => proto.graph!.node.map(({ opType }) => opType)

const convolutions = make([
  node('Conv', ['x', 'point', 'conv_bias'], ['a']),
  node('Relu', ['a'], ['r']),
  node('Conv', ['r', 'conv'], ['c'], { pads: [1, 1, 1, 1] }),
  node('Sigmoid', ['c'], ['y']),
])

test('convolutions read int8 and give floats, and what is behind them stays, without a range of its own', async () => {
  const { model, skipped } = await withFloatResults(convolutions)
  expect(skipped).toEqual([])
  const count = (opType: string) => operators(model).filter((one) => one === opType).length
  expect([count('QuantizeLinear'), count('Relu'), count('Sigmoid')]).toEqual([2, 1, 1])
  for (const { opType, input } of model.proto.graph!.node) {
    if (opType !== 'Conv') continue
    const makers = input.map((name) => model.proto.graph!.node.find(({ output }) => output[0] === name)?.opType)
    expect(new Set(makers)).toEqual(new Set(['DequantizeLinear']))
  }
  const [before, after] = await bothResults(convolutions, model, plain)
  expect(sqnr(before.y!.data as Float32Array, after.y!.data as Float32Array)).toBeGreaterThan(30)
})

test('a bias behind a product of three dimensions stays an addition, in ONNX’s own operators', async () => {
  const product = make([node('MatMul', ['x', 'matrix'], ['m']), node('Add', ['m', 'vector'], ['s']), node('Relu', ['s'], ['y'])])
  const { model, skipped } = await withFloatResults(product)
  expect(skipped).toEqual([])
  expect(operators(model).filter((one) => !/quantizeLinear$/i.test(one))).toEqual(['MatMul', 'Add', 'Relu'])
  expect(model.proto.graph!.node.every(({ domain }) => domain === '')).toBe(true)
  const [before, after] = await bothResults(product, model, plain)
  expect(sqnr(before.y!.data as Float32Array, after.y!.data as Float32Array)).toBeGreaterThan(30)
})
