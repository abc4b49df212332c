import { openModel, Tensor } from './engine-lib.mjs'
export const load = () => openModel()
export const samples = () => [1, 2].map((k) => Array.from({ length: 64 }, (_, i) => new Float32Array(23).fill((i * k) % 7)))
export async function predict(session, rows) {
  const all = new Float32Array(rows.length * 23)
  for (const [at, row] of rows.entries()) all.set(row, at * 23)
  const { prob1 } = await session.run({ X: new Tensor('float32', all, [rows.length, 23]) })
  return prob1.data
}
