// What is damaged: small files of each format, and what is done with one that was read.
import fs from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { readModel } from '@whyslow/formats/index.ts'
import { constantsOf, readBytes } from '@whyslow/graph/constants.ts'
import { modelFacts } from '@whyslow/graph/facts.ts'
import { evaluateRow } from '@whyslow/graph/forest/evaluate.ts'
import { tabularOf } from '@whyslow/graph/model.ts'
import { exampleNpy } from '@whyslow/graph/support/example-npy.ts'
import { stripWeights } from '@whyslow/graph/support/strip.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { withWeightStatistics } from '@whyslow/graph/weight-statistics.ts'
import { NO_FLAGS } from '@whyslow/measure/samples/flags.ts'
import { readData } from '@whyslow/measure/samples/read-data.ts'
import { resolveInputs } from '@whyslow/measure/samples/resolve.ts'
import { graphOf, input } from '@whyslow/measure/support/samples/example-graphs.ts'
import { factsOf } from '@whyslow/traces/facts/facts-of.ts'
import { readTrace } from '@whyslow/traces/recordings/index.ts'
import { EXAMPLE_TRACES } from '@whyslow/traces/support/recordings/example-traces.ts'
import { zipSync } from 'fflate'
import type { Kind } from './mutate.ts'

export interface FuzzedFormat {
  readonly kind: Kind
  /** The file's name: data is read by its ending. */
  readonly name: string
  /** At least one. */
  files(fixtures: string): Uint8Array[]
  /** Files that must stand in the same folder, by name. */
  beside?(fixtures: string): Readonly<Record<string, Uint8Array>>
  /** Reads it, and does what every command does with what was read. */
  use(file: string): Promise<void>
}

/** Larger ones would take a run of ten thousand too long. */
const LARGEST_BYTES = 12_000
const MOST_FILES = 12

/** The smallest files whose name fits, of a folder of fixtures. */
const smallest =
  (folder: string, fits: RegExp) =>
  (fixtures: string): Uint8Array[] => {
    const all = fs
      .readdirSync(path.join(fixtures, folder))
      .filter((name) => fits.test(name))
      .sort()
      .map((name) => new Uint8Array(fs.readFileSync(path.join(fixtures, folder, name))))
      .filter(({ length }) => length <= LARGEST_BYTES)
    // Some of each size.
    const sorted = all.sort((a, b) => a.length - b.length)
    const step = Math.max(1, sorted.length / MOST_FILES)
    return Array.from({ length: Math.min(MOST_FILES, sorted.length) }, (_, k) => sorted[Math.floor(k * step)]!)
  }

async function useModel(file: string): Promise<void> {
  const model = await readModel(file)
  modelFacts(model)
  for (const constant of constantsOf(model)) if (constant.dtype !== 'string') readBytes(model, constant)
  withWeightStatistics(model, viewGraph(model))
  viewGraph({ ...model, proto: stripWeights(model.proto) })
  const tabular = tabularOf(model)
  if (tabular !== undefined) evaluateRow(tabular, new Float64Array(Math.min(tabular.input.featureCount, 1000)))
}

async function useTrace(file: string): Promise<void> {
  factsOf(await readTrace(file), { calls: true })
}

const useData =
  (...declared: readonly (readonly [string, DType])[]) =>
  async (file: string): Promise<void> => {
    const inputs = declared.map(([name, dtype]) => input(name, dtype, ['batch', 2]))
    readData(file, resolveInputs(inputs, graphOf(inputs), NO_FLAGS).inputs)
  }

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const floats = Float32Array.from({ length: 8 }, (_, k) => k / 2)
const words = Uint32Array.from({ length: 12 }, (_, k) => (k % 3 === 2 ? 0 : 97 + k))
const NPY = [
  exampleNpy('<f4', [4, 2], floats),
  exampleNpy('>f8', [2, 2], new Float64Array(4), { fortran: true }),
  exampleNpy('<U3', [2, 2], words),
  exampleNpy('|S4', [3, 2], new Uint8Array(24).fill(97)),
  exampleNpy('<c8', [2, 2], new Float32Array(8), { version: 2 }),
]

