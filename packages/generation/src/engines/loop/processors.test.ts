import { expect, test } from 'vitest'
import { processorOf } from './processors.ts'

const after = (given: Partial<Parameters<typeof processorOf>[0]>, made: number) => {
  const logits = Float32Array.of(1, 2, 3)
  processorOf({ suppressed: [], suppressedFirst: [], forcedFirst: null, ...given })!(logits, made)
  return [...logits]
}
const NEVER = Number.NEGATIVE_INFINITY

test('tokens that are never chosen, not first, and always first', () => {
  expect(after({ suppressed: [1, 99] }, 5)).toEqual([1, NEVER, 3])
  expect(after({ suppressed: [1], suppressedFirst: [2] }, 0)).toEqual([1, NEVER, NEVER])
  expect(after({ suppressedFirst: [2] }, 1)).toEqual([1, 2, 3])
  expect(after({ suppressed: [0], forcedFirst: 0 }, 0)).toEqual([0, NEVER, NEVER])
  expect(processorOf({ suppressed: [], suppressedFirst: [], forcedFirst: null })).toBeNull()
})
