// The messages of the Open Inference Protocol over gRPC, as bytes: a few fields each, so that they are read and written by hand rather than
// by generated code. Field numbers: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
import { isUtf8 } from 'node:buffer'
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { numberOf } from '../model-config.ts'
import type { ModelSpec } from '../protocol.ts'

export interface GrpcTensor {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
  /** Typed contents, flat; null: raw. */
  readonly contents: readonly unknown[] | null
}

export interface GrpcInferRequest {
  readonly modelName: string
  readonly modelVersion: string
  readonly id: string
  readonly parameters: ReadonlyMap<string, unknown>
  readonly inputs: readonly GrpcTensor[]
  readonly outputs: readonly string[]
  readonly raw: readonly Uint8Array[]
}

/** Of each kind in a message: far more than models have, and few enough that empty ones take no memory. */
const MOST_PARTS = 4096

/** Adds one more. Throws an Error where there are too many. */
function add<T>(into: T[], one: T): void {
  if (into.length === MOST_PARTS) throw new Error(`more than ${MOST_PARTS} of a kind`)
  into.push(one)
}

type Fields = Readonly<Record<number, (reader: BinaryReader, wire: WireType) => void>>

/** Reads fields that are known, and skips others. Throws an Error where the bytes are no message. */
function read(bytes: Uint8Array, fields: Fields): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    const known = fields[field]
    if (known === undefined) reader.skip(wire, field)
    else known(reader, wire)
  }
}

/** Numbers of a repeated field, packed or one by one. */
function numbers<T>(into: T[], one: (reader: BinaryReader) => T, most = Number.POSITIVE_INFINITY) {
  return (reader: BinaryReader, wire: WireType) => {
    const isPacked = wire === WireType.LengthDelimited
    const from = isPacked ? new BinaryReader(reader.bytes()) : reader
    do {
      if (isPacked && from.pos >= from.len) return
      if (into.length === most) throw new Error(`more than ${most} of a kind`)
      into.push(one(from))
    } while (isPacked)
  }
}

