// What is written here beside what TensorFlow's own converter wrote of the same Keras models, with the same samples to find ranges on
// (fixtures/make/tflite_quantized.py).
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { withValuesAsOutputs } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { Feeds, Results } from '@whyslow/measure/engines/types.ts'
import { runModel } from '@whyslow/measure/support/engines/example-run.ts'
import { recordedOf } from '@whyslow/measure/support/samples/example-outputs.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readModel } from '../../index.ts'
import { readRoot } from '../flatbuffer.ts'
import { OPERATORS } from '../operator-codes.ts'
import { MODEL, type ModelRow, type SubgraphRow } from '../schema.ts'
import { encodeLite, type LiteGraph } from '../write/index.ts'
import { liteGraphOf } from '../write/lite-model.ts'
import { dynamicRange, fullInteger, halfFloats } from './index.ts'

const FOLDER = path.resolve(import.meta.dirname, '../../../../../fixtures/formats/tflite-quantized')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-lite-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

type Method = 'dynamic' | 'static' | 'float16'
const ALL: readonly Method[] = ['dynamic', 'static', 'float16']
/** TensorFlow's converter crashes on calibrating the loop of a recurrent layer. */
const MODELS: readonly (readonly [string, readonly Method[]])[] = [
  ['cnn', ALL],
  ['mlp', ALL],
  ['rare', ALL],
  ['residual', ALL],
  ['sequence', ['dynamic', 'float16']],
  ['text', ALL],
  ['upscale', ALL],
]
const TABLES: ReadonlySet<string> = new Set(['rare', 'text'])
/** Two steps of float32: TensorFlow folds BatchNormalization in float32, here it is folded in float64. */
const TWO_STEPS = 2 ** -22
const LAYERS: ReadonlySet<string> = new Set(['CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED', 'TRANSPOSE_CONV'])

type Ranges = Map<string, { low: number; high: number }>

interface Recorded {
  readonly samples: readonly Feeds[]
  /** Keras' own output for all of them. */
  readonly expected: Float32Array
}

function recorded(name: string): Recorded {
  const arrays = recordedOf(path.join(FOLDER, name))!
  const [input, { dtype, shape, data }] = [...arrays].find(([key]) => key.startsWith('in/'))!
  const whole = data as Float32Array<ArrayBuffer>
  const each = whole.length / shape[0]!
  const samples = Array.from({ length: shape[0]! }, (_, k): Feeds => {
    const part = whole.slice(k * each, (k + 1) * each)
    return { [input.slice(3)]: { dtype, shape: [1, ...shape.slice(1)], data: part } }
  })
  return { samples, expected: [...arrays].find(([key]) => key.startsWith('out/'))![1].data as Float32Array }
}

/** Smallest and largest of every value over the samples, one after the other. */
async function rangesOf(model: Model, { samples }: Recorded): Promise<Ranges> {
  const made = model.proto.graph!.node.flatMap(({ output }) => output).filter((value) => value !== '')
  const results = await runModel(withValuesAsOutputs(model, made), samples)
  const ranges: Ranges = new Map()
  for (const [value, { dtype, data }] of [...samples, ...(results as readonly Results[])].flatMap((one) => Object.entries(one))) {
    if (dtype !== 'float32') continue
    const range = ranges.get(value) ?? { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }
    for (const one of data as Float32Array) {
      range.low = Math.min(range.low, one)
      range.high = Math.max(range.high, one)
    }
    ranges.set(value, range)
  }
  return ranges
}

/** Root mean square of what the file's output, as it is read here, is off from Keras'. */
async function errorOf(file: string, { samples, expected }: Recorded): Promise<number> {
  const results = await runModel(await readModel(file), samples)
  const given = results.flatMap((one) => [...(Object.values(one)[0]!.data as Float32Array)])
  return Math.sqrt(given.reduce((sum, one, k) => sum + (one - expected[k]!) ** 2, 0) / given.length)
}

interface Layer {
  readonly code: string
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
  readonly scales: readonly number[]
  readonly axis: number
  /** Whether the result is quantized. */
  readonly isInt8: boolean
}

