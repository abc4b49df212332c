// Running small setups on the engine in tests: results, and the graph that the engine makes of the model.
import path from 'node:path'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import type { Model, WeightSource } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { ortCpu } from '@whyslow/measure/engines/onnxruntime/ort-cpu.ts'
import type { Feeds, Results } from '@whyslow/measure/engines/types.ts'
import { executedGraph as executedBy, runModel, typesAsRun, withModelFile } from '@whyslow/measure/support/engines/example-run.ts'
import type { Profile, ProfiledNode } from '@whyslow/measure/timing/types.ts'
import type { RemedySetup, RemedyTools } from '../../../src/remedies/kit/remedy.ts'

export { randomFeeds } from '@whyslow/measure/support/engines/example-run.ts'

/** Results for each of the feeds. Throws if the engine refuses the model or the feeds. */
export const runSetup = ({ model, options }: RemedySetup, feeds: readonly Feeds[]): Promise<Results[]> =>
  runModel(model, feeds, options)

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
export const executedGraph = ({ model, options }: RemedySetup): Promise<GraphView> => executedBy(model, options)

/** What a remedy is handed in the product: the engine's own optimizer; no simplifier. */
export const engineTools: RemedyTools = {
  optimize: (setup, level) => optimizedBy({ ...setup, options: { ...setup.options, graphOptimization: level } }),
}

/** A profile of the graph as it is written, without the engine's fusions: types as run, 1 ms each node. */
export async function profileAsWritten(setup: RemedySetup, feeds: Feeds): Promise<Profile> {
  const graph = viewGraph(setup.model)
  const types = await typesAsRun(setup.model, feeds, setup.options)
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
