// Rates of functions on scripted times.
import { expect, test } from 'vitest'
import { readFunctions } from './functions.ts'
import type { FunctionKernel, Kernel } from './kernels.ts'

const kernel = (title: string): Kernel => ({
  title,
  work: 1000,
  model: () => {
    throw new Error('no model is made')
  },
})
const planned = (operator: string): FunctionKernel => ({ operator, kernel: kernel(operator), startedBy: kernel('start') })

test('elements a second of one thread without the start, times the threads', async () => {
  const times: Record<string, readonly number[]> = { start: [1, 2], Exp: [3, 5], Relu: [1.5] }
  const asked: string[] = []
  const sample = async ({ title }: Kernel) => {
    asked.push(title)
    return times[title]!
  }
  const rates = await readFunctions({ plan: [planned('Exp'), planned('Relu')], threads: 2, sample })
  // 2 * 1000 in (3 - 1) ms, and in 0.5 ms
  expect(rates).toEqual({ Exp: 1e6, Relu: 4e6 })
  expect(asked.join(' ')).toBe('start Exp start Relu start Exp start Relu')
})

test('an operator that the engine cannot run, or that takes no longer than its start, has no rate', async () => {
  const sample = async ({ title }: Kernel) => {
    if (title === 'Odd') throw new Error('not implemented')
    return [1]
  }
  expect(await readFunctions({ plan: [planned('Odd'), planned('Flat')], threads: 1, sample })).toEqual({})
})
