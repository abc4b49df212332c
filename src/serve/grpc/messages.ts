// The messages of the Open Inference Protocol over gRPC, as bytes: a few fields each, so that they are read and written by hand rather than
// by generated code. Field numbers: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
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
function numbers<T>(into: T[], one: (reader: BinaryReader) => T) {
  return (reader: BinaryReader, wire: WireType) => {
    if (wire !== WireType.LengthDelimited) {
      into.push(one(reader))
      return
    }
    const packed = new BinaryReader(reader.bytes())
    while (packed.pos < packed.len) into.push(one(packed))
  }
}

export function readModelName(bytes: Uint8Array): { readonly name: string; readonly version: string } {
  let [name, version] = ['', '']
  read(bytes, {
    1: (reader) => {
      name = reader.string()
    },
    2: (reader) => {
      version = reader.string()
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
      text.modelName = reader.string()
    },
    2: (reader) => {
      text.modelVersion = reader.string()
    },
    3: (reader) => {
      text.id = reader.string()
    },
    4: (reader) => parameters.set(...readParameter(reader.bytes())),
    5: (reader) => inputs.push(readTensor(reader.bytes())),
    6: (reader) => outputs.push(readModelName(reader.bytes()).name),
    7: (reader) => raw.push(reader.bytes()),
  })
  return { ...text, parameters, inputs, outputs, raw }
}

function readParameter(bytes: Uint8Array): [string, unknown] {
  let key = ''
  let value: unknown = null
  read(bytes, {
    1: (reader) => {
      key = reader.string()
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
          value = inner.string()
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
      text.name = reader.string()
    },
    2: (reader) => {
      text.datatype = reader.string()
    },
    3: numbers(shape, (reader) => Number(reader.int64())),
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
    8: (reader) => values.push(Buffer.from(reader.bytes()).toString('utf8')),
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
      writeShape(writer, spec.shape ?? [])
      writer.join()
    }
  return writer.finish()
}

function writeShape(writer: BinaryWriter, shape: readonly number[]): void {
  if (shape.length === 0) return
  field(writer, 3).fork()
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
    writeShape(writer, shape)
    writer.join()
  }
  for (const { raw } of outputs) field(writer, 6).bytes(raw)
  return writer.finish()
}
