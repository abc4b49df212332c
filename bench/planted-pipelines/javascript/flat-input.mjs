// planted: array-of-numbers-input
import { openModel, Tensor } from './engine-lib.mjs'
export const load = () => openModel()
export const samples = () =>
  [1, 2].map((k) => Array.from({ length: 4000 }, (_, i) => Array.from({ length: 23 }, (_, j) => (i * j * k) % 7)))
export const preprocess = (rows) => new Tensor('float32', rows.flat(), [4000, 23]) // here
export async function predict(session, X) {
  const { prob1 } = await session.run({ X })
  return prob1.data
}
