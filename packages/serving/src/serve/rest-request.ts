// An infer request over REST: a JSON header, and behind it raw tensors where the binary extension is used.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md

import { isUtf8 } from 'node:buffer'
import { fieldsOf, isObject, type JsonObject, parseJson } from '@whyslow/graph/json.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import { quoteLongIntegers } from './exact-integers.ts'
import { arrayOf } from './json-data.ts'
import { checkJsonMemory } from './parse-memory.ts'
import {
  badRequest,
  bytesPerElement,
  checkedShape,
  checkOutputs,
  checkTensor,
  displayText,
  dtypeOf,
  feedsOf,
  type InferRequest,
  type ModelSpec,
  RequestError,
  specOf,
  type WantedOutput,
} from './protocol.ts'
import { decodeRaw } from './raw-tensor.ts'

/**
 * `headerBytes`: of `Inference-Header-Content-Length`; null if the request has none and is all JSON.
 * Throws RequestError if the request is not one that the model takes.
 */
export function parseInfer(model: ModelSpec, body: Buffer, headerBytes: number | null): InferRequest {
  if (headerBytes === 0) return rawRequest(model, body)
  if (headerBytes !== null && headerBytes > body.length)
    throw badRequest(`Inference-Header-Content-Length says ${headerBytes} bytes, and the body has ${body.length}`)
  const header = body.subarray(0, headerBytes ?? body.length)
  checkJsonMemory(header)
  const text = textOf(header)
  const request = parsedObject(text)
  const { inputs } = request
  if (!Array.isArray(inputs)) throw badRequest("the request has no list 'inputs'")
  const binary = body.subarray(headerBytes ?? body.length)
  const reading = { model, exact: once(() => exactIntegers(text)), binary, at: 0, mostElements: body.length * 8 + 1 }
  const tensors = inputs.map((input) => readInput(reading, input))
  if (reading.at < binary.length)
    throw badRequest(`${binary.length - reading.at} bytes after the tensors that the request declares`)
  const parameters = fieldsOf(request.parameters)
  const outputs = isGiven(request.outputs) ? wantedOf(request.outputs) : null
  if (outputs !== null) checkOutputs(model, outputs)
  return {
    id: idOf(request.id),
    feeds: feedsOf(model, tensors),
    outputs: outputs?.length === 0 ? null : outputs,
    binaryOutput: parameters.binary_data_output === true,
    timeoutMs: timeoutOf(parameters.timeout),
  }
}

interface Reading {
  readonly model: ModelSpec
  /** Data of all inputs with long integers as text, since JSON.parse rounds what is beyond 2^53; read once, if any input has them. */
  readonly exact: () => ReadonlyMap<string, unknown>
  readonly binary: Buffer
  at: number
  readonly mostElements: number
}

function readInput(reading: Reading, given: unknown): readonly [string, TensorValue] {
  const input = fieldsOf(given)
  const spec = specOf(reading.model, input.name)
  const { name } = spec
  const dtype = dtypeOf(input.datatype)
  const size = fieldsOf(input.parameters).binary_data_size
  const shape = checkedShape(input.shape, name, reading.mostElements)
  checkTensor(spec, dtype, shape)
  if (!isGiven(size)) return [name, jsonTensor(reading, input.data, { name, dtype, shape })]
  if (isGiven(input.data)) throw badRequest(`input '${name}' has both data and binary_data_size`)
  if (!Number.isSafeInteger(size) || (size as number) < 0)
    throw badRequest(`input '${name}': binary_data_size ${displayText(size)} is not a number of bytes`)
  const end = reading.at + (size as number)
  if (end > reading.binary.length)
    throw badRequest(`input '${name}': ${reading.binary.length - reading.at} bytes are left of the ${size} that it declares`)
  const bytes = reading.binary.subarray(reading.at, end)
  reading.at = end
  return [name, decodeRaw({ name, dtype, shape }, bytes)]
}

