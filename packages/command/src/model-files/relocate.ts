// External weights in files of the folder's own. Only the ranges that the model uses are taken, each once; offsets are aligned so
// that engines can map them (a multiple of 4096 is advised): https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
// Files in which ONNX Runtime keeps prepacked weights are taken whole: keys 'prepacked_0' … hold offsets of their own.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model, WeightSource } from '@whyslow/graph/model.ts'
import { type ExternalRange, externalRange, externalReference, isExternal, tensorType } from '@whyslow/graph/tensor-data.ts'
import { mapTensors } from '@whyslow/graph/tensor-map.ts'
import { holdersOf, tensorsIn } from '@whyslow/graph/walk.ts'
import type { ModelProto, TensorProto } from 'onnx-buf'

/** What is read, and written, at a time. */
const CHUNK_BYTES = 16 * 2 ** 20
const PAGE_BYTES = 4096
/** Smaller tensors need no page of their own; 64 keeps them on cache lines. */
const SMALL_ALIGN_BYTES = 64
const SMALL_BYTES = 64 * 1024
const PREPACKED = /^prepacked_/

/** A file of weights, as chunks made when they are requested. */
export interface WeightsFile {
  readonly path: string
  readonly chunks: Iterable<Uint8Array>
}

export interface RelocatedModel {
  readonly proto: ModelProto
  readonly files: readonly WeightsFile[]
}

/** Where bytes come from and where they are in the new file. */
interface Piece {
  readonly offset: number
  readonly length: number
  readonly chunks: () => Iterable<Uint8Array>
}

/**
 * The model with every external tensor, and the `externalized` ones with raw data, in files named after `modelFile`
 * ('model.onnx.data', …), which are returned with it. A model with neither is returned unchanged.
 */
export function relocateWeights(
  { proto, weights }: Model,
  modelFile: string,
  externalized: ReadonlySet<TensorProto>,
): RelocatedModel {
  const external = externalTensors(proto)
  if (external.size + externalized.size === 0) return { proto, files: [] }
  const whole = new Set([...external].filter(([tensor]) => hasPrepacked(tensor)).map(([, { location }]) => location))
  const names = nameFiles(modelFile, whole)
  const packed: Piece[] = []
  const places = new Map<TensorProto, ExternalRange>()
  const seen = new Map<string, ExternalRange>()
  const pack = (length: number, chunks: () => Iterable<Uint8Array>): ExternalRange => {
    const last = packed.at(-1)
    const step = length < SMALL_BYTES ? SMALL_ALIGN_BYTES : PAGE_BYTES
    const offset = Math.ceil((last === undefined ? 0 : last.offset + last.length) / step) * step
    packed.push({ offset, length, chunks })
    return { location: names.packed, offset, length }
  }
  for (const [tensor, range] of external) {
    const source = weights.get(range.location)!
    const wholeName = names.whole.get(range.location)
    const key = `${range.location}\0${range.offset}\0${range.length}`
    const place =
      wholeName !== undefined
        ? { location: wholeName, offset: range.offset, length: range.length }
        : (seen.get(key) ?? pack(range.length, () => readChunks(source, range)))
    seen.set(key, place)
    places.set(tensor, place)
  }
  for (const tensor of externalized)
    places.set(
      tensor,
      pack(tensor.rawData.byteLength, () => slices(tensor.rawData)),
    )
  const files = [...names.whole].map(([location, path]) => {
    const source = weights.get(location)!
    return { path, chunks: readChunks(source, { location, offset: 0, length: source.sizeBytes }) }
  })
  if (packed.length > 0) files.push({ path: names.packed, chunks: join(packed) })
  return {
    proto: mapTensors(proto, (tensor) => {
      const place = places.get(tensor)
      return place === undefined ? tensor : externalReference(tensor, place)
    }),
    files,
  }
}

function externalTensors(proto: ModelProto): Map<TensorProto, ExternalRange> {
  const found = new Map<TensorProto, ExternalRange>()
  for (const { tensor, name } of holdersOf(proto).flatMap(tensorsIn)) {
    if (isExternal(tensor)) found.set(tensor, externalRange(tensor, tensorType(tensor, name), name))
  }
  return found
}

function hasPrepacked({ externalData }: TensorProto): boolean {
  return externalData.some(({ key }) => PREPACKED.test(key))
}

function nameFiles(modelFile: string, whole: ReadonlySet<string>) {
  return {
    packed: `${modelFile}.data`,
    whole: new Map([...whole].map((location, index) => [location, `${modelFile}.${index + 1}.data`])),
  }
}

function* readChunks(source: WeightSource, { location, offset, length }: ExternalRange): Iterable<Uint8Array> {
  for (let done = 0; done < length; done += CHUNK_BYTES) {
    try {
      yield source.read(offset + done, Math.min(CHUNK_BYTES, length - done))
    } catch (error) {
      const { message } = error as Error
      throw new InputError(`Weights '${location}' can no longer be read (${message}); put them back and start again`, {
        cause: error,
      })
    }
  }
}

function* slices(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let done = 0; done < bytes.byteLength; done += CHUNK_BYTES) yield bytes.subarray(done, done + CHUNK_BYTES)
}

function* join(pieces: readonly Piece[]): Iterable<Uint8Array> {
  let at = 0
  for (const { offset, length, chunks } of pieces) {
    if (offset > at) yield new Uint8Array(offset - at)
    yield* chunks()
    at = offset + length
  }
}
