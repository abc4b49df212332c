// What a prediction gives back is no leak.
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { tensorsIn } from './facts-pass.ts'
import '@tensorflow/tfjs-backend-cpu'

test('tensors that a prediction gives back, and that nobody has disposed of', async () => {
  await tf.setBackend('cpu')
  const [a, b, c] = [tf.scalar(1), tf.scalar(2), tf.scalar(3)]
  expect(tensorsIn(a)).toEqual([a.id])
  expect(tensorsIn({ scores: b, rest: [c, a, 'text', null] })).toEqual([b.id, c.id, a.id])
  c.dispose()
  expect(tensorsIn([b, c])).toEqual([b.id])
  for (const value of [undefined, 3, new Float32Array(9), { id: 3 }]) expect(tensorsIn(value)).toEqual([])
  tf.dispose([a, b])
})
