import fs from 'node:fs'
import path from 'node:path'
import { fullInteger } from '@whyslow/formats/tflite/quantize/index.ts'
import { withoutMarks } from '@whyslow/formats/tflite/quantize/marked.ts'
import { liteGraphOf } from '@whyslow/formats/tflite/write/lite-model.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed } from '@whyslow/measure/support/trials/example-runner.ts'
import { describe, expect, test } from 'vitest'
import {
  constraints,
  exampleBench,
  network,
  type PrecisionWorld,
  product,
  quantizedLayers,
} from '../../../test/support/quantize/plan/example-bench.ts'
import type { PrecisionConstraints } from './learned-model.ts'
import { precisionSearch } from './precision.ts'

const folder = folderOfTests()

function searched(world: PrecisionWorld = {}, rest: Partial<PrecisionConstraints> = {}) {
  const bench = exampleBench(fs.mkdtempSync(path.join(folder, 'on-engines-')), world)
  return { search: precisionSearch(bench, constraints(rest), async (model) => model), bench }
}

test('what is slower in int8 on the measured engine is quantized for the other, and gives floats', async () => {
  const { search } = searched({ layerMs: () => [1, 2] })
  expect(await search.plan(network, 'static')).toEqual([])
  const [plan, ...more] = await search.planOn(network, 'onnx')
  expect(more).toEqual([])
  expect(plan).toMatchObject({ variant: 'on onnx', savingMs: null })
  expect(quantizedLayers(plan!.quantized.model as typeof network)).toEqual(['a', 'b', 'c'])
  const { node } = plan!.quantized.model.proto.graph!
  const readers = (name: string) => node.filter(({ input }) => input.includes(name)).map(({ opType }) => opType)
  expect(readers('a')).toEqual(['Relu'])
  expect(search.records().filter(({ variant }) => variant === 'on onnx')).toMatchObject(
    ['a', 'b', 'c'].map((node) => ({ node, method: 'static', inFloat: false, beforeMs: null, afterMs: null })),
  )
})

test('for an engine that is given .tflite the float model is marked with the ranges of what is quantized', async () => {
  const { search } = searched()
  const [plan] = await search.planOn(network, 'tflite')
  expect(plan).toMatchObject({ variant: 'on tflite', savingMs: null })
  const made = plan!.quantized.model as typeof network
  expect(quantizedLayers(made)).toEqual([])
  const { float, ranges } = withoutMarks(made)
  expect(float.proto.graph!.node.map(({ opType }) => opType)).toEqual(['Conv', 'Relu', 'Conv', 'Relu', 'Conv'])
  expect(new Set(ranges.keys())).toEqual(new Set(['x', 'ar', 'br', 'c']))
  expect(ranges.get('x')!.high).toBeCloseTo(8, 1)
})

test('nothing is measured for an engine that cannot hold the model', async () => {
  const bench = exampleBench(fs.mkdtempSync(path.join(folder, 'on-engines-')))
  const canHold = (_: unknown, form: string) => form !== 'tflite'
  const search = precisionSearch({ ...bench, canHold }, constraints(), async (model) => model)
  expect(await search.planOn(network, 'tflite')).toEqual([])
  expect(bench.tasks()).not.toContain('calibrate')
  expect(bench.compared).toEqual([])
  expect(await search.planOn(network, 'onnx')).toHaveLength(1)
})

describe('layers that change the outputs too much stay float', () => {
  const noises = { a: 0.001, b: 0.5, c: 0.001 }
  const world: PrecisionWorld = { noise: (layers) => layers.reduce((sum, layer) => sum + noises[layer], 0) }

  test('where conversions say what is int8', async () => {
    const { search } = searched(world)
    const [plan] = await search.planOn(network, 'onnx')
    expect(quantizedLayers(plan!.quantized.model as typeof network)).toEqual(['a', 'c'])
  })

  test('where ranges do, though what they read and give has its range by their neighbours', async () => {
    const { search } = searched(world)
    const [plan] = await search.planOn(network, 'tflite')
    const { float, ranges, inFloat } = withoutMarks(plan!.quantized.model as typeof network)
    expect(new Set(ranges.keys())).toEqual(new Set(['x', 'ar', 'br', 'c']))
    const { operators } = fullInteger(liteGraphOf(float), ranges, inFloat)
    const types = operators.flatMap(({ code, inputs }) =>
      code === 'CONV_2D' ? [inputs.slice(0, 2).map((one) => one!.dtype)] : [],
    )
    expect(types).toEqual([
      ['int8', 'int8'],
      ['float32', 'float32'],
      ['int8', 'int8'],
    ])
    const records = search.records().filter(({ variant }) => variant === 'on tflite')
    expect(records.map(({ node, inFloat }) => [node, inFloat])).toEqual(['a', 'b', 'c'].map((node) => [node, node === 'b']))
  })
})

test('engines that take the same form share one plan, and what was learned for the measured engine', async () => {
  const { search, bench } = searched()
  await search.plan(network, 'static')
  const before = bench.tasks().length
  const plans = await search.planOn(network, 'onnx')
  expect(await search.planOn(network, 'onnx')).toBe(plans)
  expect(bench.tasks().slice(before)).toEqual([])
})

test.each<[string, Partial<PrecisionConstraints>]>([
  ['ranges may not be taken from made-up inputs', { allowStatic: false }],
  ['another method was asked for', { method: 'dynamic' }],
])('none where %s', async (_, rest) => {
  const { search, bench } = searched({}, rest)
  expect(await search.planOn(product, 'onnx')).toEqual([])
  expect(bench.asked).toEqual([])
})

test('where ranges cannot be found there is none, and it says why', async () => {
  const { search } = searched({ script: { calibrate: () => failed('crashed') } })
  expect(await search.planOn(network, 'onnx')).toEqual([])
  expect(search.reasons().get('static')).toMatch(/^not for another engine: calibration failed: .*crashed/)
})
