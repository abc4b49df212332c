import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { floatTensor, model, node, valueInfo, writeModel } from '../graph/build.ts'
import { optimizeTask } from './optimize-task.ts'
import { modelTask } from './plan.ts'

let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-optimize-'))
  file = join(folder, 'model.onnx')
  // The engine folds the sum of the two constants at every level but 'disabled'.
  const proto = model({
    nodes: [node('Add', ['a', 'b'], ['c']), node('Mul', ['x', 'c'], ['y'])],
    inputs: [valueInfo('x', 'float32', [1, 2])],
    outputs: [valueInfo('y', 'float32', [1, 2])],
    initializers: [floatTensor('a', [2], [1, 2]), floatTensor('b', [2], [3, 4])],
  })
  writeFileSync(file, writeModel(proto))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const options = (graphOptimization: 'disabled' | 'basic') =>
  ({ threads: 1, graphOptimization, executionMode: 'sequential', configEntries: {}, packageFrom: null }) as const

test.each([
  ['disabled', ['Add', 'Mul']],
  ['basic', ['Mul']],
] as const)('the graph as the engine runs it: %s', async (level, operators) => {
  const optimizedModelPath = join(folder, `${level}.onnx`)
  const task = { ...modelTask('ort-cpu', file, options(level), ''), optimizedModelPath }
  expect(await optimizeTask(task)).toBeNull()
  const { graph } = fromBinary(ModelProtoSchema, readFileSync(optimizedModelPath))
  expect(graph!.node.map(({ opType }) => opType)).toEqual(operators)
})

test('a model that the engine refuses is an error, and nothing is written', async () => {
  const bad = join(folder, 'bad.onnx')
  writeFileSync(bad, 'no model')
  const optimizedModelPath = join(folder, 'none.onnx')
  await expect(optimizeTask({ ...modelTask('ort-cpu', bad, options('basic'), ''), optimizedModelPath })).rejects.toThrow()
  expect(() => readFileSync(optimizedModelPath)).toThrow('ENOENT')
})