/** A RIFF file: what its format is, and samples of two bytes. */
function wav(): Uint8Array {
  const bytes = Buffer.alloc(44 + 64)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(100, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(16_000, 24)
  bytes.writeUInt32LE(32_000, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(64, 40)
  return new Uint8Array(bytes)
}

/** A TensorProto: dims, data type, name, raw data. */
const TENSOR = Uint8Array.of(8, 1, 8, 2, 16, 1, 66, 1, 120, 74, 8, 0, 0, 128, 63, 0, 0, 0, 64)

const model = (kind: Kind, name: string, folder: string, fits: RegExp): FuzzedFormat => ({
  kind,
  name,
  files: smallest(folder, fits),
  use: useModel,
})

const data = (
  kind: Kind,
  name: string,
  files: readonly Uint8Array[],
  ...declared: readonly (readonly [string, DType])[]
): FuzzedFormat => ({
  kind,
  name,
  files: () => [...files],
  use: useData(...declared),
})

const TRACE_KINDS: Readonly<Record<string, Kind>> = { cprofile: 'binary', xplane: 'protobuf', pprof: 'protobuf' }
const PACKED = 'pyinstrument-model.json.gz'
const trace = (kind: Kind, file: string, read = (bytes: Buffer): Buffer => bytes): FuzzedFormat => ({
  kind,
  name: 'trace',
  files: (fixtures) => [new Uint8Array(read(fs.readFileSync(path.join(fixtures, 'traces', file))))],
  use: useTrace,
})

const X = ['x', 'float32'] as const

export const FORMATS: Readonly<Record<string, FuzzedFormat>> = {
  onnx: model('protobuf', 'm.onnx', 'models', /\.onnx$/),
  keras: model('zip', 'm.keras', 'formats/keras', /\.keras$/),
  hdf5: {
    ...model('binary', 'm.h5', 'formats/keras', /\.h5$/),
    // Metadata alone is some 15 KB.
    files: (fixtures) =>
      ['k3-dense-sequential.h5', 'k2-sequential.h5'].map(
        (name) => new Uint8Array(fs.readFileSync(path.join(fixtures, 'formats/keras', name))),
      ),
  },
  'tfjs graph': {
    ...model('text', 'model.json', 'formats/tfjs', /^(paddings|reductions|corners)\.json$/),
    files: (fixtures) =>
      ['conv-transpose', 'integers'].map(
        (name) => new Uint8Array(fs.readFileSync(path.join(fixtures, 'formats/tfjs', `${name}.json`))),
      ),
    beside: binaries(/^(conv-transpose|integers)\.bin$/),
  },
  'tfjs layers': {
    ...model('text', 'model.json', 'formats/tfjs', /^layers-.*\.json$/),
    beside: binaries(/^layers-.*\.bin$/),
  },
  tflite: model('binary', 'm.tflite', 'formats/tflite', /\.tflite$/),
  'xgboost json': model('text', 'm.json', 'formats/xgboost', /^\d.*\.json$/),
  'xgboost ubjson': model('binary', 'm.ubj', 'formats/xgboost', /\.ubj$/),
  'xgboost binary': model('binary', 'm.bin', 'formats/xgboost', /\.(bin|deprecated)$/),
  lightgbm: model('text', 'm.txt', 'formats/lightgbm', /\.txt$/),
  catboost: model('text', 'm.json', 'formats/catboost', /^(?!outputs).*\.json$/),
  skops: model('zip', 'm.skops', 'formats/skops', /\.skops$/),
  npy: data('npy', 'd.npy', NPY, X),
  'npy of texts': data('npy', 'd.npy', NPY.slice(2, 4), ['t', 'string']),
  npz: data('zip', 'd.npz', [zipSync({ 'x.npy': NPY[0]!, 'y.npy': NPY[1]! }, { level: 0 }), zipSync({ 'x.npy': NPY[0]! })], X),
  csv: data('text', 'd.csv', [bytesOf('x,y\n1,2\n3.5,-4e3\n"5","6"\n'), bytesOf('1\t2\n3\t4\n')], X),
  json: data(
    'text',
    'd.json',
    [bytesOf('{"x": [[1, 2], [3, 4.5]]}'), bytesOf('[{"x": [1, 2]}, {"x": [3, 4]}]'), bytesOf('[[1, 2], [3, 4]]')],
    X,
  ),
  'tensor of ONNX': data('protobuf', 'd.pb', [TENSOR], X),
  wav: data('binary', 'd.wav', [wav()], X),
  ...Object.fromEntries(
    Object.entries(EXAMPLE_TRACES).map(([id, bytes]): [string, FuzzedFormat] => [
      `trace of ${id}`,
      { kind: TRACE_KINDS[id] ?? 'text', name: 'trace', files: () => [new Uint8Array(bytes)], use: useTrace },
    ]),
  ),
  'trace of xplane, recorded': trace('protobuf', 'tensorflow-clean.xplane.pb'),
  'trace of onnxruntime': trace('text', 'onnxruntime.json.gz', (bytes) =>
    Buffer.from(
      `${gunzipSync(bytes)
        .toString('latin1')
        .slice(0, 4000)
        .replace(/,[^}]*$/, '')}`.replace(/\}?,?\s*\{[^{}]*$/, '}]'),
    ),
  ),
  'trace of pprof, recorded': trace('protobuf', 'node.pprof.gz', (bytes) => gunzipSync(bytes)),
  'trace of nsys': trace('binary', 'nsys-synthetic.sqlite'),
  'trace, packed': trace('binary', PACKED),
}

function binaries(fits: RegExp) {
  return (fixtures: string): Record<string, Uint8Array> => {
    const folder = path.join(fixtures, 'formats/tfjs')
    const names = fs.readdirSync(folder).filter((name) => fits.test(name))
    return Object.fromEntries(names.map((name) => [name, new Uint8Array(fs.readFileSync(path.join(folder, name)))]))
  }
}
