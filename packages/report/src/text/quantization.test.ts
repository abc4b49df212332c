import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ReportDocument } from '../documents/report.ts'
import type { ReportQuantization } from '../documents/report-fix.ts'
import { renderQuantized } from './quantization.ts'

const cnn = JSON.parse(readFileSync(new URL('../../../../fixtures/reports/cnn.json', import.meta.url), 'utf8')) as ReportDocument
type Quantization = ReportQuantization

function rendered(
  otherEngine?: Quantization['otherEngine'],
  fix: ReportDocument['fix'] = cnn.fix ?? null,
  layers: Quantization['layers'] = [],
): string {
  const none = {
    methods: [],
    inputs: 'synthetic' as const,
    sizeBeforeBytes: 1000,
    sizeAfterBytes: null,
    layers,
    notTried: [],
  }
  const quantization = { ...none, ...(otherEngine === undefined ? {} : { otherEngine }) }
  return renderQuantized({ ...cnn, quantization, fix }, { width: 80, colour: false }, { allowSynthetic: false })
}

test('what another engine would give is said, with what to type', () => {
  const change = 'OpenVINO 2026.4.1 in bfloat16 instead of ort-cpu'
  const next = 'whyslow fix m.onnx -o fast/ --max-loss 0.01 --data photos'
  const text = rendered({ change, lookedSpeedup: 1.6666, cosine: 0.99912345, next })
  expect(text.replace(/\s+/g, ' ')).toContain(
    `Another engine: ${change} was 1.67 times as fast in a first look, outputs of cosine 0.999123 with the original's. Next: ${next}`,
  )
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  expect(rendered()).not.toContain('Another engine')
})

test('what the budget left no time for is said, with what gives more', () => {
  const numbers = { before: 1, after: 1, speedup: 1, speedupLow: 1, speedupHigh: 1 }
  const nothing = { ...numbers, goal: 'latency', unit: 'ms', outputs: 'equal', proven: false, kept: [], changes: [] } as const
  const budget = { seconds: 10, predictions: 100, isDefault: false, usedSeconds: 12 }
  const left = { ...nothing, shipped: null, machineBound: false, budget, untried: ['static-quantization'] }
  expect(rendered(undefined, left)).toContain('No time was left for: static-quantization. Give more: --budget 5m')
  expect(rendered(undefined, { ...left, untried: [] })).not.toContain('No time was left')
})

test('times and kernels of layers have no columns where none is known', () => {
  const layer = {
    node: 'Conv_0',
    opType: 'Conv',
    precision: 'static',
    beforeMs: null,
    afterMs: null,
    kernel: null,
    tried: 'static',
    sqnrDb: null,
    reason: null,
  } as const
  const headOf = (...layers: Quantization['layers']) => /^Layer.*/m.exec(rendered(undefined, undefined, layers))![0]
  expect(headOf(layer).trimEnd()).toBe('Layer   operator  now')
  expect(headOf(layer, { ...layer, beforeMs: 2, afterMs: 1, kernel: 'QLinearConv' })).toMatch(/now +float +then +kernel/)
})
