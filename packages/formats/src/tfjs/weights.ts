// The weights of a model.json: all files of all groups are one stream of bytes, and all tensors are in it one after the other (a
// tensor may begin in one file and end in the next). Quantization here is storage: what is read is float32 again.
// https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/io_utils.ts (decodeWeights), tfjs-converter/python/tensorflowjs/
// write_weights.py
import fs from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import { float16Value } from '@whyslow/graph/decode.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { findSiblingFile } from '../beside.ts'
import { isRecord, type Json } from '../layers/layer-config.ts'
import { entry, type ModelJson } from './model-json.ts'

export interface TfjsWeights {
  /** Tensors keyed by the names in the manifest, in its order. */
  readonly tensors: ReadonlyMap<string, ConstantData>
  readonly bytes: Uint8Array
}

interface Quantization {
  readonly dtype: 'uint8' | 'uint16' | 'float16'
  readonly scale: number
  readonly min: number
}

interface Spec {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int32' | 'bool' | 'string' | 'complex64'
  readonly quantization: Quantization | undefined
}

const BYTES = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 } as const

/** Throws InputError, naming the file or the tensor, where a file is missing, outside the folder, or not as long as its tensors. */
export function readWeights(model: ModelJson): TfjsWeights {
  const groups = model.manifest.map((group) => groupOf(group, model.file))
  const specs = groups.flatMap((group) => group.specs)
  const bytes = readStream(
    groups.flatMap((group) => group.paths),
    model.file,
    fixedBytes(specs),
  )
  const tensors = new Map<string, ConstantData>()
  let at = 0
  for (const spec of specs) {
    if (tensors.has(spec.name)) throw new InputError(`${model.file} lists the weight '${spec.name}' twice; save the model again`)
    const { data, end } = decode(spec, bytes, at, model.file)
    tensors.set(spec.name, { dtype: spec.dtype, shape: spec.shape, data })
    at = end
  }
  if (at !== bytes.byteLength) {
    throw new InputError(
      `${model.file} lists weights of ${at} bytes, and its files hold ${bytes.byteLength}; download or copy them again`,
    )
  }
  return { tensors, bytes }
}

function groupOf(group: Json, file: string): { readonly paths: readonly string[]; readonly specs: readonly Spec[] } {
  const paths = isRecord(group) ? entry(group, 'paths') : undefined
  const weights = isRecord(group) ? entry(group, 'weights') : undefined
  if (!Array.isArray(paths) || !paths.every((one) => typeof one === 'string') || !Array.isArray(weights)) {
    throw new InputError(`${file} has a group of weights without paths or weights; save the model again`)
  }
  return { paths, specs: weights.map((one: Json) => specOf(one, file)) }
}

function specOf(given: Json, file: string): Spec {
  const name = isRecord(given) ? entry(given, 'name') : undefined
  if (!isRecord(given) || typeof name !== 'string')
    throw new InputError(`${file} lists a weight without a name; save the model again`)
  const [shape, dtype, quantization] = [entry(given, 'shape'), entry(given, 'dtype'), entry(given, 'quantization')]
  const refused = (what: string) => new InputError(`${file}: weight '${name}' has ${what}; save the model again`)
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0))
    throw refused('no shape')
  if (!Number.isSafeInteger(elementCount(shape as number[]))) throw refused('a shape that is too large')
  switch (dtype) {
    case 'float32':
    case 'int32':
    case 'bool':
    case 'string':
    case 'complex64': {
      const storage = quantization === undefined || quantization === null ? undefined : quantizationOf(quantization)
      if (storage === null || (storage !== undefined && dtype !== 'float32' && dtype !== 'int32'))
        throw refused('a quantization that is not known')
      return { name, shape: shape as number[], dtype, quantization: storage }
    }
    default:
      throw refused(`the type ${JSON.stringify(dtype ?? null)}, which TensorFlow.js does not have`)
  }
}

/** null: none that is known. */
function quantizationOf(given: Json): Quantization | null {
  if (!isRecord(given)) return null
  const dtype = entry(given, 'dtype')
  if (dtype === 'float16') return { dtype, scale: 1, min: 0 }
  const [scale, min] = [entry(given, 'scale'), entry(given, 'min')]
  if ((dtype !== 'uint8' && dtype !== 'uint16') || typeof scale !== 'number' || typeof min !== 'number') return null
  return { dtype, scale, min }
}

/** Bytes of all tensors; strings count their lengths alone, since only the stream knows the rest. */
function fixedBytes(specs: readonly Spec[]): { readonly atLeast: number; readonly exact: boolean } {
  let atLeast = 0
  for (const spec of specs) atLeast += elementCount(spec.shape) * elementBytes(spec)
  return { atLeast, exact: specs.every(({ dtype }) => dtype !== 'string') }
}

