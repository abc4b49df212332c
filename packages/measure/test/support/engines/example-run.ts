// Running small models on the engine in tests: seeded feeds from the declared shapes, results, and the types that every value has when it
// runs.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { modelInMemory, writeModel } from '@whyslow/graph/build.ts'
import { decodeNumbers } from '@whyslow/graph/decode.ts'
import { withValuesAsOutputs } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { DType, GraphView, TensorType } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { ModelProtoSchema } from 'onnx-buf'
import { ortCpu } from '../../../src/engines/onnxruntime/ort-cpu.ts'
import type { EngineOptions, Feeds, Results, TensorValue } from '../../../src/engines/types.ts'
import { arrayFor, store } from '../../../src/samples/dtype-arrays.ts'
import { plainOptions } from './example-options.ts'

/** Size of a dimension that is declared free, where a case does not say another. */
const FREE_SIZE = 2

/** Feeds for every graph input: normal floats, integers 0 to 3, random bools, words; the same for the same seed. */
export function randomFeeds(model: Model, seed: number, sizes: Readonly<Record<string, number>> = {}): Feeds {
  const random = mulberry32(seed)
  const feeds = viewGraph(model).inputs.map(({ name, dtype, shape }): [string, TensorValue] => {
    if (dtype === null || shape === null) throw new Error(`input '${name}' has no type or shape: give the case its feeds`)
    const fed = shape.map((size) => (typeof size === 'number' ? size : (sizes[size ?? ''] ?? FREE_SIZE)))
    return [name, randomTensor(dtype, fed, random)]
  })
  return Object.fromEntries(feeds)
}

function randomTensor(dtype: DType, shape: readonly number[], random: () => number): TensorValue {
  const count = shape.reduce((product, size) => product * size, 1)
  if (dtype === 'string') return { dtype, shape, data: Array.from({ length: count }, () => `w${Math.floor(4 * random())}`) }
  const data = arrayFor(dtype, count)
  for (let i = 0; i < count; i++) {
    const value = dtype.includes('float') ? normal(random) : Math.floor((dtype === 'bool' ? 2 : 4) * random())
    store(dtype, data, i, value)
  }
  return { dtype, shape, data }
}

/** Does `work` with the model written into a folder of its own, with its external data; the folder goes afterwards. */
export async function withModelFile<T>(model: Model, work: (file: string, folder: string) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-model-'))
  try {
    const file = path.join(folder, 'model.onnx')
    fs.writeFileSync(file, writeModel(model.proto))
    for (const [location, source] of model.weights) {
      fs.mkdirSync(path.dirname(path.join(folder, location)), { recursive: true })
      fs.writeFileSync(path.join(folder, location), source.read(0, source.sizeBytes))
    }
    return await work(file, folder)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Results for each of the feeds. Throws if the engine refuses the model or the feeds. */
export async function runModel(model: Model, feeds: readonly Feeds[], given: Partial<EngineOptions> = {}): Promise<Results[]> {
  const options = { ...plainOptions, ...given }
  return await withModelFile(model, async (file) => {
    const session = await ortCpu.open(file, options)
    try {
      const results: Results[] = []
      for (const one of feeds) results.push(copyOf(await session.run(one)))
      return results
    } finally {
      await session.close()
    }
  })
}

/** Results may be written into the same tensors by the next prediction. */
function copyOf(results: Results): Results {
  const copies = Object.entries(results).map(([name, { data, ...type }]) => {
    return [name, { ...type, data: Array.isArray(data) ? [...data] : (data as Float32Array).slice() }]
  })
  return Object.fromEntries(copies)
}

/** Types as run of every value that a node of the main graph makes, of the inputs fed, and of constants. */
export async function typesAsRun(
  model: Model,
  feeds: Feeds,
  given: Partial<EngineOptions> = {},
): Promise<Map<string, TensorType>> {
  const made = model.proto.graph!.node.flatMap(({ output }) => output).filter((name) => name !== '')
  const [results] = await runModel(withValuesAsOutputs(model, made), [feeds], { ...given, graphOptimization: 'disabled' })
  const typed = [
    ...Object.values(viewGraph(model).constants).map((one) => [one.name, one] as const),
    ...Object.entries({ ...feeds, ...results }),
  ]
  return new Map(typed.map(([name, { dtype, shape }]) => [name, { dtype, shape: [...shape] }]))
}

/** The graph that the engine makes of the model and runs. */
export async function executedGraph(model: Model, given: Partial<EngineOptions> = {}): Promise<GraphView> {
  return await withModelFile(model, async (file, folder) => {
    const optimizedModelPath = path.join(folder, 'optimized.onnx')
    const session = await ortCpu.open(file, { ...plainOptions, ...given, optimizedModelPath })
    await session.close()
    const proto = fromBinary(ModelProtoSchema, fs.readFileSync(optimizedModelPath))
    return viewGraph({ ...modelInMemory(proto), weights: model.weights })
  })
}

/** As share of the number or, if that is larger, of the output's root mean square. Infinity where one is NaN or a string differs. */
export function largestDifference(value: TensorValue, reference: TensorValue): number {
  const [a, b] = [numbersOf(value), numbersOf(reference)]
  const finite = b.filter((one): one is number => Number.isFinite(one))
  const rms = Math.sqrt(finite.reduce((sum, one) => sum + one * one, 0) / Math.max(1, finite.length))
  let worst = a.length === b.length ? 0 : Number.POSITIVE_INFINITY
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!]
    if (Object.is(x, y) || x === y) continue
    if (typeof x !== 'number' || typeof y !== 'number') return Number.POSITIVE_INFINITY
    const difference = Math.abs(x - y) / Math.max(Math.abs(y), rms, Number.MIN_VALUE)
    worst = Math.max(worst, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference)
  }
  return worst
}

function numbersOf({ dtype, data }: TensorValue): readonly (number | bigint | string)[] {
  if (Array.isArray(data)) return data
  const array = data as Float32Array
  if (dtype !== 'float16' && dtype !== 'bfloat16') return Array.from(array)
  return decodeNumbers(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), dtype, array.length)!
}
