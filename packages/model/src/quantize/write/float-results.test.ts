// Static int8 whose operators give floats: what OpenVINO is given.
import fs from 'node:fs'
import path from 'node:path'
import { floatTensor, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { readTrace } from '@whyslow/measure/engines/onnxruntime/facts/trace.ts'
import { openvino } from '@whyslow/measure/engines/openvino/openvino.ts'
import { availabilityHere, needsEngine } from '@whyslow/measure/support/engines/check-engine.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { bothResults, observedRanges } from '../../../test/support/quantize/write/check-quantize.ts'
import { here } from '../../../test/support/quantize/write/example-options.ts'
import { initializers, make, normals, plain, sqnr } from '../../../test/support/quantize/write/example-static.ts'
import { quantizable } from './quantizable.ts'
import { quantize } from './quantize.ts'

const folder = folderOfTests()

const operators = ({ proto }: Model) => proto.graph!.node.map(({ opType }) => opType)

/** Convolutions and products alone. */
async function quantized(model: Model) {
  const nodes = quantizable(model).filter(({ opType }) => ['Conv', 'Gemm', 'MatMul'].includes(opType))
  const layers = new Map(nodes.map((one) => [one.node, 'static' as const]))
  const ranges = await observedRanges(model, [plain])
  const inputs = new Map([...ranges].filter(([name]) => nodes.some(({ activationsIn }) => activationsIn.includes(name))))
  return quantize(model, { layers, ranges: inputs, options: { ...here, results: 'float' } })
}

const convolutions = make([
  node('Conv', ['x', 'point', 'conv_bias'], ['a']),
  node('Relu', ['a'], ['r']),
  node('Conv', ['r', 'conv'], ['c'], { pads: [1, 1, 1, 1] }),
  node('Sigmoid', ['c'], ['y']),
])

test('convolutions read int8 and give floats, and what is behind them stays, without a range of its own', async () => {
  const { model, skipped } = await quantized(convolutions)
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
  const { model, skipped } = await quantized(product)
  expect(skipped).toEqual([])
  expect(operators(model).filter((one) => !/quantizeLinear$/i.test(one))).toEqual(['MatMul', 'Add', 'Relu'])
  expect(model.proto.graph!.node.every(({ domain }) => domain === '')).toBe(true)
  const [before, after] = await bothResults(product, model, plain)
  expect(sqnr(before.y!.data as Float32Array, after.y!.data as Float32Array)).toBeGreaterThan(30)
})

const availability = await availabilityHere(openvino)

describe.skipIf(!availability.ok)('OpenVINO', needsEngine(availability), () => {
  test('computes the convolutions in int8', async () => {
    const wide = make(
      [
        node('Conv', ['x', 'first', 'bias'], ['a'], { pads: [1, 1, 1, 1] }),
        node('Relu', ['a'], ['r']),
        node('Conv', ['r', 'second', 'bias'], ['y']),
      ],
      {
        outputs: [valueInfo('y', 'float32')],
        initializers: [
          ...initializers,
          floatTensor('first', [32, 4, 3, 3], normals(1152, 0.2)),
          floatTensor('second', [32, 32, 1, 1], normals(1024, 0.2)),
          floatTensor('bias', [32], normals(32)),
        ],
      },
    )
    const kernels = async (model: Model, name: string) => {
      const file = path.join(folder, `${name}.onnx`)
      fs.writeFileSync(file, writeModel(model.proto))
      const session = await openvino.open(file, { ...plainOptions, profilePrefix: path.join(folder, `${name}-`) })
      await session.run(plain)
      const { nodes } = readTrace((await session.endProfiling!())!)
      await session.close()
      return nodes.flatMap(({ provider }) => (/conv/.test(provider) ? [provider] : []))
    }
    expect(await kernels(wide, 'float')).toEqual([expect.stringMatching(/f32$/), expect.stringMatching(/f32$/)])
    const { model } = await quantized(wide)
    expect(await kernels(model, 'int8')).toEqual([expect.stringMatching(/_I8$/), expect.stringMatching(/_I8$/)])
  })
})
