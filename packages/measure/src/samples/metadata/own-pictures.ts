// What a model's own file says of the images that it takes: ONNX's metadata of images, keys that exporters write next to it (mean, std), and the
// normalization of a TFLite file's metadata. https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md
// https://github.com/tensorflow/tflite-support/blob/master/tensorflow_lite_support/metadata/metadata_schema.fbs
import { readFileSync, statSync } from 'node:fs'
import { bytes, removedField, tables, text, uint32, union, vector } from '@whyslow/formats/tflite/fields.ts'
import { readRoot } from '@whyslow/formats/tflite/flatbuffer.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { TypeProto } from 'onnx-buf'
import { firstLayers } from '../layers/first-layers.ts'
import { FROM_METADATA, type PictureNumbers } from '../picture-numbers.ts'

const BYTE = 1 / 255
/** A mean or a deviation above this is of bytes. */
const UNIT_LIMIT = 1.5
const numbers = (scale: number, mean: readonly number[] = [0], std: readonly number[] = [1], bgr = false): PictureNumbers => ({
  ...{ scale, mean, std, bgr, from: FROM_METADATA },
})

/** Image.NominalPixelRange, and the range that holds if nothing is said. */
const RANGES: Readonly<Record<string, PictureNumbers>> = {
  NominalRange_0_255: numbers(1),
  Normalized_0_1: numbers(BYTE),
  Normalized_1_1: numbers(BYTE, [0.5], [0.5]),
  NominalRange_16_235: numbers(219 / 255, [-16]),
}
const IS_MEAN = /^(input|image|pixel|norm|normalize)?[._]?means?$/i
const IS_STD = /^(input|image|pixel|norm|normalize)?[._]?(std|stds|stddev|stdev)$/i
const CHANNELS = [1, 3, 4] as const
const MOST_CHANNELS = 4
/** Tensors of fewer axes are no images, but sizes and factors next to them. */
const LEAST_RANK = 3

/** null: it says nothing. */
export function ownPictures(model: Model): PictureNumbers | null {
  const { proto, source } = model
  const said = new Map(proto.metadataProps.map(({ key, value }) => [key, value]))
  const mean = byMean(said)
  return (
    byImageKeys(said) ??
    (mean !== null && normalizesItself(model) ? null : mean) ??
    byExporter(said) ??
    (source.format === 'tflite' ? inTflite(source.file) : null)
  )
}

type Said = ReadonlyMap<string, string>

const NORMALIZES: ReadonlySet<string> = new Set(['Sub', 'Add', 'Div', 'Mul', 'BatchNormalization', 'ImageScaler'])

/** Its metadata may then say what its own nodes do, be it behind others that turn, convert or resize the image. */
function normalizesItself(model: Model): boolean {
  const { graph } = model.proto
  if (graph === undefined) return false
  const weights = new Set(graph.initializer.map(({ name }) => name))
  const images = graph.input.flatMap(({ name, type }) => (weights.has(name) || rankOf(type) < LEAST_RANK ? [] : [name]))
  const isScaled = (name: string, channels: number) => {
    const { scale, shift, inputMoments } = firstLayers(model, name, channels)
    return inputMoments !== null || scale.some((one) => one !== 1) || shift.some((one) => one !== 0)
  }
  return (
    graph.node.some(({ opType, input }) => NORMALIZES.has(opType) && images.some((name) => input.includes(name))) ||
    images.some((name) => CHANNELS.some((channels) => isScaled(name, channels)))
  )
}

const rankOf = (type: TypeProto | undefined): number =>
  (type?.value.case === 'tensorType' ? type.value.value.shape?.dim.length : undefined) ?? LEAST_RANK

function byImageKeys(said: Said): PictureNumbers | null {
  const [format, range] = [said.get('Image.BitmapPixelFormat'), said.get('Image.NominalPixelRange')]
  if (format === undefined && range === undefined) return null
  const known = range ?? 'NominalRange_0_255'
  return !Object.hasOwn(RANGES, known) ? null : { ...RANGES[known]!, bgr: /^bgr/i.test(format ?? '') }
}

