// The Open Inference Protocol v2 as a model is asked in it, whichever way the bytes come: https://github.com/kserve/open-inference-protocol

import { bitsPerElement } from '@whyslow/graph/dtype.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Feeds, TensorValue } from '@whyslow/measure/engines/types.ts'

/** An error that the client caused, or that it can do something about; `status` as HTTP says it. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export const badRequest = (message: string): RequestError => new RequestError(400, message)

/** A tensor that the model takes or gives; `shape`: -1 if a size is free. */
export interface TensorSpec {
  readonly name: string
  readonly datatype: string
  readonly dtype: DType
  /** null: the model does not say. */
  readonly shape: readonly number[] | null
}

export interface ModelSpec {
  readonly name: string
  readonly version: string | null
  readonly platform: string
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
}

export interface InferRequest {
  readonly id: string | null
  readonly feeds: Feeds
  /** null: all. */
  readonly outputs: readonly WantedOutput[] | null
  /** Default for outputs that do not say it themselves. */
  readonly binaryOutput: boolean
  /** null: as long as it takes. */
  readonly timeoutMs: number | null
}

export interface WantedOutput {
  readonly name: string
  readonly binary: boolean | null
}

const DATATYPES: Readonly<Partial<Record<DType, string>>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  bfloat16: 'BF16',
  string: 'BYTES',
}
const DTYPES = new Map(Object.entries(DATATYPES).map(([dtype, datatype]) => [datatype, dtype as DType]))

/** undefined: the protocol has no name for it. */
export const datatypeOf = (dtype: DType): string | undefined => DATATYPES[dtype]

/** Throws RequestError if there is no such datatype. */
export function dtypeOf(datatype: unknown): DType {
  const dtype = typeof datatype === 'string' ? DTYPES.get(datatype) : undefined
  if (dtype !== undefined) return dtype
  throw badRequest(`datatype ${displayText(datatype)} is none of ${[...DTYPES.keys()].join(', ')}`)
}

/** Bytes of an element; undefined for strings. */
export const bytesPerElement = (dtype: DType): number | undefined =>
  dtype === 'string' ? undefined : (bitsPerElement(dtype) ?? 8) / 8

/** A stranger's text, short and on one line. */
export const displayText = (value: unknown): string =>
  textOf(value)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, 80)

function textOf(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 80)}'`
  try {
    return String(JSON.stringify(value) ?? value)
  } catch {
    // Nested deeper than JSON is written.
    return Array.isArray(value) ? 'a list' : 'an object'
  }
}

const MOST_DIMENSIONS = 16
/** For the other sizes next to a zero, however short the request: an empty list of images has their sizes, too. */
const MOST_BESIDE_ZERO = 2 ** 24

/**
 * Throws RequestError if it is not a list of sizes, or its product no number of elements that there could be. With a zero the other sizes are bounded,
 * too: what a model makes of them need not be empty.
 */
export function checkedShape(shape: unknown, name: string, mostElements: number): readonly number[] {
  if (!Array.isArray(shape) || shape.length > MOST_DIMENSIONS || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw badRequest(`input ${displayText(name)}: shape ${displayText(shape)} is not a list of sizes`)
  const count = shape.reduce((product: number, size: number) => product * Math.max(1, size), 1)
  if (count > (shape.includes(0) ? Math.max(mostElements, MOST_BESIDE_ZERO) : mostElements))
    throw new RequestError(413, `input ${displayText(name)}: shape ${displayText(shape)} holds more than this server takes`)
  return shape as number[]
}

/** What the model declares for an input of that name. Throws RequestError. */
export function specOf(model: ModelSpec, name: unknown): TensorSpec {
  const spec = model.inputs.find((input) => input.name === name)
  if (spec !== undefined) return spec
  throw badRequest(`input ${displayText(name)} is none of the model's: ${model.inputs.map((input) => input.name).join(', ')}`)
}

/** Throws RequestError if the model takes no such tensor. */
export function checkTensor(spec: TensorSpec, dtype: DType, shape: readonly number[]): void {
  if (dtype !== spec.dtype) throw badRequest(`input '${spec.name}' takes ${spec.datatype}, not ${datatypeOf(dtype)}`)
  if (spec.shape === null) return
  const fits = shape.length === spec.shape.length && spec.shape.every((size, k) => size === -1 || size === shape[k])
  if (!fits) throw badRequest(`input '${spec.name}' takes the shape [${spec.shape.join(', ')}], not [${shape.join(', ')}]`)
}

/** All inputs there, each once. Throws RequestError. */
export function feedsOf(model: ModelSpec, tensors: readonly (readonly [string, TensorValue])[]): Feeds {
  const feeds = new Map(tensors)
  if (feeds.size < tensors.length) throw badRequest('an input is given twice')
  const missing = model.inputs.filter(({ name }) => !feeds.has(name))
  if (missing.length > 0) throw badRequest(`missing: input ${missing.map(({ name }) => `'${name}'`).join(', ')}`)
  return Object.fromEntries(feeds)
}

/** Throws RequestError if the model gives no such output, or one is asked for twice. */
export function checkOutputs(model: ModelSpec, wanted: readonly WantedOutput[]): void {
  const names = new Set<string>()
  for (const { name } of wanted) {
    if (!model.outputs.some((output) => output.name === name))
      throw badRequest(
        `output ${displayText(name)} is none of the model's: ${model.outputs.map((output) => output.name).join(', ')}`,
      )
    if (names.has(name)) throw badRequest(`output ${displayText(name)} is asked for twice`)
    names.add(name)
  }
}
