// Running small models on the engine in tests: seeded feeds from the declared shapes, results, the graph that the engine makes of
// the model, and the types that every value has when it runs.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ortCpu } from '../engines/onnxruntime/ort-cpu.ts'
import type { Feeds, Results, TensorValue } from '../engines/types.ts'
import { readOnnx } from '../formats/onnx.ts'
import { valueInfo, writeModel } from '../graph/build.ts'
import { copyWith } from '../graph/copy.ts'
import type { Model, WeightSource } from '../graph/model.ts'
import { mulberry32, normal } from '../graph/random.ts'
import type { DType, GraphView, TensorType } from '../graph/types.ts'
import { viewGraph } from '../graph/view.ts'
import { arrayFor, store } from '../measure/samples/dtype-arrays.ts'
import type { Profile, ProfiledNode } from '../measure/timing/types.ts'
import type { RemedySetup, RemedyTools } from './kit/remedy.ts'

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
async function withModelFile<T>(model: Model, work: (file: string, folder: string) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-remedy-'))
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

/** Results for each of the feeds. Throws where the engine refuses the model or the feeds. */
export async function runSetup({ model, options }: RemedySetup, feeds: readonly Feeds[]): Promise<Results[]> {
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

/** The model as the engine writes it with these options, weights included. */
export async function optimizedBy({ model, options }: RemedySetup): Promise<Model> {
  return await withModelFile(model, async (file, folder) => {
    const optimizedModelPath = path.join(folder, 'optimized.onnx')
    const session = await ortCpu.open(file, { ...options, optimizedModelPath })
    await session.close()
    const optimized = await readOnnx(optimizedModelPath)
    return { ...optimized, weights: new Map([...optimized.weights].map(([location, source]) => [location, inMemory(source)])) }
  })
}

/** The folder that the weights lie in goes. */
function inMemory({ sizeBytes, read }: WeightSource): WeightSource {
  const bytes = read(0, sizeBytes)
  return { sizeBytes, read: (offset, length) => bytes.subarray(offset, offset + length) }
}

/** The graph that the engine runs. */
export async function executedGraph(setup: RemedySetup): Promise<GraphView> {
  return viewGraph(await optimizedBy(setup))
}

/** What a remedy is handed in the product: the engine's own optimizer; no simplifier. */
export const engineTools: RemedyTools = {
  optimize: (setup, level) => optimizedBy({ ...setup, options: { ...setup.options, graphOptimization: level } }),
}

/** Types as run of every value that a node of the main graph makes, of the inputs fed, and of constants. */
export async function typesAsRun(setup: RemedySetup, feeds: Feeds): Promise<Map<string, TensorType>> {
  const { model } = setup
  const view = viewGraph(model)
  const graph = model.proto.graph!
  const listed = new Set(graph.output.map(({ name }) => name))
  const made = graph.node.flatMap(({ output }) => output).filter((name) => name !== '' && !listed.has(name))
  // Outputs of unknown type: the engine infers them.
  const output = [...graph.output, ...made.map((name) => copyWith(valueInfo(name, 'float32'), { type: undefined }))]
  const asked = { ...model, proto: copyWith(model.proto, { graph: copyWith(graph, { output }) }) }
  const options = { ...setup.options, graphOptimization: 'disabled' as const }
  const [results] = await runSetup({ ...setup, model: asked, options }, [feeds])
  const typed = [
    ...Object.values(view.constants).map((one) => [one.name, one] as const),
    ...Object.entries({ ...feeds, ...results }),
  ]
  return new Map(typed.map(([name, { dtype, shape }]) => [name, { dtype, shape: [...shape] }]))
}

/** A profile of the graph as it is written, without the engine's fusions: types as run, 1 ms each node. */
export async function profileAsWritten(setup: RemedySetup, feeds: Feeds): Promise<Profile> {
  const graph = viewGraph(setup.model)
  const types = await typesAsRun(setup, feeds)
  const nodes = graph.nodes.map(({ name, opType, domain, inputs, outputs }): ProfiledNode => {
    const typesOf = (names: readonly string[]) => names.map((one) => types.get(one) ?? null)
    return {
      name,
      opType,
      domain,
      origin: [name],
      timeMs: 1,
      rawMs: 1,
      runsPerPrediction: 1,
      inputs,
      outputs,
      inputTypes: typesOf(inputs),
      outputTypes: typesOf(outputs),
      provider: 'CPUExecutionProvider',
      inserted: false,
      parent: null,
    }
  })
  return {
    graph,
    nodes,
    overheadPerNodeUs: 1,
    profiledP50Ms: nodes.length,
    correction: 'none',
    threads: 1,
    predictions: 1,
    dispatchPerNodeUs: 1,
  }
}
