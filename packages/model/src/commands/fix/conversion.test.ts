import { describe, expect, test } from 'vitest'
import type { OtherEngine } from '../../evidence/evidence.ts'
import { conversionRow } from './conversion.ts'

const other = (id: string, ratio: number, rest: Partial<OtherEngine> = {}): OtherEngine => ({
  ...{ id, device: 'cpu', software: false, p50Ms: 2 * ratio, ratio, ratioLow: ratio * 0.9, ratioHigh: ratio * 1.1, rounds: 5 },
  ...rest,
})
const rowOf = (ratio: number) => conversionRow(other('litert', ratio, { runtime: 'LiteRT' }), 'ort-cpu', null)

describe('the row of the conversion', () => {
  test('is the runtime of the file’s owner over the engine in use', () => {
    expect(rowOf(4)).toMatchObject({
      ...{ remedies: ['conversion'], outcome: 'faster', kept: true, reason: null },
      ...{ beforeMs: 8, afterMs: 2, speedup: 4, pairs: 5 },
      changes: ['the model converted to ONNX for ort-cpu, instead of LiteRT with the file unchanged'],
    })
  })

  test('says so where the runtime is no slower', () => {
    const reason = 'LiteRT is at least as fast with the file unchanged'
    expect(rowOf(0.5)).toMatchObject({ outcome: 'slower', reason })
    expect(rowOf(1)).toMatchObject({ outcome: 'no-difference', reason })
  })
})