function byMean(said: Said): PictureNumbers | null {
  const numbersAt = (pattern: RegExp) => {
    const key = [...said.keys()].find((one) => pattern.test(one))
    return key === undefined ? undefined : listOf(said.get(key)!)
  }
  const [mean, std] = [numbersAt(IS_MEAN), numbersAt(IS_STD) ?? [1]]
  return mean === undefined || std.some((one) => one <= 0) ? null : asGiven(mean, std)
}

/** Numbers are of bytes if one of them is large. */
const asGiven = (mean: readonly number[], std: readonly number[]): PictureNumbers =>
  numbers([...mean, ...std].every((one) => Math.abs(one) <= UNIT_LIMIT) ? BYTE : 1, mean, std)

/** '[0.485, 0.456, 0.406]', '0.5,0.5,0.5' or '127.5'; undefined: no numbers of channels. */
function listOf(value: string): readonly number[] | undefined {
  const list = value
    .replaceAll(/[[\]()\s]+/g, ' ')
    .trim()
    .split(/[ ,;]+/)
    .filter(Boolean)
    .map(Number)
  return list.length > 0 && list.length <= MOST_CHANNELS && list.every(Number.isFinite) ? list : undefined
}

/** Exporters that always take values from 0 to 1, in RGB. */
const byExporter = (said: Said): PictureNumbers | null =>
  said.get('author') === 'Ultralytics' && said.has('stride') ? numbers(BYTE) : null

/** Tables as far as they are read. Exported for its test. */
export const TFLITE_FILE = {
  version: uint32(),
  operator_codes: removedField(),
  subgraphs: removedField(),
  description: removedField(),
  buffers: tables({ data: bytes(16) }),
  metadata_buffer: removedField(),
  metadata: tables({ name: text(), buffer: uint32() }),
}
const OPTIONS = union({ NormalizationOptions: { mean: vector('float32'), std: vector('float32') } })
const TENSOR = {
  name: text(),
  description: removedField(),
  dimension_names: removedField(),
  content: removedField(),
  process_units: tables({ options: OPTIONS }),
}
/** The same of the metadata. */
export const TFLITE_METADATA = {
  name: text(),
  description: removedField(),
  version: removedField(),
  subgraph_metadata: tables({ name: text(), description: removedField(), input_tensor_metadata: tables(TENSOR) }),
}
const METADATA = { buffer: 'TFLITE_METADATA', identifier: 'M001' }
/** Larger files are no models of images on a phone, for which metadata is written. */
export const MOST_TFLITE_BYTES = 2 ** 28

/** The first normalization of an input. A damaged file is read as one without metadata. */
function inTflite(file: string): PictureNumbers | null {
  try {
    if (statSync(file).size > MOST_TFLITE_BYTES) return null
    const content = new Uint8Array(readFileSync(file))
    const { buffers, metadata } = readRoot(content, TFLITE_FILE, file)
    const at = metadata.find(({ name }) => name === METADATA.buffer)?.buffer
    const data = at === undefined ? undefined : buffers[at]?.data
    if (data === undefined || new TextDecoder().decode(data.subarray(4, 8)) !== METADATA.identifier) return null
    const { subgraph_metadata: graphs } = readRoot(new Uint8Array(data), TFLITE_METADATA, file)
    const units = graphs[0]?.input_tensor_metadata.flatMap(({ process_units }) => process_units) ?? []
    const found = units.find(({ options }) => options?.member === 'NormalizationOptions')?.options?.fields as
      | { readonly mean: readonly number[]; readonly std: readonly number[] }
      | undefined
    if (found === undefined || found.mean.length === 0 || !found.mean.every(Number.isFinite)) return null
    if (!found.std.every((one) => one > 0 && Number.isFinite(one))) return null
    // Of bytes, as TensorFlow's task library applies it.
    return numbers(1, found.mean, found.std.length === 0 ? [1] : found.std)
  } catch (error) {
    if (error instanceof InputError || error instanceof RangeError || (error as NodeJS.ErrnoException).code !== undefined)
      return null
    throw error
  }
}
