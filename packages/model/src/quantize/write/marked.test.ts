// A model marked with ranges, and the .tflite file in int8 that is written of it.
import fs from 'node:fs'
import path from 'node:path'
import { readModel } from '@whyslow/formats/index.ts'
import { liteBytesOf, withoutMarks } from '@whyslow/formats/tflite/quantize/marked.ts'
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { problemsOf } from '@whyslow/graph/validate.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, test } from 'vitest'
import { bothResults, observedRanges } from '../../../test/support/quantize/write/check-quantize.ts'
import { marked, network } from '../../../test/support/quantize/write/example-marked.ts'
import { initializers, make, normals, plain, sqnr } from '../../../test/support/quantize/write/example-static.ts'
import { withMarkedRanges } from './marked.ts'

const folder = folderOfTests()

test('marks are valid, keep the ends, and round what passes', async () => {
  const made = await marked(['x', 'r', 'y'])
  expect(problemsOf(made.proto)).toEqual([])
  expect([viewGraph(made).inputs, viewGraph(made).outputs]).toEqual([viewGraph(network).inputs, viewGraph(network).outputs])
  expect(made.proto.graph!.node.filter(({ opType }) => opType === 'QuantizeLinear')).toHaveLength(3)
  const [before, after] = await bothResults(network, made, plain)
  const noise = sqnr(before.y!.data as Float32Array, after.y!.data as Float32Array)
  expect(noise).toBeGreaterThan(30)
  expect(noise).toBeLessThan(80)
})

test('without them it is the float model again, with the ranges by value', async () => {
  const observed = await observedRanges(network, [plain])
  const { float, ranges } = withoutMarks(await marked(['x', 'r', 'y']))
  expect(float.proto.graph!.node.map(({ opType, output }) => `${opType} ${output}`)).toEqual(['Conv a', 'Relu r', 'Conv y'])
  expect(float.proto.graph!.node.map(({ input }) => input[0])).toEqual(['x', 'a', 'r'])
  expect([...ranges.keys()]).toEqual(['x', 'r', 'y'])
  for (const [value, { low, high }] of ranges) {
    const step = (high - low) / 255
    expect(Math.abs(low - observed.get(value)!.low)).toBeLessThanOrEqual(step)
    expect(Math.abs(high - observed.get(value)!.high)).toBeLessThanOrEqual(step)
  }
})

test('a value without a finite range has no mark', () => {
  const ranges = new Map([['r', { low: 0, high: Number.POSITIVE_INFINITY }]])
  const { proto } = withMarkedRanges(network, new Set(['x', 'r']), ranges)
  expect(proto.graph!.node.map(({ opType }) => opType)).toEqual(['Conv', 'Relu', 'Conv'])
})

test('weights of 8 bits are none, and are not written as .tflite', () => {
  const stored = modelInMemory(
    model({
      nodes: [node('DequantizeLinear', ['w', 'scale'], ['float']), node('Mul', ['x', 'float'], ['y'])],
      inputs: [valueInfo('x', 'float32', [4])],
      outputs: [valueInfo('y', 'float32', [4])],
      initializers: [...initializers, floatTensor('w', [4], normals(4)), floatTensor('scale', [], [0.1])],
      opset: 13,
    }),
  )
  expect(withoutMarks(stored).float).toBe(stored)
  expect(() => liteBytesOf(stored)).toThrow(/cannot be written/)
})

test('a weight that is no finite number is refused in one line', async () => {
  const weights = initializers.map((one) =>
    one.name === 'conv' ? floatTensor('conv', [4, 4, 3, 3], [Number.NaN, ...normals(143)]) : one,
  )
  const broken = make([node('Conv', ['x', 'conv'], ['y'], { pads: [1, 1, 1, 1] })], { initializers: weights })
  const range = { low: -1, high: 1 }
  const ranges = new Map(['x', 'y'].map((value) => [value, range]))
  expect(() => liteBytesOf(withMarkedRanges(broken, new Set(ranges.keys()), ranges))).toThrow(InputError)
})

test('the file is in int8 where it is marked', async () => {
  const operators = async (values: readonly string[]) => {
    const file = path.join(folder, `${values.join('-')}.tflite`)
    fs.writeFileSync(file, liteBytesOf(await marked(values)))
    const { proto } = await readModel(file)
    return proto.graph!.node.map(({ opType }) => opType)
  }
  const count = (all: readonly string[], opType: string) => all.filter((one) => one === opType).length
  expect(count(await operators([]), 'DequantizeLinear')).toBe(0)
  expect(count(await operators(['x', 'r', 'y']), 'QuantizeLinear')).toBeGreaterThan(
    count(await operators(['x', 'r']), 'QuantizeLinear'),
  )
})
