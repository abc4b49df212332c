import { openModel, Tensor } from './engine-lib.mjs'
export const load = () => openModel()
export const samples = () => [1, 2].map((k) => Float32Array.from({ length: 4000 * 23 }, (_, i) => (i * k) % 7))
export const preprocess = (rows) => new Tensor('float32', rows, [4000, 23])
export async function predict(session, X) {
  const { prob1 } = await session.run({ X })
  return prob1.data
}
