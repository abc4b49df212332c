// Runs many models in one process, since starting Node for each would take the most time. Native code may abort it: what it is about
// to run is written down first, so that the caller knows where to go on. One JSON line for each event, in a file.
//   node conformance-runner.mjs FOLDER RESULTS SCRATCH < names, one a line
import { appendFileSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

process.env.ORT_DISABLE_TELEMETRY = '1'

const dist = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href)
const { costNodes } = await dist('model/analyze/costs.js')
const { engineById } = await dist('measure/engines/index.js')
const { readModel, readOnnx } = await dist('formats/index.js')
const { viewGraph } = await dist('graph/view.js')
const { readData } = await dist('measure/samples/read-data.js')
const { resolveInputs } = await dist('measure/samples/resolve.js')
const { aggregate } = await dist('measure/timing/profile/aggregate.js')
const { correctProfile } = await dist('measure/timing/profile/correct.js')
const { readTrace } = await dist('measure/engines/onnxruntime/facts/trace.js')

const [folder, results, scratch] = process.argv.slice(2)
const write = (line) => appendFileSync(results, `${JSON.stringify(line)}\n`)
const engine = engineById('ort-cpu')
const options = { threads: 1, graphOptimization: 'all', executionMode: 'sequential', configEntries: {}, packageFrom: null }

for (const name of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  write({ name, started: true })
  write({ name, ...(await outcomeOf(name)) })
}
// The engine's threads need not be waited for.
process.exit(0)

async function outcomeOf(name) {
  let stage = 'read'
  try {
    const model = await readModel(join(folder, name, 'model.onnx'))
    const original = viewGraph(model)
    stage = 'data'
    const flags = { shapes: new Map(), values: new Map(), batch: null, limitBytes: 1e9 }
    const { inputs } = resolveInputs(original.inputs, original, flags)
    const feeds = readData(join(folder, name, 'test_data_set_0'), inputs, { allowNaN: true }).samples[0]
    stage = 'engine'
    const { trace, executed } = await profiled(join(folder, name, 'model.onnx'), feeds)
    stage = 'cost'
    const cost = { fixedUs: 0, perTensorUs: 0, betweenUs: 0, dispatchUs: 0 }
    const rounds = [{ profiledP50Ms: 1, outsideMs: 0, plainP50Ms: 1, plainDrift: 1, cost, emptyP50Ms: null }]
    const output = { ...aggregate([readTrace(trace)], 0), rounds, truncated: false, onOneThread: true }
    const graph = viewGraph(await readOnnx(executed))
    const types = Object.fromEntries(Object.entries(feeds).map(([key, { dtype, shape }]) => [key, { dtype, shape }]))
    const profile = correctProfile(output, { executed: graph, original }, types, { p50Ms: 1, threads: 1 })
    const { nodes } = costNodes(profile, undefined, {})
    rmSync(trace)
    rmSync(executed)
    return {
      outcome: 'costed',
      nodes: nodes.map(({ opType, domain, cost, reason }) => ({ opType, domain, known: cost !== undefined, reason, cost })),
      origins: profile.nodes.map(({ origin }) => origin),
    }
  } catch (error) {
    const message = String(error?.message ?? error)
    if (error?.name === 'InputError' || stage === 'engine') return { outcome: 'refused', stage, message }
    return { outcome: 'bug', stage, message, stack: String(error?.stack) }
  }
}

/** One prediction under the profiler; the graph as the engine ran it. */
async function profiled(file, feeds) {
  const executed = join(scratch, 'executed.onnx')
  const session = await engine.open(file, { ...options, profilePrefix: join(scratch, 'profile-'), optimizedModelPath: executed })
  try {
    await session.run(feeds)
    return { trace: await session.endProfiling(), executed }
  } finally {
    await session.close()
  }
}