function jsonTensor(
  { exact: exactData }: Reading,
  data: unknown,
  { name, dtype, shape }: { name: string; dtype: DType; shape: readonly number[] },
): TensorValue {
  if (dtype === 'float16' || dtype === 'bfloat16')
    throw badRequest(`input '${name}': JSON has no form of 16-bit floats; send it as binary data`)
  if (!Array.isArray(data)) throw badRequest(`input '${name}' has no list 'data'`)
  const exact = dtype === 'int64' || dtype === 'uint64' ? () => exactData().get(name) : null
  return { dtype, shape, data: arrayOf({ name, dtype, shape, data, exact }) }
}

function exactIntegers(text: string): ReadonlyMap<string, unknown> {
  const { inputs } = JSON.parse(quoted(text)) as { inputs: { name: string; data: unknown }[] }
  // The first of a name, which is the one that is read before a second is refused.
  return new Map(inputs.reverse().map(({ name, data }) => [name, data]))
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function quoted(text: string): string {
  try {
    return quoteLongIntegers(text)
  } catch {
    throw new RequestError(413, 'the JSON is too long for integers beyond 2^53 to be read exactly; send them as binary data')
  }
}

/** The body is the one input's bytes, a batch of 1. */
function rawRequest(model: ModelSpec, body: Buffer): InferRequest {
  const [spec] = model.inputs
  if (model.inputs.length !== 1 || spec === undefined || spec.shape === null)
    throw badRequest('a raw request is for models with one input; send a JSON header with the inputs')
  const width = bytesPerElement(spec.dtype)
  const free = spec.shape.flatMap((size, k) => (size === -1 ? [k] : []))
  const rest = free.filter((k) => k > 0)
  if (width === undefined || rest.length > 1)
    throw badRequest('a raw request has too many sizes that are free; send a JSON header')
  const fixed = spec.shape.reduce((product, size) => (size === -1 ? product : product * size), 1)
  const open = Math.floor(body.length / width / Math.max(1, fixed))
  const shape = spec.shape.map((size, k) =>
    size !== -1 ? size : k === 0 && rest.length > 0 ? 1 : free.length > 0 ? (k === 0 ? 1 : open) : size,
  )
  const feeds = { [spec.name]: decodeRaw({ name: spec.name, dtype: spec.dtype, shape }, body) }
  return { id: null, feeds, outputs: null, binaryOutput: true, timeoutMs: null }
}

/** Clients that write out what they leave open write null. */
const isGiven = (value: unknown): boolean => value !== undefined && value !== null

function idOf(id: unknown): string | null {
  if (!isGiven(id)) return null
  if (typeof id === 'string' || typeof id === 'number') return String(id)
  throw badRequest(`id ${displayText(id)} is not text`)
}

/** Throws RequestError if it is not UTF-8: the model would get the replacement characters. */
function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw badRequest('the request is not valid JSON (its text is not UTF-8)')
  try {
    return bytes.toString('utf8')
  } catch {
    throw new RequestError(413, `${bytes.length} bytes of JSON are more than can be read; send tensors as binary data`)
  }
}

function parsedObject(text: string): JsonObject {
  const parsed = parseJson(text, (words) =>
    badRequest(`the request is not valid JSON (${words.slice(0, 80).replace(/[^\x20-\x7e]+/g, ' ')})`),
  )
  if (isObject(parsed)) return parsed
  throw badRequest('the request is not a JSON object')
}

function wantedOf(outputs: unknown): WantedOutput[] {
  if (!Array.isArray(outputs)) throw badRequest("'outputs' is not a list")
  return outputs.map((output) => {
    const { name, parameters } = fieldsOf(output)
    const { binary_data: binary, classification } = fieldsOf(parameters)
    if (isGiven(classification)) throw badRequest('classification is not offered')
    if (typeof name !== 'string') throw badRequest(`output ${displayText(name)} is none of the model's`)
    return { name, binary: typeof binary === 'boolean' ? binary : null }
  })
}

/** Triton's parameter: microseconds. */
function timeoutOf(timeout: unknown): number | null {
  const micros = typeof timeout === 'string' || typeof timeout === 'number' ? Number(timeout) : 0
  return micros > 0 ? micros / 1000 : null
}