/** Of operators with weights, the constant that they read, be it behind a DEQUANTIZE. */
function layersOf(bytes: Uint8Array<ArrayBuffer>): Layer[] {
  const model = readRoot(bytes, MODEL, 'model.tflite')
  const layers = model.subgraphs.flatMap((subgraph) => layersIn(model, subgraph))
  const key = ({ code, shape, bytes: { byteLength } }: Layer) => `${code} ${shape.join()} ${byteLength}`
  return layers.sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

function layersIn({ operator_codes, buffers }: ModelRow, { operators, tensors }: SubgraphRow): Layer[] {
  const codeAt = (index: number) =>
    OPERATORS[Math.max(operator_codes[index]!.builtin_code, operator_codes[index]!.deprecated_builtin_code)]!
  const restored = new Map(
    operators.flatMap((one) => (codeAt(one.opcode_index) === 'DEQUANTIZE' ? [[one.outputs[0]!, one.inputs[0]!]] : [])),
  )
  return operators.flatMap(({ opcode_index, inputs, outputs }) => {
    const code = codeAt(opcode_index)
    if (!LAYERS.has(code)) return []
    const given = inputs[1]!
    const tensor = tensors[restored.get(given) ?? given]!
    return [
      {
        code,
        shape: tensor.shape,
        bytes: buffers[tensor.buffer]!.data,
        scales: tensor.quantization?.scale ?? [],
        axis: tensor.quantization?.quantized_dimension ?? 0,
        isInt8: (tensors[outputs[0]!]!.quantization?.scale ?? []).length > 0,
      },
    ]
  })
}

/** What GATHER takes rows of, and the steps of both. */
function tableOf(bytes: Uint8Array<ArrayBuffer>) {
  const { operator_codes, subgraphs, buffers } = readRoot(bytes, MODEL, 'model.tflite')
  const { operators, tensors } = subgraphs[0]!
  const { inputs, outputs } = operators.find(({ opcode_index }) => {
    const { builtin_code, deprecated_builtin_code } = operator_codes[opcode_index]!
    return OPERATORS[Math.max(builtin_code, deprecated_builtin_code)] === 'GATHER'
  })!
  const [table, rows] = [tensors[inputs[0]!]!, tensors[outputs[0]!]!]
  const steps = [table, rows].map(({ quantization }) => [quantization!.scale, quantization!.zero_point])
  return { steps, shape: table.shape, codes: [...new Int8Array(buffers[table.buffer]!.data)] }
}

/** The convolution that BatchNormalization is folded into. */
const folded = (name: string, { code, shape }: Layer): boolean =>
  name === 'cnn' && code === 'CONV_2D' && shape.join() === '12,3,3,12'

const known = ({ code, shape, axis, isInt8 }: Layer) => ({ code, shape, axis, isInt8 })

describe.each(MODELS)('%s', (name, methods) => {
  const own = recorded(name)
  let float: LiteGraph
  let ranges: Ranges
  beforeAll(async () => {
    const model = await readModel(path.join(FOLDER, `${name}.keras`))
    float = liteGraphOf(model)
    ranges = await rangesOf(model, own)
  })
  const write = (method: Method) => {
    if (method === 'static') return encodeLite(fullInteger(float, ranges), name)
    return encodeLite(method === 'dynamic' ? dynamicRange(float) : halfFloats(float), name)
  }

  test.each(methods)('%s: weights and scales are those of TensorFlow, and the file is no larger than 1.1 times its', (method) => {
    const [ours, theirs] = [write(method), new Uint8Array(fs.readFileSync(path.join(FOLDER, `${name}.${method}.tflite`)))]
    expect(ours.byteLength).toBeLessThanOrEqual(1.1 * theirs.byteLength)
    const [made, given] = [layersOf(ours), layersOf(theirs)]
    expect(made.map(known)).toEqual(given.map(known))
    for (const [k, layer] of made.entries()) {
      const other = given[k]!
      const floats = layer.scales.length === 0 && method !== 'float16'
      if (!floats) expect(Buffer.compare(layer.bytes, other.bytes), `${layer.code} ${k}`).toBe(0)
      expect(layer.scales.length).toBe(other.scales.length)
      for (const [channel, scale] of layer.scales.entries()) {
        const off = Math.abs(scale / other.scales[channel]! - 1)
        expect(off, `${layer.code} ${k}, channel ${channel}`).toBeLessThanOrEqual(folded(name, layer) ? TWO_STEPS : 0)
      }
    }
  })

  if (TABLES.has(name))
    test('static: the table of embeddings has the codes and steps of TensorFlow, which clips rows that no sample has', () => {
      const theirs = new Uint8Array(fs.readFileSync(path.join(FOLDER, `${name}.static.tflite`)))
      expect(tableOf(write('static'))).toEqual(tableOf(theirs))
    })

  test.each(methods)('%s: the error is at most 1.5 times that of TensorFlow', async (method) => {
    const file = path.join(folder, `${name}.${method}.tflite`)
    fs.writeFileSync(file, write(method))
    const theirs = await errorOf(path.join(FOLDER, `${name}.${method}.tflite`), own)
    expect(await errorOf(file, own)).toBeLessThanOrEqual(1.5 * theirs)
  })
})
