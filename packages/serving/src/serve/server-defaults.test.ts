import { expect, test } from 'vitest'
import { usualQueue } from './server-defaults.ts'

test('a queue holds two batches for each worker, and 32 requests at least', () => {
  expect([usualQueue(2, 1), usualQueue(2, 8), usualQueue(2, 32), usualQueue(3, 'auto')]).toEqual([64, 64, 128, 192])
})
