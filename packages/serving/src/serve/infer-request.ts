// An infer request over REST as a client writes it: raw tensors behind a JSON header where the server has the binary extension, which is
// what tritonclient sends, else all in JSON.
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { jsonOf } from './json-data.ts'
import { datatypeOf, RequestError } from './protocol.ts'
import { encodeRaw } from './raw-tensor.ts'

export interface EncodedRequest {
  readonly body: Buffer
  readonly headers: readonly (readonly [string, string])[]
}

/** `binary`: tensors both ways are raw. Throws RequestError if the protocol, or JSON, has no form of a tensor. */
export function encodeInferRequest(feeds: Feeds, binary: boolean): EncodedRequest {
  const raw: Uint8Array[] = []
  const inputs = Object.entries(feeds).map(([name, tensor]) => {
    const datatype = datatypeOf(tensor.dtype)
    if (datatype === undefined)
      throw new RequestError(501, `input '${name}' is ${tensor.dtype}, which the protocol has no name for`)
    const head = `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${tensor.shape.join(',')}]`
    if (!binary) return `${head},"data":${jsonOf(name, tensor)}}`
    const bytes = encodeRaw(tensor)
    raw.push(bytes)
    return `${head},"parameters":{"binary_data_size":${bytes.length}}}`
  })
  const parameters = binary ? ',"parameters":{"binary_data_output":true}' : ''
  const json = Buffer.from(`{"inputs":[${inputs.join(',')}]${parameters}}`, 'utf8')
  if (!binary) return { body: json, headers: [['Content-Type', 'application/json']] }
  return {
    body: Buffer.concat([json, ...raw]),
    headers: [
      ['Content-Type', 'application/octet-stream'],
      ['Inference-Header-Content-Length', String(json.length)],
    ],
  }
}
