// planted: promise-all-is-not-parallel
import { openModel, Tensor } from './engine-lib.mjs'
export const load = () => openModel()
export const samples = () => [1, 2].map((k) => Array.from({ length: 48 }, (_, i) => new Float32Array(23).fill((i * k) % 7)))
export async function predict(session, rows) {
  const settled = await Promise.allSettled(
    // here
    rows.map(async (row) => {
      const { prob1 } = await session.run({ X: new Tensor('float32', row, [1, 23]) })
      return prob1.data[0]
    }),
  )
  return settled.map(({ value }) => value)
}
