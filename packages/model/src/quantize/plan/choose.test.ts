import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { describe, expect, test } from 'vitest'
import type { Precision, Quantizable } from '../write/choice.ts'
import { dynamicLayers, staticLayers, weightLayers } from './choose.ts'
import type { NodeTimes, OperatorBenchmark } from './operator-benchmark.ts'

const layer = (name: string, opType: string, reads: string, makes = name, rest: Partial<Quantizable> = {}): Quantizable => ({
  node: name,
  opType,
  parts: [name],
  precisions: ['static', 'dynamic', 'weights8', 'weights4'],
  movesData: false,
  reason: null,
  activationsIn: [reads],
  activationsOut: [makes],
  ...rest,
})
const benchmark = (times: Readonly<Record<string, NodeTimes>>, conversionMs = 1, reorderMs = 0): OperatorBenchmark => ({
  times: new Map(Object.entries(times)),
  quantizeMs: () => conversionMs,
  dequantizeMs: () => conversionMs,
  dynamicMs: () => conversionMs,
  reorderMs: () => reorderMs,
  elementsOf: () => 1,
  isImage: () => true,
})
const takes = (floatMs: number | string, precision: Precision, ms: number | string): NodeTimes => ({
  floatMs,
  other: { [precision]: ms },
})
const NONE = new Set<string>()

describe('static', () => {
  // x -> Conv a -> Sigmoid s -> Conv b
  const network = modelInMemory(
    model({
      nodes: [node('Conv', ['x', 'w'], ['a']), node('Sigmoid', ['a'], ['s']), node('Conv', ['s', 'w'], ['b'])],
      inputs: [valueInfo('x', 'float32', [1, 1, 4, 4])],
      outputs: [valueInfo('b', 'float32', [1, 1, 4, 4])],
      initializers: [floatTensor('w', [1, 1, 1, 1], [1])],
    }),
  )
  const nodes = [layer('a', 'Conv', 'x'), layer('s', 'Sigmoid', 'a'), layer('b', 'Conv', 's')]
  const times = { a: takes(10, 'static', 4), s: takes(5, 'static', 1), b: takes(10, 'static', 4) }

  test('one region, and an activation that the engine computes inside a float convolution counts there for nothing', () => {
    // Float: 10 + 0 + 10. int8: 4 + 1 + 4 and a conversion at either end.
    const { layers, savingMs } = staticLayers({ model: network, nodes, benchmark: benchmark(times) }, NONE)
    expect([...layers.keys()]).toEqual(['a', 's', 'b'])
    expect(savingMs).toBeCloseTo(20 - 11, 9)
  })

  test('the change of layout beside float convolutions makes borders dearer', () => {
    // Without b the region would end in the middle: the saving of a and s is 10 - 5 less two borders of 1 and their layouts of 2.
    const inFloat = new Set(['b'])
    expect(staticLayers({ model: network, nodes, benchmark: benchmark(times) }, inFloat).layers.size).toBeGreaterThan(0)
    expect(staticLayers({ model: network, nodes, benchmark: benchmark(times, 1, 2) }, inFloat).layers.size).toBe(0)
  })

  test('what fell back, or could not be timed, stays float', () => {
    const untimed = { ...times, a: takes(10, 'static', 'the engine refuses it') }
    expect([...staticLayers({ model: network, nodes, benchmark: benchmark(untimed) }, new Set(['s'])).layers.keys()]).toEqual([
      'b',
    ])
  })

  test('a leaning takes what loses a little by the times, and says what it loses', () => {
    const even = { a: takes(10, 'static', 9), s: takes(5, 'static', 1), b: takes(10, 'static', 9) }
    expect(staticLayers({ model: network, nodes, benchmark: benchmark(even) }, NONE).layers.size).toBe(0)
    const { layers, savingMs } = staticLayers({ model: network, nodes, benchmark: benchmark(even) }, NONE, 'wide')
    expect(layers.size).toBe(3)
    // 20 in float, 19 and two conversions in int8.
    expect(savingMs).toBeCloseTo(-1, 9)
  })

  test('operators that only move numbers are no reason for a region', () => {
    const moving = nodes.map((one) => ({ ...one, movesData: true }))
    expect(staticLayers({ model: network, nodes: moving, benchmark: benchmark(times) }, NONE).layers.size).toBe(0)
  })
})

describe('dynamic', () => {
  test('products that read one value pay for its conversion together', () => {
    // Each takes 3 with its conversion of 1, so 2 without, and gains 0.6 of 2.6: alone not worth the conversion, two together are.
    const times = { a: takes(2.6, 'dynamic', 3), b: takes(2.6, 'dynamic', 3) }
    const [a, b] = [layer('a', 'MatMul', 'x'), layer('b', 'MatMul', 'x')]
    expect(dynamicLayers({ nodes: [a], benchmark: benchmark(times) }, NONE).layers.size).toBe(0)
    const both = dynamicLayers({ nodes: [a, b], benchmark: benchmark(times) }, NONE)
    expect([...both.layers.keys()]).toEqual(['a', 'b'])
    expect(both.savingMs).toBeCloseTo(0.2, 9)
  })
})

test('weights alone: the faster width where it beats float', () => {
  const times: Record<string, NodeTimes> = {
    a: { floatMs: 3, other: { weights8: 2, weights4: 1 } },
    b: { floatMs: 3, other: { weights8: 2, weights4: 2.5 } },
    c: { floatMs: 3, other: { weights8: 4, weights4: 4 } },
  }
  const nodes = ['a', 'b', 'c'].map((name) => layer(name, 'MatMul', 'x'))
  const { layers, savingMs } = weightLayers({ nodes, benchmark: benchmark(times) }, ['weights8', 'weights4'], NONE)
  expect([...layers]).toEqual([
    ['a', 'weights4'],
    ['b', 'weights8'],
  ])
  expect(savingMs).toBe(3)
})
