// planted: thread-oversubscription
// A session that was told to take more threads than there are CPUs.
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const ort = createRequire(import.meta.url)('onnxruntime-node')
const model = fileURLToPath(new URL('../../../fixtures/models/credit_mlp.onnx', import.meta.url))
const threads = availableParallelism() * 6
export const load = () => ort.InferenceSession.create(model, { intraOpNumThreads: threads }) // here
export const samples = () => [1, 2].map((k) => Float32Array.from({ length: 512 * 23 }, (_, i) => (i * k) % 7))

export async function predict(session, rows) {
  const { prob1 } = await session.run({ X: new ort.Tensor('float32', rows, [512, 23]) })
  return prob1.data
}
