// The protocol's messages as a client writes and reads them. Tensors go raw, in the order of the inputs.
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { datatypeOf, RequestError } from '../protocol.ts'
import { encodeRaw } from '../raw-tensor.ts'
import { field } from './messages.ts'

export interface AskedModel {
  readonly name: string
  /** '': whichever the server takes. */
  readonly version: string
}

/** The message of ModelMetadata and ModelReady. */
export function writeModelName({ name, version }: AskedModel): Uint8Array {
  const writer = new BinaryWriter()
  field(writer, 1).string(name)
  if (version !== '') field(writer, 2).string(version)
  return writer.finish()
}

/** Throws RequestError if the protocol has no name for a tensor. */
export function writeInferRequest({ name, version }: AskedModel, feeds: Feeds): Uint8Array {
  const writer = new BinaryWriter()
  field(writer, 1).string(name)
  if (version !== '') field(writer, 2).string(version)
  for (const [input, { dtype, shape }] of Object.entries(feeds)) {
    const datatype = datatypeOf(dtype)
    if (datatype === undefined) throw new RequestError(501, `input '${input}' is ${dtype}, which the protocol has no name for`)
    field(writer, 5).fork()
    field(writer, 1).string(input)
    field(writer, 2).string(datatype)
    field(writer, 3).fork()
    for (const size of shape) writer.int64(size)
    writer.join().join()
  }
  for (const tensor of Object.values(feeds)) field(writer, 7).bytes(encodeRaw(tensor))
  return writer.finish()
}

export interface DeclaredTensor {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
}

/** The inputs of ModelMetadataResponse. Throws an Error if the bytes are no message. */
export function readDeclaredInputs(bytes: Uint8Array): readonly DeclaredTensor[] {
  const inputs: DeclaredTensor[] = []
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number === 4) inputs.push(readDeclared(new BinaryReader(reader.bytes())))
    else reader.skip(wire, number)
  }
  return inputs
}

/** A tensor's name, datatype and shape: as they stand in metadata and in answers. */
export function readDeclared(reader: BinaryReader): DeclaredTensor {
  let [name, datatype] = ['', '']
  const shape: number[] = []
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number === 1) name = reader.string()
    else if (number === 2) datatype = reader.string()
    else if (number === 3 && wire === WireType.LengthDelimited) {
      const packed = new BinaryReader(reader.bytes())
      while (packed.pos < packed.len) shape.push(Number(packed.int64()))
    } else if (number === 3) shape.push(Number(reader.int64()))
    else reader.skip(wire, number)
  }
  return { name, datatype, shape }
}