/** Throws an Error where it is no UTF-8, as text of a message has to be. */
function textOf(reader: BinaryReader): string {
  const bytes = reader.bytes()
  if (!isUtf8(bytes)) throw new Error('text that is no UTF-8')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

export function readModelName(bytes: Uint8Array): { readonly name: string; readonly version: string } {
  let [name, version] = ['', '']
  read(bytes, {
    1: (reader) => {
      name = textOf(reader)
    },
    2: (reader) => {
      version = textOf(reader)
    },
  })
  return { name, version }
}

export function readInferRequest(bytes: Uint8Array): GrpcInferRequest {
  const text = { modelName: '', modelVersion: '', id: '' }
  const parameters = new Map<string, unknown>()
  const inputs: GrpcTensor[] = []
  const outputs: string[] = []
  const raw: Uint8Array[] = []
  read(bytes, {
    1: (reader) => {
      text.modelName = textOf(reader)
    },
    2: (reader) => {
      text.modelVersion = textOf(reader)
    },
    3: (reader) => {
      text.id = textOf(reader)
    },
    4: (reader) => parameters.set(...readParameter(reader.bytes())),
    5: (reader) => add(inputs, readTensor(reader.bytes())),
    6: (reader) => add(outputs, readModelName(reader.bytes()).name),
    7: (reader) => add(raw, reader.bytes()),
  })
  return { ...text, parameters, inputs, outputs, raw }
}

function readParameter(bytes: Uint8Array): [string, unknown] {
  let key = ''
  let value: unknown = null
  read(bytes, {
    1: (reader) => {
      key = textOf(reader)
    },
    2: (reader) =>
      read(reader.bytes(), {
        1: (inner) => {
          value = inner.bool()
        },
        2: (inner) => {
          value = Number(inner.int64())
        },
        3: (inner) => {
          value = textOf(inner)
        },
        4: (inner) => {
          value = inner.double()
        },
        5: (inner) => {
          value = Number(inner.uint64())
        },
      }),
  })
  return [key, value]
}

function readTensor(bytes: Uint8Array): GrpcTensor {
  const text = { name: '', datatype: '' }
  const shape: number[] = []
  let contents: unknown[] | null = null
  read(bytes, {
    1: (reader) => {
      text.name = textOf(reader)
    },
    2: (reader) => {
      text.datatype = textOf(reader)
    },
    3: numbers(shape, (reader) => Number(reader.int64()), MOST_PARTS),
    5: (reader) => {
      contents = readContents(reader.bytes())
    },
  })
  return { ...text, shape, contents }
}

/** Whichever of the typed lists holds them. */
function readContents(bytes: Uint8Array): unknown[] {
  const values: unknown[] = []
  read(bytes, {
    1: numbers(values, (reader) => reader.bool()),
    2: numbers(values, (reader) => reader.int32()),
    3: numbers(values, (reader) => BigInt(reader.int64())),
    4: numbers(values, (reader) => reader.uint32()),
    5: numbers(values, (reader) => BigInt(reader.uint64())),
    6: numbers(values, (reader) => reader.float()),
    7: numbers(values, (reader) => reader.double()),
    8: (reader) => values.push(textOf(reader)),
  })
  return values
}

const field = (writer: BinaryWriter, number: number) => writer.tag(number, WireType.LengthDelimited)

export const writeBool = (value: boolean): Uint8Array => {
  const writer = new BinaryWriter()
  if (value) writer.tag(1, WireType.Varint).bool(true)
  return writer.finish()
}

export function writeServerMetadata(version: string): Uint8Array {
  const writer = new BinaryWriter()
  field(writer, 1).string('whyslow')
  field(writer, 2).string(version)
  return writer.finish()
}

export function writeModelMetadata({ name, version, platform, inputs, outputs }: ModelSpec): Uint8Array {
  const writer = new BinaryWriter()
  field(writer, 1).string(name)
  field(writer, 2).string(version ?? '1')
  field(writer, 3).string(platform)
  for (const [number, specs] of [
    [4, inputs],
    [5, outputs],
  ] as const)
    for (const spec of specs) {
      field(writer, number).fork()
      field(writer, 1).string(spec.name)
      field(writer, 2).string(spec.datatype)
      writeShape(writer, 3, spec.shape ?? [])
      writer.join()
    }
  return writer.finish()
}

function writeShape(writer: BinaryWriter, number: number, shape: readonly number[]): void {
  if (shape.length === 0) return
  field(writer, number).fork()
  for (const size of shape) writer.int64(size)
  writer.join()
}

export interface GrpcOutput {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
  /** Row-major, little-endian; strings with their length before them. */
  readonly raw: Uint8Array
}

export interface GrpcInferResponse {
  readonly modelName: string
  readonly modelVersion: string | null
  readonly id: string
  readonly outputs: readonly GrpcOutput[]
}

export function writeInferResponse({ modelName, modelVersion, id, outputs }: GrpcInferResponse): Uint8Array {
  const writer = new BinaryWriter()
  field(writer, 1).string(modelName)
  if (modelVersion !== null) field(writer, 2).string(modelVersion)
  if (id !== '') field(writer, 3).string(id)
  for (const { name, datatype, shape } of outputs) {
    field(writer, 5).fork()
    field(writer, 1).string(name)
    field(writer, 2).string(datatype)
    writeShape(writer, 3, shape)
    writer.join()
  }
  for (const { raw } of outputs) field(writer, 6).bytes(raw)
  return writer.finish()
}

/** Of ModelConfig, Triton's call: the fields of `modelConfig`. */
export function writeModelConfig({ name, platform, inputs, outputs }: ModelSpec): Uint8Array {
  const writer = new BinaryWriter()
  field(writer, 1).fork()
  field(writer, 1).string(name)
  field(writer, 2).string(platform)
  for (const [number, dims, specs] of [
    [5, 4, inputs],
    [6, 3, outputs],
  ] as const)
    for (const { name, datatype, shape } of specs) {
      field(writer, number).fork()
      field(writer, 1).string(name)
      writer.tag(2, WireType.Varint).int32(numberOf(datatype))
      writeShape(writer, dims, shape ?? [])
      writer.join()
    }
  return writer.join().finish()
}
