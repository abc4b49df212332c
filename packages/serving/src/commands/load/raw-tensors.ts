// What reading and writing text costs, measured: where it takes longer than the prediction, the same requests go out once more with their
// tensors as raw bytes (the binary extension of the Open Inference Protocol), at the same instants, and then as they were.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import { probe } from '../../load/http/probe.ts'
import { encodeRequest } from '../../load/http/target.ts'
import { loadEvidence } from '../../load/rule.ts'
import type { Target } from '../../load/target.ts'
import { textCost } from '../../load/text-cost.ts'
import { type EncodedRequest, encodeInferRequest } from '../../serve/infer-request.ts'
import { arrayOf } from '../../serve/json-data.ts'
import { dtypeOf } from '../../serve/protocol.ts'
import { bodyOf, headerOf, urlOf } from './http-target.ts'
import { hasBinary } from './oip-target.ts'
import type { OpenedTarget } from './opened-target.ts'
import type { LoadOptions } from './options.ts'
import type { Plan } from './plan.ts'
import { remeasure } from './remeasure.ts'

export interface RawTensorPlan {
  readonly address: string
  readonly opened: OpenedTarget
  readonly plan: Plan
  readonly options: LoadOptions
}

/** The document with the same requests raw, where their text costs more than the prediction and the server takes them so. */
export async function withRawTensors(
  document: LoadDocument,
  { address, opened, plan, options }: RawTensorPlan,
): Promise<LoadDocument> {
  const { target, search } = document
  if (search !== null || !options.alternatives) return document
  const { parted: before } = loadEvidence(document)
  const isText = before !== undefined && target.inputs?.binary !== true && textCost(before)?.isMuch === true
  if (!isText || before.offeredPerSecond === null) return document
  const raw = await rawTarget(opened.target, address, options)
  if (raw === null) return document
  options.onProgress?.({ stage: 'with raw tensors', done: 0, of: 1 })
  const point = await remeasure(before, { ...opened, target: raw }, { plan, options })
  options.onProgress?.({ stage: 'as it was, again', done: 0, of: 1 })
  const after = await remeasure(before, opened, { plan, options })
  return { ...document, rawTensors: { before, point, after } }
}

/** null: these requests, or this server, have no such form. */
async function rawTarget(target: Target, address: string, options: LoadOptions): Promise<Target | null> {
  const { bodies, timeoutSeconds } = options
  const url = urlOf(address)
  if (target.kind !== 'http' || target.method !== 'POST' || !/\/v2\/models\/[^/]+(\/versions\/[^/]+)?\/infer$/.test(url.pathname))
    return null
  const headers = options.headers.map(headerOf)
  const timeoutMs = timeoutSeconds * 1000
  const encoded = bodies.map((body) => asRaw(bodyOf(body)))
  if (encoded.length === 0 || encoded.includes(null) || !(await hasBinary({ url, headers, timeoutMs }))) return null
  const others = headers.filter(([name]) => !/^content-type$/i.test(name))
  const requests = encoded.map((one) =>
    encodeRequest({ url, method: 'POST', headers: [...one!.headers, ...others], body: one!.body }),
  )
  const raw = { ...target, requests }
  try {
    const { status } = await probe(raw, address, timeoutMs)
    return status >= 200 && status < 300 ? raw : null
  } catch (error) {
    if (error instanceof InputError) return null
    throw error
  }
}

interface JsonTensor {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
  readonly data: readonly unknown[]
}

/** A request whose tensors go as text, with the same tensors raw; null: it is none, or it asks for more than that. */
export function asRaw(body: Uint8Array): EncodedRequest | null {
  try {
    const {
      inputs,
      id: _,
      ...others
    } = JSON.parse(Buffer.from(body).toString('utf8')) as { readonly inputs: readonly JsonTensor[]; readonly id?: string }
    if (Object.keys(others).length > 0) return null
    const feeds = inputs.map(({ name, datatype, shape, data }) => {
      const dtype = dtypeOf(datatype)
      return [name, { dtype, shape, data: arrayOf({ name, dtype, shape, data, exact: null }) }] as const
    })
    return encodeInferRequest(Object.fromEntries(feeds), true)
  } catch {
    // Other JSON, no JSON, or integers that JSON.parse rounds.
    return null
  }
}
