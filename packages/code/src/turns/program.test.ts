// A call as `ab` makes it.
import { describe, expect, test } from 'vitest'
import { targetOf } from './contract.ts'
import { stepsOf, wholeCall } from './program.ts'

function call(module: Record<string, unknown>, sample: unknown, named: string | null = null): unknown {
  const target = targetOf(module, named, { single: true })
  return wholeCall(stepsOf(target, target.load?.()))(sample)
}

describe('stages', () => {
  const stages = {
    preprocess: (x: number) => x + 1,
    predict: (x: number) => x * 10,
    postprocess: (y: number) => `${y}`,
  }

  test('follow each other', () => {
    expect(call(stages, 1)).toBe('20')
    const steps = stepsOf(targetOf(stages, null), undefined)
    expect(steps.map(({ name }) => name)).toEqual(['preprocess', 'predict', 'postprocess'])
  })

  test('with a model where there is a load', () => {
    expect(call({ load: () => 7, predict: (model: number, x: number) => model * x }, 3)).toBe(21)
  })

  test('wait for what is promised, and for nothing else', async () => {
    expect(call(stages, 1)).toBe('20')
    const later = { ...stages, preprocess: async (x: number) => x + 1 }
    await expect(call(later, 1)).resolves.toBe('20')
  })
})

test('a module with one function is that function; with several it is a script', () => {
  expect(call({ score: (x: number) => -x }, 2)).toBe(-2)
  for (const module of [{ a: () => 1, b: () => 2 }, { value: 3 }])
    expect(targetOf(module, null, { single: true }).kind).toBe('script')
})
