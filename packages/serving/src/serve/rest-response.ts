// An infer response over REST: JSON, and behind it raw tensors if they were requested.
import type { Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import { jsonOf } from './json-data.ts'
import { bytesPerElement, datatypeOf, type InferRequest, type ModelSpec, RequestError } from './protocol.ts'
import { encodeRaw } from './raw-tensor.ts'
import { LONG_BYTES } from './server-defaults.ts'

export interface EncodedResponse {
  readonly body: Buffer
  /** Value of `Inference-Header-Content-Length`; null: the body is all JSON. */
  readonly headerBytes: number | null
}

/** Bytes of an element as JSON, about. */
const ELEMENT_TEXT_BYTES = 16

/** Whether writing the answer would hold up others. */
export function isLongAnswer(model: ModelSpec, { outputs, binaryOutput }: InferRequest, results: Results): boolean {
  const wanted = outputs ?? model.outputs.map(({ name }) => ({ name, binary: null }))
  let bytes = 0
  for (const { name, binary } of wanted) {
    const { dtype, shape } = results[name] ?? { dtype: 'bool', shape: [0] }
    const width = (binary ?? binaryOutput) ? bytesPerElement(dtype) : undefined
    bytes += (width ?? ELEMENT_TEXT_BYTES) * shape.reduce((product, size) => product * size, 1)
  }
  return bytes > LONG_BYTES
}

/** Throws RequestError if an output has no form that was requested. */
export function encodeInfer(model: ModelSpec, request: Omit<InferRequest, 'feeds'>, results: Results): EncodedResponse {
  const wanted = request.outputs ?? model.outputs.map(({ name }) => ({ name, binary: null }))
  const raw: Uint8Array[] = []
  const outputs = wanted.map(({ name, binary }) => {
    const tensor = results[name]
    if (tensor === undefined) throw new RequestError(500, `the model gave no output '${name}'`)
    const datatype = datatypeOf(tensor.dtype)
    if (datatype === undefined)
      throw new RequestError(501, `output '${name}' is ${tensor.dtype}, which the protocol has no name for`)
    const head = `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${tensor.shape.join(',')}]`
    if (!(binary ?? request.binaryOutput)) return `${head},"data":${jsonOf(name, tensor)}}`
    const bytes = encodeRaw(tensor as TensorValue)
    raw.push(bytes)
    return `${head},"parameters":{"binary_data_size":${bytes.length}}}`
  })
  const version = model.version === null ? '' : `"model_version":${JSON.stringify(model.version)},`
  const id = request.id === null ? '' : `"id":${JSON.stringify(request.id)},`
  const json = Buffer.from(`{"model_name":${JSON.stringify(model.name)},${version}${id}"outputs":[${outputs.join(',')}]}`, 'utf8')
  if (raw.length === 0) return { body: json, headerBytes: null }
  return { body: Buffer.concat([json, ...raw]), headerBytes: json.length }
}
