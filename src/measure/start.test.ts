import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { model, node, valueInfo, writeModel } from '../graph/build.ts'
import { saveInputs } from './inputs/saved.ts'
import { modelTask } from './plan.ts'
import { startTask } from './start.ts'

const options = {
  threads: 1,
  graphOptimization: 'all',
  executionMode: 'sequential',
  configEntries: {},
  packageFrom: null,
} as const

test('a start has its parts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'whyslow-start-'))
  try {
    const file = join(folder, 'relu.onnx')
    const value = (name: string) => valueInfo(name, 'float32', [1, 2])
    writeFileSync(file, writeModel(model({ nodes: [node('Relu', ['x'], ['y'])], inputs: [value('x')], outputs: [value('y')] })))
    const inputs = saveInputs(folder, [{ x: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, -1) } }])
    const times = await startTask(modelTask('ort-cpu', file, options, inputs))
    expect(times.totalMs).toBeCloseTo(times.loadMs + times.firstMs, 6)
    for (const part of Object.values(times)) expect(part).toBeGreaterThan(0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
