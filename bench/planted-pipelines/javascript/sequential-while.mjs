// planted: sequential-calls
import { openModel, Tensor } from './engine-lib.mjs'
export const load = () => openModel()
export const samples = () => [1, 2].map((k) => Array.from({ length: 64 }, (_, i) => new Float32Array(23).fill((i * k) % 7)))
const scoreOne = async (session, row) => {
  const feeds = { X: new Tensor('float32', row, [1, 23]) }
  const { prob1 } = await session.run(feeds) // or here
  return prob1.data[0]
}
export async function predict(session, rows) {
  const scores = new Float32Array(rows.length)
  let at = 0
  while (at < rows.length) {
    scores[at] = await scoreOne(session, rows[at]) // here
    at++
  }
  return scores
}
