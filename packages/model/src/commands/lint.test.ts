// Lint on a scripted machine: a model that is not quantized costs no measurement; one that is gets its groups with their times.
import path from 'node:path'
import { MODEL, profileOf, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { expect, test } from 'vitest'
import { lint } from './lint.ts'

const QUANTIZED = path.resolve(import.meta.dirname, '../../../../fixtures/models/qdq.onnx')
const times = { QuantizeLinear: 0.2, DequantizeLinear: 0.3, MatMul: 1 }
const tried = { outputs: [{ name: 'y', type: { dtype: 'float32' as const, shape: [1, 16] }, finite: true }] }

test('a float model is answered without a measurement', async () => {
  const trials = scriptedMachine({ latency: () => 1 })
  const found = await lint(MODEL, { trials })
  expect(found).toMatchObject({ measured: null, unfused: [], answer: expect.stringMatching(/not quantized/) })
  expect(trials.asked).toEqual([])
})

test('a group that did not fuse: its condition, what its conversions and its operator take, and the remedy', async () => {
  const trials = scriptedMachine({ latency: () => 2, tried, more: { profile: profileOf(times) } })
  const found = await lint(QUANTIZED, { trials, cache: 'off' })
  const [group] = found.unfused
  expect(group).toMatchObject({ node: 'product', opType: 'MatMul', condition: 'not-known', mend: 'constant-dequantization' })
  // 1 of 2.3 ms as profiled, at the pace of a p50 of 2.
  expect(group!.operatorMs).toBeCloseTo(2 / 2.3, 6)
  expect(group!.conversions).toContain('w/dequantize')
  expect(found.measured).toMatchObject({ p50Ms: 2, syntheticInputs: ['x'] })
})

test('without times of its operators there is nothing to say, and that is said', async () => {
  const trials = scriptedMachine({ latency: () => 2, tried })
  await expect(lint(QUANTIZED, { trials, cache: 'off' })).rejects.toThrow(
    /its operators could not be timed: the profiled run failed/,
  )
})
