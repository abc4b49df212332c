// planted: promise-all-is-not-parallel
// All rows at once, as if they ran side by side.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const ort = createRequire(import.meta.url)('onnxruntime-node')
const model = fileURLToPath(new URL('../../../fixtures/models/credit_mlp.onnx', import.meta.url))
export const load = () => ort.InferenceSession.create(model, { intraOpNumThreads: 1 })
export const samples = () => [1, 2].map((k) => Array.from({ length: 32 }, (_, i) => new Float32Array(23).fill((i * k) % 7)))

export async function predict(session, rows) {
  const runs = rows.map((row) => session.run({ X: new ort.Tensor('float32', row, [1, 23]) }))
  return Promise.all(runs) // here
}
