import { describe, expect, it } from 'vitest'
import { argmax, samplerOf } from './sampler.ts'

const shares = (sample: (logits: Float32Array) => number, logits: Float32Array, rounds = 4000) => {
  const counts = new Array<number>(logits.length).fill(0)
  for (let k = 0; k < rounds; k++) counts[sample(logits)]! += 1 / rounds
  return counts
}

describe('argmax', () => {
  it('the lowest id of equals, and never NaN', () => {
    expect(argmax(Float32Array.of(1, 3, 3))).toBe(1)
    expect(argmax(Float32Array.of(Number.NaN, -5, -2))).toBe(2)
    expect(argmax(Float32Array.of(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY))).toBe(0)
  })
})

describe('sampling', () => {
  const logits = Float32Array.from([0.1, 0.4, 0.2, 0.3], Math.log)
  const plain = { kind: 'sample', temperature: 1, topK: null, topP: null, seed: 5 } as const
  const near = (found: readonly number[], expected: readonly number[]) => {
    for (const [k, share] of expected.entries()) expect(Math.abs(found[k]! - share)).toBeLessThan(0.04)
  }

  it('draws each id as often as its probability', () => {
    near(shares(samplerOf(plain), logits), [0.1, 0.4, 0.2, 0.3])
  })

  it('temperature 0.5 squares the probabilities', () => {
    near(shares(samplerOf({ ...plain, temperature: 0.5 }), logits), [1 / 30, 16 / 30, 4 / 30, 9 / 30])
  })

  it('top-k and top-p leave the rest out', () => {
    near(shares(samplerOf({ ...plain, topK: 2 }), logits), [0, 4 / 7, 0, 3 / 7])
    // 0.4 and 0.3 are not yet 0.75; with 0.2 they are.
    near(shares(samplerOf({ ...plain, topP: 0.75 }), logits), [0, 4 / 9, 2 / 9, 3 / 9])
    near(shares(samplerOf({ ...plain, topK: 3, topP: 0.4 }), logits), [0, 1, 0, 0])
  })

  it('is greedy at temperature 0', () => {
    expect(shares(samplerOf({ ...plain, temperature: 0 }), logits, 10)[1]).toBeCloseTo(1)
  })
})
