import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plainOptions } from '../../engines/example-options.ts'
import { model, node, valueInfo, writeModel } from '../../graph/build.ts'
import { folderOfTests } from '../../trials/example-folder.ts'
import { modelTask } from '../../trials/model-task.ts'
import { saveInputs } from '../samples/saved.ts'
import { startTask } from './start.ts'

const folder = folderOfTests()

test('a start has its parts', async () => {
  const file = join(folder, 'relu.onnx')
  const value = (name: string) => valueInfo(name, 'float32', [1, 2])
  writeFileSync(file, writeModel(model({ nodes: [node('Relu', ['x'], ['y'])], inputs: [value('x')], outputs: [value('y')] })))
  const inputs = saveInputs(folder, [{ x: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, -1) } }])
  const times = await startTask.run(modelTask('ort-cpu', file, plainOptions, inputs))
  expect(times.totalMs).toBeCloseTo(times.loadMs + times.firstMs, 6)
  for (const part of Object.values(times)) expect(part).toBeGreaterThan(0)
})
