import { expect, test } from 'vitest'
import type { Evidence } from '../../evidence/evidence.ts'
import { int8Alone } from './int8-alone.ts'
import type { FixOptions } from './options.ts'

type Row = NonNullable<Evidence['operatorExperiments']>['rows'][number]

/** One node of 4 ms, timed alone with its int8 twin in such a ratio. */
const row = (name: string, ratio: number): Row =>
  ({
    nodes: [name],
    copies: 1,
    opTypes: ['MatMul'],
    aloneMs: 4,
    insideMs: 4,
    variants: [{ kind: 'int8', remedy: null, detail: '', ratio, ratioLow: ratio, ratioHigh: ratio, share: 1 }],
  }) as unknown as Row

const evidence = (...rows: Row[]): Pick<Evidence, 'operatorExperiments' | 'given'> => ({
  operatorExperiments: { rows } as unknown as NonNullable<Evidence['operatorExperiments']>,
  given: [{ flag: '--threads', value: '1' }],
})
const options = { maxLoss: null, goal: 'latency', only: null } as const

test('operators that are surely faster, what they save together, and the command with what this run was told', () => {
  const { int8 } = int8Alone(evidence(row('a', 0.25), row('b', 0.5), row('c', 1.2)), options, 'my model.onnx')
  expect(int8).toMatchObject({
    timed: 3,
    faster: 2,
    next: "whyslow fix 'my model.onnx' -o fast/ --max-loss 0.01 --data SAMPLES --threads 1",
  })
  // 3 of 4 ms, and 2 of 4.
  expect(int8!.savingMs).toBeCloseTo(5, 9)
})

test('that none is faster is said, too', () => {
  expect(int8Alone(evidence(row('a', 1.1)), options, 'm.onnx').int8).toMatchObject({ timed: 1, faster: 0, savingMs: 0 })
})

test.each<[string, Partial<FixOptions>]>([
  ['a loss is allowed', { maxLoss: 0.01 }],
  ['the goal is another', { goal: 'size' }],
  ['remedies were named', { only: ['thread-count'] }],
])('nothing is said where %s', (_, other) => {
  expect(int8Alone(evidence(row('a', 0.25)), { ...options, ...other }, 'm.onnx')).toEqual({})
})

test('nor where no operator was timed in int8', () => {
  expect(int8Alone({ given: [] }, options, 'm.onnx')).toEqual({})
})
