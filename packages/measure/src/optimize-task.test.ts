import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { floatTensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { ModelProtoSchema } from 'onnx-buf'
import { beforeAll, expect, test } from 'vitest'
import { plainOptions } from '../test/support/engines/example-options.ts'
import { folderOfTests } from '../test/support/trials/example-folder.ts'
import { optimizeTask } from './optimize-task.ts'
import { modelTask } from './trials/model-task.ts'

const folder = folderOfTests()
const file = join(folder, 'model.onnx')
beforeAll(() => {
  // The engine folds the sum of the two constants at every level but 'disabled'.
  const proto = model({
    nodes: [node('Add', ['a', 'b'], ['c']), node('Mul', ['x', 'c'], ['y'])],
    inputs: [valueInfo('x', 'float32', [1, 2])],
    outputs: [valueInfo('y', 'float32', [1, 2])],
    initializers: [floatTensor('a', [2], [1, 2]), floatTensor('b', [2], [3, 4])],
  })
  writeFileSync(file, writeModel(proto))
})

test.each([
  ['disabled', ['Add', 'Mul']],
  ['basic', ['Mul']],
] as const)('the graph as the engine runs it: %s', async (level, operators) => {
  const optimizedModelPath = join(folder, `${level}.onnx`)
  const task = { ...modelTask('ort-cpu', file, { ...plainOptions, graphOptimization: level }, ''), optimizedModelPath }
  expect(await optimizeTask.run(task)).toBeNull()
  const { graph } = fromBinary(ModelProtoSchema, readFileSync(optimizedModelPath))
  expect(graph!.node.map(({ opType }) => opType)).toEqual(operators)
})

test('a model that the engine refuses is an error, and nothing is written', async () => {
  const bad = join(folder, 'bad.onnx')
  writeFileSync(bad, 'no model')
  const optimizedModelPath = join(folder, 'none.onnx')
  await expect(optimizeTask.run({ ...modelTask('ort-cpu', bad, plainOptions, ''), optimizedModelPath })).rejects.toThrow()
  expect(() => readFileSync(optimizedModelPath)).toThrow('ENOENT')
})
