import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'

export async function load() {
  await tf.setBackend('cpu')
  return tf.tensor1d(new Float32Array(2000).fill(0.5))
}
export const samples = () => [1, 2].map((k) => Float32Array.from({ length: 2000 }, (_, i) => (i * k) % 7))

export function predict(weights, row) {
  const scores = tf.tidy(() => tf.mul(tf.tensor1d(row), weights).dataSync())
  const kept = []
  for (let i = 0; i < 300; i++) if (scores[i] > 1) kept.push(i)
  return kept
}
