import { expect, test } from 'vitest'
import { timedInInt8 } from '../../../test/support/diagnose/example-evidence.ts'
import type { Evidence } from '../../evidence/evidence.ts'
import { int8Alone } from './int8-alone.ts'
import type { FixOptions } from './options.ts'

/** Nodes that were timed in int8, and what each saves, ms. */
const evidence = (saves: Readonly<Record<string, number>>): Pick<Evidence, 'operatorExperiments' | 'given'> => ({
  operatorExperiments: timedInInt8(saves),
  given: [{ flag: '--threads', value: '1' }],
})
const options = { maxLoss: null, goal: 'latency', only: null } as const

test('operators that are surely faster, what they save together, and the command with what this run was told', () => {
  const { int8 } = int8Alone(evidence({ a: 3, b: 2, c: 0 }), options, 'my model.onnx')
  expect(int8).toMatchObject({
    timed: 3,
    faster: 2,
    next: "whyslow fix 'my model.onnx' -o fast/ --max-loss 0.01 --data SAMPLES --threads 1",
  })
  expect(int8!.savingMs).toBeCloseTo(5, 9)
})

test('that none is faster is said, too', () => {
  expect(int8Alone(evidence({ a: 0 }), options, 'm.onnx').int8).toMatchObject({ timed: 1, faster: 0, savingMs: 0 })
})

test.each<[string, Partial<FixOptions>]>([
  ['a loss is allowed', { maxLoss: 0.01 }],
  ['the goal is another', { goal: 'size' }],
  ['remedies were named', { only: ['thread-count'] }],
])('nothing is said where %s', (_, other) => {
  expect(int8Alone(evidence({ a: 3 }), { ...options, ...other }, 'm.onnx')).toEqual({})
})

test('nor where no operator was timed in int8', () => {
  expect(int8Alone({ given: [] }, options, 'm.onnx')).toEqual({})
})
