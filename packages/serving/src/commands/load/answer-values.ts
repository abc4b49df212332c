// What an answer says, so that two can be compared: its numbers apart, since rows that are predicted together may differ in
// their last digits, and all the rest as text. JSON of any server; raw tensors behind a JSON header, and gRPC, of those that speak the
// Open Inference Protocol.
import { BinaryReader } from '@bufbuild/protobuf/wire'
import type { Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import { compareOutputs, verdict } from '@whyslow/measure/outputs/index.ts'
import { type DeclaredTensor, readDeclared } from '../../serve/grpc/client-messages.ts'
import { dtypeOf } from '../../serve/protocol.ts'
import { decodeRaw } from '../../serve/raw-tensor.ts'

interface AnswerValues {
  /** All but the numbers. */
  readonly form: string
  readonly numbers: Results
}

/** Alike byte for byte, or up to rounding. Of `grpc` the messages. */
export function areAlike(one: Buffer, other: Buffer, kind: 'http' | 'grpc'): boolean {
  if (one.equals(other)) return true
  const read = kind === 'grpc' ? readMessage : readBody
  try {
    const [a, b] = [read(one), read(other)]
    if (a.form !== b.form) return false
    return Object.keys(a.numbers).length === 0 || verdict(compareOutputs([a.numbers], [b.numbers]), 'rounding', null).ok
  } catch {
    // Neither JSON nor tensors: only bytes can be compared.
    return false
  }
}

/** Throws if it is not valid JSON. */
function readBody(body: Buffer): AnswerValues {
  const rawBytes = sizesOfRaw(body).reduce((sum, size) => sum + size, 0)
  const jsonBytes = body.length - rawBytes
  const json: unknown = JSON.parse(body.toString('utf8', 0, jsonBytes))
  const numbers = new Map<string, number[]>()
  const form = JSON.stringify(withoutNumbers(json, '', numbers))
  const results = Object.fromEntries([...numbers].map(([name, values]) => [name, tensorOf(values)]))
  return { form, numbers: { ...results, ...(rawBytes === 0 ? {} : rawOutputs(json, body.subarray(jsonBytes))) } }
}

/** Where the header of an answer with raw tensors ends at the latest. */
const LONGEST_HEADER_BYTES = 64 * 1024

const sizesOfRaw = (body: Buffer): readonly number[] =>
  [...body.toString('latin1', 0, LONGEST_HEADER_BYTES).matchAll(/"binary_data_size"\s*:\s*(\d{1,12})\b/g)].map(([, size]) =>
    Number(size),
  )

const tensorOf = (values: readonly number[]): TensorValue => ({
  dtype: 'float64',
  shape: [values.length],
  data: Float64Array.from(values),
})

/** The value with null for each number; an array's numbers, however it is nested, are kept under one name, in order. */
function withoutNumbers(value: unknown, name: string, into: Map<string, number[]>): unknown {
  if (typeof value === 'number') {
    const own = into.get(name)
    if (own === undefined) into.set(name, [value])
    else own.push(value)
    return null
  }
  if (Array.isArray(value)) {
    const isData = value.every((one) => typeof one === 'number' || Array.isArray(one))
    return value.map((one, k) => withoutNumbers(one, isData ? name : `${name}.${k}`, into))
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutNumbers(one, `${name}.${key}`, into)]))
}

interface RawOutput {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
  readonly parameters?: { readonly binary_data_size?: number }
}

function rawOutputs(json: unknown, raw: Buffer): Results {
  let at = 0
  const { outputs } = json as { readonly outputs: readonly RawOutput[] }
  return Object.fromEntries(
    outputs.flatMap((output) => {
      const size = output.parameters?.binary_data_size
      if (size === undefined) return []
      at += size
      return [[`raw ${output.name}`, decoded(output, raw.subarray(at - size, at))]]
    }),
  )
}

const decoded = ({ name, datatype, shape }: DeclaredTensor, bytes: Uint8Array): TensorValue =>
  decodeRaw({ name, dtype: dtypeOf(datatype), shape }, bytes)

/** ModelInferResponse. Typed contents, which not all servers write, count by their bytes. */
function readMessage(message: Buffer): AnswerValues {
  const outputs: DeclaredTensor[] = []
  const raw: Uint8Array[] = []
  const rest: string[] = []
  const reader = new BinaryReader(message)
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    const from = reader.pos
    if (number === 6) raw.push(reader.bytes())
    else if (number === 5) outputs.push(readDeclared(new BinaryReader(reader.bytes())))
    else {
      reader.skip(wire, number)
      rest.push(`${number}:${message.toString('latin1', from, reader.pos)}`)
    }
  }
  if (raw.length !== outputs.length) return { form: message.toString('latin1'), numbers: {} }
  const form = JSON.stringify([outputs, rest])
  return { form, numbers: Object.fromEntries(outputs.map((output, k) => [output.name, decoded(output, raw[k]!)])) }
}
