import { expect, test } from 'vitest'
import { batchesOf, feedsOf, positionsOf, specialTokensOf, truncateIds } from './batches.ts'

test('batches as the texts come, and by length', () => {
  const lengths = [9, 2, 7, 2, 5]
  expect(batchesOf(lengths, 2, 'given')).toEqual([[0, 1], [2, 3], [4]])
  expect(batchesOf(lengths, 2, 'sorted')).toEqual([[1, 3], [4, 2], [0]])
  // 2 × 9 + 2 × 7 + 5; 2 × 2 + 2 × 7 + 9; five of 10.
  expect(positionsOf(batchesOf(lengths, 2, 'given'), lengths, null)).toBe(37)
  expect(positionsOf(batchesOf(lengths, 2, 'sorted'), lengths, null)).toBe(27)
  expect(positionsOf(batchesOf(lengths, 2, 'given'), lengths, 10)).toBe(50)
})

test('a text that is cut keeps the special tokens at its end', () => {
  const special = specialTokensOf([101, 7, 102], [7])
  expect(special).toEqual({ before: [101], after: [102] })
  expect(truncateIds([101, 1, 2, 3, 4, 102], 4, special)).toEqual([101, 1, 2, 102])
  expect(truncateIds([101, 1, 102], 4, special)).toEqual([101, 1, 102])
  expect(truncateIds([101, 1, 2, 102], null, special)).toEqual([101, 1, 2, 102])
  expect(truncateIds([101, 1, 102], 1, special)).toEqual([102])
  expect(specialTokensOf([7], [7])).toEqual({ before: [], after: [] })
})

test('feeds padded at the right, or at the left with positions from 0', () => {
  const int64 = (name: string) => ({ name, dtype: 'int64' as const })
  const right = feedsOf([[5, 6], [7]], 3, {
    inputs: { ids: int64('input_ids'), mask: int64('attention_mask'), types: int64('token_type_ids') },
    emptyCaches: [],
    padding: { id: 1, side: 'right' },
  })
  expect(right).toEqual({
    input_ids: { dtype: 'int64', shape: [2, 3], data: BigInt64Array.of(5n, 6n, 1n, 7n, 1n, 1n) },
    attention_mask: { dtype: 'int64', shape: [2, 3], data: BigInt64Array.of(1n, 1n, 0n, 1n, 0n, 0n) },
    token_type_ids: { dtype: 'int64', shape: [2, 3], data: new BigInt64Array(6) },
  })
  const left = feedsOf([[5, 6], [7]], 3, {
    inputs: { ids: { name: 'ids', dtype: 'int32' }, positions: { name: 'position_ids', dtype: 'int32' } },
    emptyCaches: [{ name: 'past', dtype: 'float32', shape: [1, 2, 0, 8] }],
    padding: { id: 0, side: 'left' },
  })
  expect(left).toEqual({
    ids: { dtype: 'int32', shape: [2, 3], data: Int32Array.of(0, 5, 6, 0, 0, 7) },
    position_ids: { dtype: 'int32', shape: [2, 3], data: Int32Array.of(0, 0, 1, 0, 0, 0) },
    past: { dtype: 'float32', shape: [2, 2, 0, 8], data: new Float32Array(0) },
  })
})
