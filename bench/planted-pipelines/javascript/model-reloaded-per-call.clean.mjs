import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const ort = createRequire(import.meta.url)('onnxruntime-node')
const model = fileURLToPath(new URL('../../../fixtures/models/credit_mlp.onnx', import.meta.url))
export const load = () => ort.InferenceSession.create(model)
export const samples = () => [1, 2]

export async function predict(session, k) {
  return session.inputNames.length + k
}
