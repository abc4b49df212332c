import { expect, test } from 'vitest'
import { applyTransforms } from './transform.ts'
import type { Transform } from './types.ts'

const run = (transform: Transform, ...margin: number[]) => [...applyTransforms([transform], Float64Array.from(margin))]

test.each<[Transform, number[], number[]]>([
  [{ kind: 'logistic', precision: 'float64', slope: 2 }, [0, 1], [0.5, 1 / (1 + Math.exp(-2))]],
  [
    { kind: 'logistic', precision: 'float32', slope: 1 },
    [0, -1000],
    [0.5, Math.fround(1 / Math.fround(Math.exp(Math.fround(88.7))))],
  ],
  [{ kind: 'pair', precision: 'float64' }, [0.25], [0.75, 0.25]],
  [{ kind: 'softmax', precision: 'float64' }, [1000, 1000], [0.5, 0.5]],
  [{ kind: 'softmax', precision: 'float32' }, [0, Math.log(3)], [0.25, 0.75]],
  [{ kind: 'exp', precision: 'float32' }, [1], [Math.fround(Math.E)]],
  [{ kind: 'log1p-exp', precision: 'float64' }, [0], [Math.LN2]],
  [{ kind: 'signed-square' }, [-3, 2], [-9, 4]],
  [{ kind: 'step' }, [0, 1e-30, -1], [0, 1, 0]],
  [{ kind: 'arg-max' }, [1, 5, 5], [1]],
  [{ kind: 'normalize' }, [1, 3], [0.25, 0.75]],
  [{ kind: 'normalize' }, [0, 0], [0.5, 0.5]],
  [{ kind: 'sort' }, [3, -1, 2], [-1, 2, 3]],
  [{ kind: 'divide', by: 4 }, [1, 3], [0.25, 0.75]],
  [{ kind: 'isolation', offset: -0.5 }, [-1, -2], [0, 0.25]],
  [{ kind: 'clip', low: 0, high: 1 }, [-1, 0.5, 2], [0, 0.5, 1]],
])('%o of %o', (transform, margin, expected) => {
  const result = run(transform, ...margin)
  expect(result.length).toBe(expected.length)
  for (const [k, value] of expected.entries()) expect(result[k]).toBeCloseTo(value, 6)
})

test('expectiles ascend from the first', () => {
  const [first, second, third] = run({ kind: 'expectiles' }, 1, 0, -50)
  expect(first).toBe(1)
  expect(second).toBeCloseTo(1 + 1e-6 + Math.LN2, 6)
  expect(third).toBeGreaterThan(second!)
})

test('transforms follow each other, and the margin is left as it was', () => {
  const margin = Float64Array.of(0)
  const steps: Transform[] = [
    { kind: 'exp', precision: 'float64' },
    { kind: 'pair', precision: 'float64' },
  ]
  expect([...applyTransforms(steps, margin)]).toEqual([0, 1])
  expect(margin[0]).toBe(0)
})
