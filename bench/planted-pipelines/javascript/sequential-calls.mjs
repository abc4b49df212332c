// planted: sequential-calls
// Rows go to the model one by one.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const ort = createRequire(import.meta.url)('onnxruntime-node')
const model = fileURLToPath(new URL('../../../fixtures/models/credit_mlp.onnx', import.meta.url))
export const load = () => ort.InferenceSession.create(model, { intraOpNumThreads: 1 })
export const samples = () => [1, 2].map((k) => Array.from({ length: 64 }, (_, i) => new Float32Array(23).fill((i * k) % 7)))

export async function predict(session, rows) {
  const out = []
  for (const row of rows) {
    const { prob1 } = await session.run({ X: new ort.Tensor('float32', row, [1, 23]) }) // here
    out.push(prob1.data[0])
  }
  return out
}
