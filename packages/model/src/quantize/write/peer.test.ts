// Beside Python's onnxruntime.quantization: with the same layers and options, the same weights, scales and zero points, bit for bit.
// fixtures/quantize/make.py made both sides' input and the peer's results.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { constantsOf, readBytes } from '@whyslow/graph/constants.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { describe, expect, test } from 'vitest'
import { DEFAULT_QUANTIZE_OPTIONS, type Precision, type QuantizeOptions } from './choice.ts'
import { quantizableNodes } from './quantizable.ts'
import { quantize } from './quantize.ts'

const FOLDER = new URL('../../../../../fixtures/quantize/', import.meta.url)
const read = (name: string): Promise<Model> => readOnnx(fileURLToPath(new URL(`${name}.onnx`, FOLDER)))
const saw = JSON.parse(readFileSync(new URL('ranges.json', FOLDER), 'utf8')) as Record<string, [number, number]>
const ranges = new Map(Object.entries(saw).map(([name, [low, high]]) => [name, { low, high }]))

async function quantized(name: string, precision: Precision, options: Partial<QuantizeOptions>, opTypes: readonly string[]) {
  const model = await read(name)
  const able = quantizableNodes(model).filter(
    ({ precisions, opType }) => precisions.includes(precision) && opTypes.includes(opType),
  )
  const layers = new Map(able.map(({ node }) => [node, precision]))
  const { model: after, skipped } = quantize(model, { layers, ranges, options: { ...DEFAULT_QUANTIZE_OPTIONS, ...options } })
  expect(skipped).toEqual([])
  return after
}

/** Type, shape and bytes of every constant, by name. */
function constantsByName(model: Model): ReadonlyMap<string, string> {
  return new Map(
    constantsOf(model).map((one) => [
      one.name,
      `${one.dtype} ${one.elementCount} ${Buffer.from(readBytes(model, one)).toString('hex')}`,
    ]),
  )
}

/** Every constant of the peer's whose name ends so is ours too, but for `missing`. */
function expectSame(ours: Model, theirs: Model, suffixes: RegExp, missing: readonly string[] = []): void {
  const [a, b] = [constantsByName(ours), constantsByName(theirs)]
  const names = [...b.keys()].filter((name) => suffixes.test(name) && !missing.includes(name))
  expect(names.length).toBeGreaterThan(3)
  expect(names.map((name) => `${name} ${a.get(name)}`)).toEqual(names.map((name) => `${name} ${b.get(name)}`))
}

const QDQ = /(_quantized|_scale|_zero_point)$/
const CNN = ['Conv', 'MaxPool', 'Add', 'Concat', 'GlobalAveragePool', 'Flatten', 'Gemm', 'Sigmoid']

const STATIC: readonly (readonly [string, Partial<QuantizeOptions>])[] = [
  ['static-u8s8', {}],
  ['static-s8s8', { activations: 'int8', activationsSymmetric: true }],
  ['static-u8u8', { weights: 'uint8', weightsSymmetric: false, perChannel: false }],
  ['static-7bit', { reduceRange: true }],
]
const DYNAMIC: readonly (readonly [string, Partial<QuantizeOptions>])[] = [
  ['dynamic-s8', {}],
  ['dynamic-s8-tensor', { perChannel: false }],
  ['dynamic-u8', { weights: 'uint8', weightsSymmetric: false }],
  ['dynamic-7bit', { reduceRange: true }],
]
const BLOCKS: readonly (readonly [string, Precision, boolean])[] = [
  ['blocks4-symmetric', 'weights4', true],
  ['blocks4-asymmetric', 'weights4', false],
  ['blocks8-symmetric', 'weights8', true],
  ['blocks8-asymmetric', 'weights8', false],
]

describe('equal to the peer', () => {
  test.each(STATIC)('%s', async (name, options) => {
    const ours = await quantized('convolutional', 'static', options, CNN)
    // The last product gives floats by itself; the peer quantizes them once more.
    expectSame(ours, await read(name), QDQ, ['y_scale', 'y_zero_point'])
  })

  test.each(DYNAMIC)('%s', async (name, options) => {
    expectSame(await quantized('sequential', 'dynamic', options, ['MatMul', 'Gemm', 'LSTM']), await read(name), QDQ)
  })

  test.each(BLOCKS)('%s', async (name, precision, blockSymmetric) => {
    const ours = await quantized('sequential', precision, { blockSize: 16, blockSymmetric }, ['MatMul'])
    expectSame(ours, await read(name), /(_Q4|_Q8|_scales|_zero_points)$/)
  })
})