const elementBytes = ({ dtype, quantization }: Spec): number => (dtype === 'string' ? 4 : BYTES[quantization?.dtype ?? dtype])

function readStream(
  paths: readonly string[],
  file: string,
  { atLeast, exact }: { readonly atLeast: number; readonly exact: boolean },
): Uint8Array<ArrayBuffer> {
  const found = paths.map((location) => {
    const what = `A part of the weights of ${file}`
    if (/^[a-z][a-z0-9+.-]*:/i.test(location) || location.includes('\\'))
      throw new InputError(
        `${what} is in '${location}', which is not a path in its folder; put the file next to it and correct the name`,
      )
    return { location, ...findSiblingFile({ file, location, what }) }
  })
  const total = found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const isWhole = exact ? total === atLeast : total >= atLeast
  const packed = !isWhole && found.length > 0 ? unpacked(found, atLeast) : undefined
  if (packed !== undefined) return packed
  if (!isWhole) {
    const names = found.length === 1 ? `'${found[0]!.location}' has` : `its ${found.length} files of weights have`
    throw new InputError(`${file} lists weights of ${atLeast} bytes, and ${names} ${total}; download or copy them again`)
  }
  const bytes = new Uint8Array(total)
  let at = 0
  for (const { path, sizeBytes } of found) {
    bytes.set(fs.readFileSync(path).subarray(0, sizeBytes), at)
    at += sizeBytes
  }
  return bytes
}

/** Files that were compressed with gzip, as some servers keep them; undefined if they are not. */
function unpacked(files: readonly { readonly path: string; readonly sizeBytes: number }[], atLeast: number) {
  if (files.some(({ sizeBytes }) => sizeBytes > atLeast + 1024)) return undefined
  const parts: Buffer[] = []
  for (const { path } of files) {
    const bytes = fs.readFileSync(path)
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return undefined
    try {
      parts.push(gunzipSync(bytes, { maxOutputLength: atLeast + 1 }))
    } catch {
      return undefined
    }
  }
  const total = parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (total !== atLeast) return undefined
  const bytes = new Uint8Array(total)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return bytes
}

function decode(
  spec: Spec,
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  file: string,
): { data: ConstantData['data']; end: number } {
  const count = elementCount(spec.shape)
  if (spec.dtype === 'string') return decodeStrings(spec, bytes, at, file)
  const end = at + count * elementBytes(spec)
  if (end > bytes.byteLength) throw cutOff(spec, file)
  if (spec.quantization === undefined) return { data: plain(spec.dtype, bytes, at, count), end }
  return { data: dequantized(spec, spec.quantization, bytes.slice(at, end)), end }
}

/** A view where the bytes are at a multiple of the element's size, else a copy. */
function plain(dtype: Exclude<Spec['dtype'], 'string'>, bytes: Uint8Array<ArrayBuffer>, at: number, count: number) {
  if (dtype === 'bool') return bytes.subarray(at, at + count)
  const elements = dtype === 'complex64' ? 2 * count : count
  const aligned =
    at % 4 === 0 ? { buffer: bytes.buffer, offset: at } : { buffer: bytes.slice(at, at + 4 * elements).buffer, offset: 0 }
  return dtype === 'int32'
    ? new Int32Array(aligned.buffer, aligned.offset, elements)
    : new Float32Array(aligned.buffer, aligned.offset, elements)
}

/** v · scale + min, as TensorFlow.js computes it (float64, then rounded to the type). */
function dequantized({ dtype }: Spec, { dtype: storage, scale, min }: Quantization, bytes: Uint8Array<ArrayBuffer>) {
  const stored = storage === 'uint8' ? bytes : new Uint16Array(bytes.buffer)
  if (dtype === 'int32') return Int32Array.from(stored, (value) => Math.round(value * scale + min))
  return Float32Array.from(stored, storage === 'float16' ? float16Value : (value) => value * scale + min)
}

function decodeStrings(spec: Spec, bytes: Uint8Array, at: number, file: string): { data: readonly string[]; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const decoder = new TextDecoder()
  const strings: string[] = []
  let end = at
  for (let k = elementCount(spec.shape); k > 0; k--) {
    if (end + 4 > bytes.byteLength) throw cutOff(spec, file)
    const length = view.getUint32(end, true)
    if (end + 4 + length > bytes.byteLength) throw cutOff(spec, file)
    strings.push(decoder.decode(bytes.subarray(end + 4, end + 4 + length)))
    end += 4 + length
  }
  return { data: strings, end }
}

const cutOff = ({ name }: Spec, file: string) =>
  new InputError(`${file}: the weights end within '${name}'; download or copy its files again`)
