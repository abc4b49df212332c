// planted: model-reloaded-per-call
// A session for each request.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const ort = createRequire(import.meta.url)('onnxruntime-node')
const model = fileURLToPath(new URL('../../../fixtures/models/credit_mlp.onnx', import.meta.url))
export const samples = () => [1, 2]

export async function predict(k) {
  const session = await ort.InferenceSession.create(model) // here
  return session.inputNames.length + k
}
