import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { model, node, valueInfo, writeModel } from '../graph/build.ts'
import { saveInputs } from './inputs/saved.ts'
import { modelTask } from './plan.ts'
import { measurePairedStart, startTask } from './start.ts'
import type { ModelTask, StartTimes } from './tasks.ts'
import type { Trial } from './types.ts'

const options = {
  threads: 1,
  graphOptimization: 'all',
  executionMode: 'sequential',
  configEntries: {},
  packageFrom: null,
} as const
const base = modelTask('ort-cpu', 'base.onnx', options, '')
const changed = modelTask('ort-cpu', 'changed.onnx', options, '')
const limits = { timeMs: 1, memoryBytes: null }

/** Gives the next of each side's totals, and remembers who was asked. */
function scripted(totals: Readonly<Record<string, readonly number[]>>) {
  const asked: string[] = []
  const measure = async ({ modelFile }: ModelTask): Promise<Trial<StartTimes>> => {
    const turn = asked.filter((name) => name === modelFile).length
    asked.push(modelFile)
    const totalMs = totals[modelFile]![turn]
    if (totalMs === undefined) return { outcome: 'crashed', reason: 'gone' }
    return { outcome: 'measured', value: { importMs: 50, loadMs: totalMs - 1, firstMs: 1, totalMs } }
  }
  return { asked, measure }
}

test('pairs alternate after one start of each that does not count', async () => {
  // The first of each (900, 800) is the cold one. Ratios: 5/10, 8/20, 6/10: median 0.5.
  const { asked, measure } = scripted({ 'base.onnx': [900, 10, 20, 10], 'changed.onnx': [800, 5, 8, 6] })
  const result = await measurePairedStart(base, changed, 3, limits, measure)
  expect(asked.map((name) => name[0]).join('')).toBe('bcbccbbc')
  expect(result).toMatchObject({
    outcome: 'measured',
    value: { base: { totalMs: 10, loadMs: 9, importMs: 50 }, changed: { totalMs: 6 }, ratio: 0.5, pairs: 3 },
  })
  const { ratioLow, ratioHigh } = (result as { value: { ratioLow: number; ratioHigh: number } }).value
  // Logarithms -0.693, -0.916, -0.511: mean -0.707, standard error 0.117, t 4.303: e^(-0.707 +- 0.504).
  expect(ratioLow).toBeCloseTo(0.298, 2)
  expect(ratioHigh).toBeCloseTo(0.816, 2)
})

test('a side that cannot start is the answer', async () => {
  const { measure } = scripted({ 'base.onnx': [1, 1], 'changed.onnx': [1] })
  expect(await measurePairedStart(base, changed, 2, limits, measure)).toEqual({ outcome: 'crashed', reason: 'gone' })
})

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
