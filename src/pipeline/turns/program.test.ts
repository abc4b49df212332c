// The contract of a module, in the forms that it is written in.
import { describe, expect, test } from 'vitest'
import { programOf, wholeCall } from './program.ts'

function call(module: Record<string, unknown>, sample: unknown, named: string | null = null): unknown {
  const program = programOf(module, named)!
  if (program.load !== null) program.setModel(program.load())
  return wholeCall(program)(sample)
}

describe('stages', () => {
  const stages = {
    preprocess: (x: number) => x + 1,
    predict: (x: number) => x * 10,
    postprocess: (y: number) => `${y}`,
  }

  test('follow each other', () => {
    expect(call(stages, 1)).toBe('20')
    expect(programOf(stages, null)!.stages.map(({ name }) => name)).toEqual(['preprocess', 'predict', 'postprocess'])
  })

  test('with a model where there is a load', () => {
    expect(call({ load: () => 7, predict: (model: number, x: number) => model * x }, 3)).toBe(21)
  })

  test('as methods of a default export, which keep what they belong to', () => {
    const whole = {
      factor: 5,
      predict(x: number) {
        return this.factor * x
      },
    }
    expect(call({ default: whole }, 3)).toBe(15)
  })

  test('wait for what is promised, and for nothing else', async () => {
    expect(wholeCall(programOf(stages, null)!)(1)).toBe('20')
    const later = { ...stages, preprocess: async (x: number) => x + 1 }
    await expect(call(later, 1)).resolves.toBe('20')
  })
})

test('a module with one function is that function; with several it is a script', () => {
  expect(call({ score: (x: number) => -x }, 2)).toBe(-2)
  expect(programOf({ a: () => 1, b: () => 2 }, null)).toBeNull()
  expect(programOf({ value: 3 }, null)).toBeNull()
})

test('another function is called by its name; a wrong name lists the others', () => {
  const module = { score: (x: number) => -x, other: () => 0 }
  expect(call(module, 2, 'score')).toBe(-2)
  expect(() => programOf(module, 'sore')).toThrow('no function sore; it has score, other')
})

test('a function of several parameters takes the members of its sample', () => {
  expect(call({ predict: (a: number, b: number) => a - b }, { first: 5, second: 3 })).toBe(2)
  expect(call({ predict: (a: number, b: number) => a - b }, [5, 3])).toBe(2)
})
