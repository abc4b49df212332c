// The messages of the Open Inference Protocol over gRPC, as bytes: a few fields each, so that they are read and written by hand rather than
// by generated code. Field numbers: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
import { isUtf8 } from 'node:buffer'
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { numberOf } from '../model-config.ts'
import { MOST_LISTED } from '../parse-memory.ts'
import { badRequest, type ModelSpec, RequestError } from '../protocol.ts'

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

/** Most parts of each kind in a message: far more than models have, and few enough that empty ones take no memory. */
const MOST_PARTS = 4096

/** Throws an Error if one more would be too many. */
function checkRoom(count: number): void {
  if (count === MOST_PARTS) throw new Error(`more than ${MOST_PARTS} of a kind`)
}

function add<T>(into: T[], one: T): void {
  checkRoom(into.length)
  into.push(one)
}

type Fields = Readonly<Record<number, (reader: BinaryReader, wire: WireType) => void>>

/** Reads fields that are known, and skips others. Throws an Error if the bytes are no message. */
function read(bytes: Uint8Array, fields: Fields): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    const known = fields[field]
    if (known === undefined) reader.skip(wire, field)
    else known(reader, wire)
  }
}

/** Typed contents of a message, over all its tensors. Throws RequestError for one more than there may be. */
function counter(most: number): () => void {
  let count = 0
  return () => {
    if (count++ < most) return
    throw new RequestError(413, `more than ${most} typed contents are not taken at once; send tensors raw`)
  }
}

/** Numbers of a repeated field, packed or one by one. `count`: called for each before it is read. */
function numbers<T>(into: T[], one: (reader: BinaryReader) => T, count: () => void) {
  return (reader: BinaryReader, wire: WireType) => {
    const isPacked = wire === WireType.LengthDelimited
    const from = isPacked ? new BinaryReader(reader.bytes()) : reader
    do {
      if (isPacked && from.pos >= from.len) return
      count()
      into.push(one(from))
    } while (isPacked)
  }
}

/** Throws an Error if it is no UTF-8, as text of a message has to be. */
function textOf(reader: BinaryReader): string {
  const bytes = reader.bytes()
  if (!isUtf8(bytes)) throw new Error('text that is not UTF-8')
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

/** `mostListed`: typed contents, which are numbers and strings one by one. Throws an Error if the bytes are no message, or RequestError. */
export function readInferRequest(bytes: Uint8Array, mostListed = MOST_LISTED): GrpcInferRequest {
  const count = counter(mostListed)
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
    4: (reader) => {
      checkRoom(parameters.size)
      parameters.set(...readParameter(reader.bytes()))
    },
    5: (reader) => add(inputs, readTensor(reader.bytes(), count)),
    6: (reader) => add(outputs, readOutput(reader.bytes())),
    7: (reader) => add(raw, reader.bytes()),
  })
  return { ...text, parameters, inputs, outputs, raw }
}

/** Its name. Throws RequestError if something is asked of it that is not offered. */
function readOutput(bytes: Uint8Array): string {
  let name = ''
  read(bytes, {
    1: (reader) => {
      name = textOf(reader)
    },
    2: (reader) => {
      const [key] = readParameter(reader.bytes())
      if (key === 'classification') throw badRequest('classification is not offered')
    },
  })
  return name
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

function readTensor(bytes: Uint8Array, count: () => void): GrpcTensor {
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
    3: numbers(
      shape,
      (reader) => Number(reader.int64()),
      () => checkRoom(shape.length),
    ),
    5: (reader) => {
      contents = readContents(reader.bytes(), count)
    },
  })
  return { ...text, shape, contents }
}

/** Whichever of the typed lists holds them. */
function readContents(bytes: Uint8Array, count: () => void): unknown[] {
  const values: unknown[] = []
  const each = (one: (reader: BinaryReader) => unknown) => numbers(values, one, count)
  read(bytes, {
    1: each((reader) => reader.bool()),
    2: each((reader) => reader.int32()),
    3: each((reader) => BigInt(reader.int64())),
    4: each((reader) => reader.uint32()),
    5: each((reader) => BigInt(reader.uint64())),
    6: each((reader) => reader.float()),
    7: each((reader) => reader.double()),
    8: (reader) => {
      count()
      values.push(textOf(reader))
    },
  })
  return values
}

export const field = (writer: BinaryWriter, number: number) => writer.tag(number, WireType.LengthDelimited)

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

/** The answer to ModelConfig, Triton's call: the fields of `modelConfig`. */
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
