// One batch.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const ort = createRequire(import.meta.url)('onnxruntime-node')
const model = fileURLToPath(new URL('../../../fixtures/models/credit_mlp.onnx', import.meta.url))
export const load = () => ort.InferenceSession.create(model, { intraOpNumThreads: 1 })
export const samples = () => [1, 2].map((k) => Float32Array.from({ length: 64 * 23 }, (_, i) => (i * k) % 7))

export async function predict(session, rows) {
  const { prob1 } = await session.run({ X: new ort.Tensor('float32', rows, [64, 23]) })
  return prob1.data
}
