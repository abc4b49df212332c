import { expect, test } from 'vitest'
import type { Server } from '../../serve/dispatcher.ts'
import { judgeJoining, whyJoiningDoesNotPay } from './joining-pays.ts'

/** Turns as they are asked for, and what each gives: pairs of answers a second one by one and joined. */
const turnsOf = (...all: readonly (readonly [number, number])[]) => {
  const sides: number[] = []
  const answers = async (side: 0 | 1) => all[Math.floor((sides.push(side) - 1) / 2)]![side]
  return { sides, answers }
}

test('joining pays if it clearly gives enough more answers, whichever is first', async () => {
  const { sides, answers } = turnsOf([1000, 1200], [1000, 1210], [900, 1090])
  expect(await judgeJoining(answers)).toBe(null)
  expect(sides).toEqual([0, 1, 1, 0, 0, 1])
})

test('more pairs are measured while it is not clear, and six at most', async () => {
  const later = turnsOf([1000, 1200], [1000, 1010], [900, 1100], [1000, 1200], [1000, 1210], [1000, 1220])
  expect(await judgeJoining(later.answers)).toBe(null)
  expect(later.sides).toHaveLength(10)
  const never = turnsOf([1000, 1500], [1000, 1001], [1000, 1500], [1000, 1001], [1000, 1500], [1000, 1001])
  expect(await judgeJoining(never.answers)).toMatch(/gives 1251 answers\/s so and 1000 one by one$/)
})

test('it does not where one pair shows no gain, and no more are tried', async () => {
  const { sides, answers } = turnsOf([1000, 1200], [1010, 1003])
  expect(await judgeJoining(answers)).toBe(
    'the whole server, asked as fast as it answers, gives 1003 answers/s so and 1010 one by one',
  )
  expect(sides).toHaveLength(4)
})

test('nor where all of them show too little', async () => {
  const { answers } = turnsOf(...Array.from({ length: 6 }, (_, k) => [1000, 1040 + (k % 2)] as const))
  expect(await judgeJoining(answers)).toMatch(/gives 1041 answers\/s so and 1000 one by one$/)
})

test('nor where nothing is answered', async () => {
  expect(await judgeJoining(turnsOf([0, 0]).answers)).toMatch(/gives 0 answers/)
})

const tensor = { datatype: 'FP32', dtype: 'float32' as const, shape: [-1, 2] }
const joining = {
  model: {
    name: 'm',
    version: null,
    platform: 'onnx_onnxv1',
    inputs: [{ ...tensor, name: 'x' }],
    outputs: [{ ...tensor, name: 'y' }],
  },
  requests: [{ x: { dtype: 'float32' as const, shape: [1, 2], data: Float32Array.of(1, 2) } }],
  batches: { mostRows: 4, fewRows: 4, delayMs: 0 },
}
const never: Server = { predict: () => Promise.reject(new Error('nobody asks')) }

test('what takes long is not tried: what predictions cost decides, where it is clear', async () => {
  expect(await whyJoiningDoesNotPay({ ...joining, servers: [never], ms: 150, gain: 1.3 })).toBe(null)
  expect(await whyJoiningDoesNotPay({ ...joining, servers: [never], ms: 150, gain: 1.1 })).toMatch(/1\.10 times the answers/)
})
