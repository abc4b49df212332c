import { expect, test } from 'vitest'
import { checkedShape } from './protocol.ts'

test('a shape holds no more elements than the request has bytes for, and beside a zero no sizes without bound', () => {
  expect(checkedShape([2, 50], 'x', 100)).toEqual([2, 50])
  // No picture, of the size that pictures have.
  expect(checkedShape([0, 3, 224, 224], 'x', 100)).toEqual([0, 3, 224, 224])
  for (const shape of [
    [2, 51],
    [0, 1_000_000_000],
    [2 ** 50, 0],
  ])
    expect(() => checkedShape(shape, 'x', 100)).toThrow(expect.objectContaining({ status: 413 }))
})
