import { mulberry32 } from '@whyslow/graph/random.ts'
import { describe, expect, it } from 'vitest'
import { argmax, isGreedy, samplerOf } from './sampler.ts'

const shares = (sample: (logits: Float32Array) => number, logits: Float32Array, rounds = 4000) => {
  const counts = new Array<number>(logits.length).fill(0)
  for (let k = 0; k < rounds; k++) counts[sample(logits)]! += 1 / rounds
  return counts
}

/** Everything sorted, as a nucleus is defined. */
function sortedDraw(logits: Float32Array, { topP, temperature }: { topP: number; temperature: number }, chance: number): number {
  const ids = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b)
  const weights = ids.map((id) => Math.exp((logits[id]! - logits[ids[0]!]!) / temperature))
  const wanted = topP * weights.reduce((sum, weight) => sum + weight, 0)
  let [kept, total] = [0, 0]
  while (kept < ids.length && total < wanted) total += weights[kept++]!
  let left = chance * total
  for (let k = 0; k < kept; k++) {
    left -= weights[k]!
    if (left < 0) return ids[k]!
  }
  return ids[kept - 1]!
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

  it('min-p leaves out what is less than a share of the best, after top-p', () => {
    near(shares(samplerOf({ ...plain, minP: 0.6 }), logits), [0, 4 / 7, 0, 3 / 7])
    near(shares(samplerOf({ ...plain, minP: 0.4 }), logits), [0, 4 / 9, 2 / 9, 3 / 9])
    near(shares(samplerOf({ ...plain, minP: 0.4, topP: 0.5 }), logits), [0, 4 / 7, 0, 3 / 7])
    near(shares(samplerOf({ ...plain, minP: 0.6, topK: 3 }), logits), [0, 4 / 7, 0, 3 / 7])
    near(shares(samplerOf({ ...plain, minP: 1 }), logits), [0, 1, 0, 0])
  })

  it('penalties make what is there already less probable, at temperature 0, too', () => {
    const sampling = { ...plain, temperature: 0, penalties: { repetition: 1, presence: 0, frequency: 1 } }
    const sample = samplerOf(sampling)
    expect(Array.from({ length: 4 }, () => sample(logits.slice()))).toEqual([1, 3, 2, 1])
    expect([isGreedy(sampling), isGreedy({ ...plain, temperature: 0 }), isGreedy(plain)]).toEqual([false, true, false])
    expect(
      samplerOf({ ...sampling, penalties: { repetition: 2, presence: 0, frequency: 0 } }, [1])(Float32Array.of(1, 3, 2)),
    ).toBe(2)
  })

  it('draws what a nucleus of all ids sorted gives, for the same seed', () => {
    const random = mulberry32(7)
    const shapes = [
      (_: number) => random() * 12,
      () => Math.floor(random() * 6),
      () => random() * 1e-4,
      (id: number) => (id % 3 === 0 ? Number.NEGATIVE_INFINITY : -Math.log(id + 1)),
      (id: number) => (id === 500 ? 900 : random()),
    ]
    for (const shape of shapes) {
      const many = Float32Array.from({ length: 1000 }, (_, id) => shape(id))
      for (const topP of [0.05, 0.5, 0.9, 0.999])
        for (const temperature of [0.3, 1, 2]) {
          const [sample, chance] = [samplerOf({ ...plain, topP, temperature }), mulberry32(plain.seed)]
          for (let k = 0; k < 20; k++) expect(sample(many)).toBe(sortedDraw(many, { topP, temperature }, chance()))
        }
    }
  })

  it('a top-p of 1 leaves nothing out, and draws as without', () => {
    near(shares(samplerOf({ ...plain, topP: 1 }), logits), [0.1, 0.4, 0.2, 0.3])
    const [one, none] = [samplerOf({ ...plain, topP: 1 }), samplerOf(plain)]
    for (let k = 0; k < 100; k++) expect(one(logits)).toBe(none(logits))
  })

  it('a top-k of many is the best of all sorted', () => {
    const rising = Float32Array.from({ length: 2000 }, (_, id) => id / 1000)
    const sample = samplerOf({ ...plain, topK: 300 })
    for (let k = 0; k < 500; k++) expect(sample(rising)).toBeGreaterThanOrEqual(1700)
  })

  it('never draws NaN, and the best of nothing finite is the first', () => {
    const broken = Float32Array.of(Number.NaN, 1, Number.NaN)
    for (const topP of [null, 0.9]) expect(samplerOf({ ...plain, topP })(broken)).toBe(1)
    expect(samplerOf(plain)(Float32Array.of(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY))).toBe(0)
  })

  it('is greedy at temperature 0', () => {
    expect(shares(samplerOf({ ...plain, temperature: 0 }), logits, 10)[1]).toBeCloseTo(1)
  })
})
