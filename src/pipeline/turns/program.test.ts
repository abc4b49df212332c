// A call as `ab` makes it.
import { describe, expect, test } from 'vitest'
import { programOf, wholeCall } from './program.ts'

function call(module: Record<string, unknown>, sample: unknown, named: string | null = null): unknown {
  const program = programOf(module, named, 'app.mjs')!
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
    expect(programOf(stages, null, 'app.mjs')!.stages.map(({ name }) => name)).toEqual(['preprocess', 'predict', 'postprocess'])
  })

  test('with a model where there is a load', () => {
    expect(call({ load: () => 7, predict: (model: number, x: number) => model * x }, 3)).toBe(21)
  })

  test('wait for what is promised, and for nothing else', async () => {
    expect(wholeCall(programOf(stages, null, 'app.mjs')!)(1)).toBe('20')
    const later = { ...stages, preprocess: async (x: number) => x + 1 }
    await expect(call(later, 1)).resolves.toBe('20')
  })
})

test('a module with one function is that function; with several it is a script', () => {
  expect(call({ score: (x: number) => -x }, 2)).toBe(-2)
  expect(programOf({ a: () => 1, b: () => 2 }, null, 'app.mjs')).toBeNull()
  expect(programOf({ value: 3 }, null, 'app.mjs')).toBeNull()
})

test('samples are a function or what it would give', () => {
  const predict = (x: number) => x
  expect(programOf({ predict, samples: [1, 2] }, null, 'app.mjs')!.samples!()).toEqual([1, 2])
  expect(programOf({ predict, samples: () => [3] }, null, 'app.mjs')!.samples!()).toEqual([3])
  expect(programOf({ predict }, null, 'app.mjs')!.samples).toBeNull()
})
