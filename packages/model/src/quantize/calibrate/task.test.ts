import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { model, modelInMemory, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { withValuesAsOutputs } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { chunks } from './index.ts'
import { sourcesOf, withMinMaxObservers } from './observers.ts'
import { calibrateTask } from './task.ts'
import { type CalibrationMethod, calibrationMethods } from './types.ts'

const folder = folderOfTests()

/** x -> Relu -> r -> Neg -> y, rows free. */
const small = modelInMemory(
  model({
    nodes: [node('Relu', ['x'], ['r']), node('Neg', ['r'], ['y'])],
    inputs: [valueInfo('x', 'float32', ['n', 2])],
    outputs: [valueInfo('y', 'float32', ['n', 2])],
  }),
)
const VALUES = ['x', 'r', 'y']

let written = 0
function write(one: Model): string {
  const at = join(folder, `model-${written++}`)
  mkdirSync(at)
  writeFileSync(join(at, 'model.onnx'), writeModel(one.proto))
  return join(at, 'model.onnx')
}

async function calibrated(method: CalibrationMethod, samples: readonly (readonly number[])[], parts = [VALUES]) {
  const inputs = saveInputs(
    join(folder, `inputs-${written++}`),
    samples.map((row) => ({ x: { dtype: 'float32', shape: [row.length / 2, 2], data: Float32Array.from(row) } })),
  )
  const { ranges } = await calibrateTask.run({
    engine: 'ort-cpu',
    options: plainOptions,
    inputs,
    samples: samples.length,
    methods: [method],
    known: {},
    minMax: parts.map((values) => ({ file: write(withMinMaxObservers(small, values)), values, channels: [] })),
    whole: parts.map((values) => ({ file: write(withValuesAsOutputs(small, values)), values })),
    bins: 2048,
  })
  return ranges[method]!
}

describe('ranges', () => {
  test('the smallest and largest ever seen, of values inside too, over samples of other sizes', async () => {
    const ranges = await calibrated('minmax', [
      [1, -2],
      [3, 0.5, -4, 2],
    ])
    expect(ranges).toEqual({ x: { low: -4, high: 3 }, r: { low: 0, high: 3 }, y: { low: -3, high: -0 } })
  })

  test('in parts they are the same', async () => {
    const samples = [
      [1, -2],
      [3, -4],
    ]
    const [whole, parts] = [await calibrated('minmax', samples), await calibrated('minmax', samples, [['x'], ['r', 'y']])]
    expect(parts).toEqual(whole)
  })

  test('moving average: the mean of each sample’s minimum and maximum', async () => {
    // x: lows -2 and -4, highs 1 and 3.
    const ranges = await calibrated('moving-average', [
      [1, -2],
      [3, -4],
    ])
    expect(ranges.x).toEqual({ low: -3, high: 2 })
  })

  test.each<CalibrationMethod>(['percentile', 'entropy', 'mse'])('%s: within minimum and maximum', async (method) => {
    const rows = Array.from({ length: 3 }, (_, k) => Float32Array.from({ length: 2000 }, (_, i) => Math.sin(i * (k + 1))))
    rows[0]![7] = 90
    const ranges = await calibrated(
      method,
      rows.map((row) => [...row]),
    )
    expect(ranges.x!.low).toBeGreaterThanOrEqual(-1)
    expect(ranges.x!.high).toBeGreaterThan(0.5)
    expect(ranges.x!.high).toBeLessThanOrEqual(90)
    if (method !== 'percentile') expect(ranges.x!.high).toBeLessThan(90)
    expect(ranges.r!.low).toBe(0)
  })

  test('of channels, where they are asked for: the mean over samples of each sample’s, and the largest magnitude', async () => {
    const channels = [{ value: 'x', axis: 1, rank: 2, size: 2 }]
    const inputs = saveInputs(
      join(folder, 'channels'),
      [
        [1, -2],
        [3, 5, 1, -7],
      ].map((row) => ({ x: { dtype: 'float32', shape: [row.length / 2, 2], data: Float32Array.from(row) } })),
    )
    for (const opset of [13, 18]) {
      const proto = copyWith(small.proto, {
        opsetImport: small.proto.opsetImport.map((one) => copyWith(one, { version: BigInt(opset) })),
      })
      const file = write(withMinMaxObservers({ ...small, proto }, VALUES, channels))
      const minMax = [{ file, values: VALUES, channels }]
      for (const method of ['minmax', 'moving-average'] as const) {
        const found = await calibrateTask.run({
          engine: 'ort-cpu',
          options: plainOptions,
          inputs,
          samples: 2,
          methods: [method],
          known: {},
          minMax,
          whole: [],
          bins: 2048,
        })
        // Column 0: 1, and (3 + 1) / 2; column 1: -2, and (5 - 7) / 2.
        expect(found.means).toEqual({ x: [1.5, -1.5] })
        expect(found.peaks).toEqual({ x: [3, 7] })
      }
    }
  })

  test('several methods at once find what each finds alone', async () => {
    const rows = [
      [1, -2, 0.5, 3],
      [3, -4, 0.25, 9],
    ]
    const inputs = saveInputs(
      join(folder, 'methods'),
      rows.map((row) => ({ x: { dtype: 'float32', shape: [2, 2], data: Float32Array.from(row) } })),
    )
    const task = { engine: 'ort-cpu', options: plainOptions, inputs, samples: 2, bins: 2048 }
    const whole = [{ file: write(withValuesAsOutputs(small, VALUES)), values: VALUES }]
    const minMax = [{ file: write(withMinMaxObservers(small, VALUES)), values: VALUES, channels: [] }]
    const found = await calibrateTask.run({ ...task, methods: calibrationMethods, known: {}, minMax, whole })
    for (const method of calibrationMethods) expect(found.ranges[method], method).toEqual(await calibrated(method, rows))
    // What was found need not be found again.
    const known = found.ranges.minmax!
    const later = await calibrateTask.run({ ...task, methods: ['percentile', 'mse'], known, minMax: [], whole })
    expect(later.ranges).toEqual({ percentile: found.ranges.percentile, mse: found.ranges.mse })
  })

  test('infinity among the values is told, and does not end the others', async () => {
    const ranges = await calibrated('mse', [[1, Number.POSITIVE_INFINITY]])
    expect(ranges.x!.high).toBe(Number.POSITIVE_INFINITY)
  })
})

test('chunks keep the order and the limit, and hold one at least', () => {
  const sizes: Record<string, number> = { a: 2, b: 2, c: 5, d: 1 }
  expect(chunks(['a', 'b', 'c', 'd'], 4, (value) => sizes[value]!)).toEqual([['a', 'b'], ['c'], ['d']])
  expect(chunks([], 4, () => 1)).toEqual([])
})

test('what only moves numbers has the range of what it reads', () => {
  const moved = modelInMemory(
    model({
      nodes: [
        node('Relu', ['x'], ['r']),
        node('Transpose', ['r'], ['t'], { perm: [1, 0] }),
        node('Flatten', ['t'], ['f']),
        node('Neg', ['f'], ['y']),
      ],
      inputs: [valueInfo('x', 'float32', ['n', 2])],
      outputs: [valueInfo('y', 'float32', ['n', 2])],
    }),
  )
  expect([...sourcesOf(moved, ['x', 't', 'f', 'y'])]).toEqual([
    ['x', 'x'],
    ['t', 'r'],
    ['f', 'r'],
    ['y', 'y'],
  ])
})
