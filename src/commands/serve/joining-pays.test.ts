import { expect, test } from 'vitest'
import type { Server } from '../../serve/dispatcher.ts'
import { type Answered, judged, whyJoiningDoesNotPay } from './joining-pays.ts'

const pairs = (...all: readonly [number, number][]) => {
  const orders: boolean[] = []
  const pair = async (aloneIsFirst: boolean): Promise<Answered> => {
    const [alone, joined] = all[orders.length]!
    orders.push(aloneIsFirst)
    return { alone, joined }
  }
  return { orders, pair }
}

test('joining pays where it gives more answers in every pair, whichever is first, and enough more in all', async () => {
  const { orders, pair } = pairs([1000, 1200], [1000, 1010], [900, 1100])
  expect(await judged(pair)).toBe(null)
  expect(orders).toEqual([true, false, true])
})

test('it does not where one pair shows no gain, and no more are tried', async () => {
  const { orders, pair } = pairs([1000, 1200], [1010, 1003])
  expect(await judged(pair)).toBe('the whole server, asked as fast as it answers, gives 1003 answers/s so and 1010 one by one')
  expect(orders).toHaveLength(2)
})

test('nor where all of them show too little', async () => {
  const { orders, pair } = pairs([1000, 1030], [1000, 1050], [1000, 1040])
  expect(await judged(pair)).toMatch(/gives 1040 answers\/s so and 1000 one by one$/)
  expect(orders).toHaveLength(3)
})

test('nor where nothing is answered', async () => {
  expect(await judged(pairs([0, 0]).pair)).toMatch(/gives 0 answers/)
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
