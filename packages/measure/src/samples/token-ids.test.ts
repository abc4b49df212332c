import { mulberry32 } from '@whyslow/graph/random.ts'
import { expect, it } from 'vitest'
import type { ResolvedInput } from './resolved.ts'
import { drawTokens, textLengths, tokensOf } from './token-ids.ts'

const input = (shape: readonly number[], given: Partial<ResolvedInput> = {}): ResolvedInput => ({
  name: 'input_ids',
  dtype: 'int64',
  shape,
  assumed: [],
  freeAxes: [],
  rankIsFree: false,
  ...given,
})

it('frequent ids are small, and the tail is long', () => {
  const ids = drawTokens(tokensOf(input([1, 4000]), 20000), { rows: 1, length: 4000, lengths: null }, mulberry32(1))
  expect(ids.every((id) => id >= 1 && id < 20000)).toBe(true)
  // A uniform draw has 1 % below 200, a natural text about half.
  const frequent = ids.filter((id) => id < 200).length / ids.length
  expect(frequent).toBeGreaterThan(0.35)
  expect(frequent).toBeLessThan(0.65)
  expect(Math.max(...ids)).toBeGreaterThan(15000)
})
it('a known vocabulary has its special tokens around each text, and its padding behind', () => {
  const content = tokensOf(input([2, 20]), 30522)
  expect(content.isPadded).toBe(true)
  const ids = drawTokens(content, { rows: 2, length: 20, lengths: [20, 7] }, mulberry32(1))
  expect([ids[0], ids[19], ids[20], ids[26]]).toEqual([101, 102, 101, 102])
  expect(ids.slice(27)).toEqual(Array(13).fill(0))
  expect(ids.slice(1, 19).every((id) => id >= 1000)).toBe(true)
})
it('sentences of a tokenizer are taken whole, one after another; a free axis is not padded', () => {
  const tokens = { sentences: [[5, 6, 7]], begin: [2], end: [], padding: 9, file: 'vocab.txt' }
  const free = { axis: 1, symbol: null, meaning: 'sequence', from: 'guess' } as const
  const content = tokensOf(input([1, 8], { known: { tokens }, freeAxes: [free] }), 100)
  expect([content.isPadded, content.likeness.of]).toEqual([false, 'sentences'])
  expect(content.likeness.why).toContain('vocab.txt')
  expect(drawTokens(content, { rows: 1, length: 8, lengths: null }, mulberry32(1))).toEqual([2, 5, 6, 7, 5, 6, 7, 5])
})
it('sentences whose ids are not all below the bound are not taken', () => {
  const tokens = { sentences: [[5, 6], [7]], begin: [2], end: [], padding: 9, file: 'vocab.txt' }
  const contentBelow = (below: number) => tokensOf(input([1, 8], { known: { tokens } }), below)
  expect([10, 9, 7].map((below) => contentBelow(below).sentences === null)).toEqual([false, true, true])
  expect(contentBelow(9).likeness).toMatchObject({ of: 'ids' })
})
it('textLengths: some fill the axis, none is empty, and the same seed gives the same', () => {
  const lengths = textLengths(200, 64, 5)
  expect(lengths.filter((length) => length === 64).length).toBeGreaterThan(70)
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(12)
  expect(textLengths(200, 64, 5)).toEqual(lengths)
})
it('without a table nobody says that there is one, and the ids are called made up', () => {
  const { likeness, below } = tokensOf(input([1, 8]), null)
  expect([likeness.of, below]).toEqual(['noise', 100])
  expect(likeness.why).toBe('Whole numbers, and nothing in the model says which: ids below 100, small ones frequent.')
})
