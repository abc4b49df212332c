// clean: tensor-leak
// Whoever asks disposes of what is given back.
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'

export async function load() {
  await tf.setBackend('cpu')
  return tf.tensor2d(new Float32Array(64 * 8).fill(0.25), [64, 8])
}
export const samples = () => [1, 2].map((k) => Float32Array.from({ length: 32 * 64 }, (_, i) => (i * k) % 7))

export const predict = (weights, rows) => tf.tidy(() => tf.matMul(tf.tensor2d(rows, [32, 64]), weights))
