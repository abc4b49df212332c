import { expect, test } from 'vitest'
import { onDemand } from './on-demand.ts'

const sum = async (...terms: number[]): Promise<number> => terms.reduce((total, term) => total + term, 0)

test('the module is loaded by the first call, not before, and gets what the function is given', async () => {
  let loads = 0
  const later = onDemand('sum', async () => {
    loads++
    return { sum }
  })
  expect(loads).toBe(0)
  expect(await later(1, 2, 3)).toBe(6)
  expect(loads).toBe(1)
})

test('a module that cannot be loaded, and a function that fails, fail the call', async () => {
  const missing = onDemand('sum', (): Promise<{ sum: typeof sum }> => Promise.reject(new Error('no such module')))
  await expect(missing(1)).rejects.toThrow('no such module')
  const failing = onDemand('fail', async () => ({ fail: () => Promise.reject(new Error('out of range')) }))
  await expect(failing()).rejects.toThrow('out of range')
})
