import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
export const { InferenceSession, Tensor } = createRequire(import.meta.url)('onnxruntime-node')
const path = fileURLToPath(new URL('../../../fixtures/models/credit_mlp.onnx', import.meta.url))
export async function openModel() {
  return InferenceSession.create(readFileSync(path))
}
