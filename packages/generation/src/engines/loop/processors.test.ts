import { describe, expect, test } from 'vitest'
import type { Constraints } from '../../generator.ts'
import { constrainerOf, inTurn, processorOf } from './processors.ts'

const NEVER = Number.NEGATIVE_INFINITY
const NOTHING = { suppressed: [], suppressedFirst: [], forcedFirst: null, forcedLast: [] }

describe('tokens that files forbid or force', () => {
  const after = (given: Partial<Parameters<typeof processorOf>[0]>, made: number, most = 9) => {
    const logits = Float32Array.of(1, 2, 3)
    processorOf({ ...NOTHING, ...given })!(logits, { prompt: [0], made: new Array(made).fill(0), most })
    return [...logits]
  }

  test('never, not first, always first', () => {
    expect(after({ suppressed: [1, 99] }, 5)).toEqual([1, NEVER, 3])
    expect(after({ suppressed: [1], suppressedFirst: [2] }, 0)).toEqual([1, NEVER, NEVER])
    expect(after({ suppressedFirst: [2] }, 1)).toEqual([1, 2, 3])
    expect(after({ suppressed: [0], forcedFirst: 0 }, 0)).toEqual([0, NEVER, NEVER])
    expect(processorOf(NOTHING)).toBeNull()
  })

  test('the last of an answer that is as long as it may be', () => {
    expect(after({ forcedLast: [2] }, 7)).toEqual([1, 2, 3])
    expect(after({ forcedLast: [2] }, 8)).toEqual([NEVER, NEVER, 0])
    expect(after({ forcedLast: [2, 1] }, 8)).toEqual([NEVER, 0, 0])
    expect(after({ forcedFirst: 0, forcedLast: [2] }, 0, 1)).toEqual([NEVER, NEVER, 0])
    expect(after({ forcedLast: [2] }, 8, Number.POSITIVE_INFINITY)).toEqual([1, 2, 3])
  })
})

describe('tokens that those before forbid', () => {
  const forbidden = (constraints: Constraints, prompt: readonly number[], made: readonly number[] = []) => {
    const logits = new Float32Array(10)
    constrainerOf(constraints, [9])!(logits, { prompt, made, most: 20 })
    return [...logits.keys()].filter((id) => logits[id] === NEVER)
  }

  test('what followed the same tokens before, in the prompt as well', () => {
    expect(forbidden({ noRepeatNgram: 3 }, [1, 2, 3, 1, 2, 4], [1, 2])).toEqual([3, 4])
    expect(forbidden({ noRepeatNgram: 3 }, [1, 2, 3, 4])).toEqual([])
    expect(forbidden({ noRepeatNgram: 1 }, [1, 2], [5])).toEqual([1, 2, 5])
    expect(forbidden({ noRepeatNgram: 2 }, [7, 7])).toEqual([7])
    expect(forbidden({ noRepeatNgram: 4 }, [1, 2])).toEqual([])
  })

  test('an end before there are enough tokens', () => {
    expect(forbidden({ minNewTokens: 2 }, [1, 1, 1], [1])).toEqual([9])
    expect(forbidden({ minNewTokens: 2 }, [1], [1, 1])).toEqual([])
    expect([constrainerOf({ noRepeatNgram: 0, minNewTokens: 0 }, [9]), constrainerOf({ minNewTokens: 3 }, [])]).toEqual([
      null,
      null,
    ])
  })
})

test('one after the other, or none', () => {
  expect(inTurn(null, null)).toBeNull()
  const logits = Float32Array.of(0)
  const add = (value: number) => (one: Float32Array) => {
    one[0] = one[0]! * 10 + value
  }
  inTurn(add(1), null, add(2))!(logits, { prompt: [], made: [], most: 1 })
  expect(logits[0]).toBe(12)
})
