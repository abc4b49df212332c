import { expect, test } from 'vitest'
import { InputError } from './input-error.ts'

test('what to do follows the problem, which is there apart', () => {
  const { message, problem, cause } = new InputError('--max-batch 8: rows\nknow of each other', {
    advice: 'leave it out',
    cause: 1,
  })
  expect({ message, problem, cause }).toEqual({
    message: '--max-batch 8: rows know of each other; leave it out',
    problem: '--max-batch 8: rows know of each other',
    cause: 1,
  })
  expect(new InputError('no such file').problem).toBe('no such file')
})
