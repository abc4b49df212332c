// What tokenizers give, read as rows, and put back into the same containers.
import { expect, test } from 'vitest'
import { inPlaceOf, rowsOf } from './token-ids.ts'

const wide = BigInt64Array.of(5n, 6n)

test.each<[string, unknown, number, unknown]>([
  ['numbers', [5, 6], 1, [{ ids: [5, 6] }]],
  ['a typed array', Int32Array.of(5, 6), 1, [{ ids: [5, 6] }]],
  ['integers of 64 bits', wide, 1, [{ ids: [5, 6] }]],
  ['tokens', ['a', '##b'], 1, [{ tokens: ['a', '##b'] }]],
  ['a batch', [[5], [6, 7]], 2, [{ ids: [5] }, { ids: [6, 7] }]],
  ['a batch of one', [[5, 6]], 1, [{ ids: [5, 6] }]],
  ['members', { input_ids: [5], attention_mask: [1] }, 1, [{ ids: [5], mask: [1] }]],
  ['several objects', [{ inputIds: [5] }, { inputIds: [6] }], 2, [{ ids: [5] }, { ids: [6] }]],
])('%s', (_, value, count, rows) => {
  expect(rowsOf(value, count)).toEqual(rows)
  expect(inPlaceOf(value, rowsOf(value, count)!)).toEqual(value)
})

test('a tensor is its data, row by row', () => {
  const tensor = { type: 'int64', data: BigInt64Array.of(5n, 6n, 7n, 0n), dims: [2, 2] }
  const value = { input_ids: tensor, token_type_ids: tensor }
  const rows = rowsOf(value, 2)!
  expect(rows).toEqual([
    { ids: [5, 6], types: [5, 6] },
    { ids: [7, 0], types: [7, 0] },
  ])
  expect(inPlaceOf(value, rows)).toEqual({ input_ids: tensor.data, token_type_ids: tensor.data })
})

test.each<[string, unknown, number]>([
  ['a text', 'ids', 1],
  ['nothing', undefined, 1],
  ['numbers that are no ids', [0.5], 1],
  ['one list for two texts', [5, 6], 2],
  ['a member that is none of them', { input_ids: [5], label: 1 }, 1],
  ['a mask alone', { attention_mask: [1] }, 1],
])('%s is no ids', (_, value, count) => {
  expect(rowsOf(value, count)).toBeNull()
})
