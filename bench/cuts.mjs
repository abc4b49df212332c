// Are the corrected node times right? The model is cut after node j and after node k, both are timed unprofiled in fresh processes,
// and the difference is compared with the sum of the corrected times of the nodes between. Cuts are made where one value is live:
// elsewhere a cut breaks fusions or adds layout conversions of its own. A method whose times are all zero, all equal or raw from
// the profiler must fail the same comparison, or it proves nothing.
//   node bench/cuts.mjs      MODELS=folder ONLY=word,word
import fs from 'node:fs'
import path from 'node:path'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema, ValueInfoProtoSchema } from 'onnx-buf'
import { flagsFor, median, models, plainP50, report, temporaryFolder } from './shared.mjs'

/** Cutting here would part what the engine fuses. */
const FUSED_ON = /^(Constant|Conv|BatchNormalization|Add|Mul|Pad|MatMul)$/
const MOST_CUTS = 8
const PAIRS = 5
const LIMIT = 0.1

const rows = []
const worst = { corrected: 0, zero: 0, uniform: 0, raw: 0 }
for (const file of models()) {
  const name = path.basename(file)
  try {
    const { document, inputs } = report(file, ['--quick', '--threads', '1', '--duration', '3', ...flagsFor(file)])
    const read = () => fromBinary(ModelProtoSchema, fs.readFileSync(file))
    const { graph } = read()
    const folder = temporaryFolder()
    const places = placesToCut(graph)
    const some =
      places.length <= MOST_CUTS
        ? places
        : Array.from({ length: MOST_CUTS }, (_, i) => places[Math.round((i * (places.length - 1)) / (MOST_CUTS - 1))])
    const cuts = some.flatMap(({ at, live }) => {
      const model = read()
      model.graph.node.splice(at + 1)
      model.graph.valueInfo = []
      model.graph.output = [create(ValueInfoProtoSchema, { name: live })]
      const cutFile = path.join(folder, `cut-${at}.onnx`)
      fs.writeFileSync(cutFile, toBinary(ModelProtoSchema, model))
      try {
        return [{ at, file: cutFile, ms: plainP50(cutFile, inputs, { threads: 1, seconds: 0.4 }) }]
      } catch {
        return []
      }
    })
    const whole = { at: graph.node.length - 1, file, ms: plainP50(file, inputs, { threads: 1, seconds: 0.4 }) }
    const pair = [...cuts, whole]
      .flatMap((b, j, all) => all.slice(0, j).map((a) => ({ a, b, part: (b.ms - a.ms) / whole.ms })))
      .filter(({ part }) => part >= 0.25 && part <= 0.75)
      .sort((p, q) => Math.abs(p.part - 0.5) - Math.abs(q.part - 0.5))[0]
    if (!pair) {
      rows.push({ model: name, note: 'no fair cut' })
      continue
    }
    const measured = median(
      Array.from(
        { length: PAIRS },
        () =>
          plainP50(pair.b.file, inputs, { threads: 1, seconds: 0.5 }) -
          plainP50(pair.a.file, inputs, { threads: 1, seconds: 0.5 }),
      ),
    )
    const between = new Set(graph.node.slice(pair.a.at + 1, pair.b.at + 1).map((node) => node.name || node.output[0]))
    const inside = document.nodes.filter((node) => node.origin.length > 0 && node.origin.every((origin) => between.has(origin)))
    const p50 = document.latency.p50Ms
    const sum = (of) => inside.reduce((total, node) => total + of(node), 0)
    const errors = {
      corrected: Math.abs(sum((node) => node.timeMs) - measured) / p50,
      zero: Math.abs(measured) / p50,
      uniform: Math.abs(sum(() => p50 / document.nodes.length) - measured) / p50,
      raw: Math.abs(sum((node) => node.rawMs) - measured) / p50,
    }
    for (const key of Object.keys(worst)) worst[key] = Math.max(worst[key], errors[key])
    rows.push({
      model: name,
      'between cuts ms': measured.toFixed(4),
      'corrected ms': sum((node) => node.timeMs).toFixed(4),
      'p50 ms': p50.toFixed(4),
      ...Object.fromEntries(Object.entries(errors).map(([key, error]) => [`${key} off %`, (error * 100).toFixed(1)])),
    })
  } catch (error) {
    rows.push({ model: name, note: String(error.message).slice(0, 60) })
  }
}
console.table(rows)
const failing = ['zero', 'uniform', 'raw'].filter((key) => worst[key] <= LIMIT)
console.log(`worst error of the corrected times: ${(worst.corrected * 100).toFixed(1)} % of the p50 (limit ${LIMIT * 100} %)`)
console.log(
  failing.length === 0
    ? 'self-test: zero, uniform and raw times fail, as they must'
    : `self-test FAILED: ${failing.join(', ')} times pass`,
)
process.exit(worst.corrected <= LIMIT && failing.length === 0 ? 0 : 1)

function placesToCut(graph) {
  const places = []
  for (let k = 0; k < graph.node.length - 1; k++) {
    if (FUSED_ON.test(graph.node[k].opType)) continue
    const later = new Set([
      ...graph.node.slice(k + 1).flatMap((node) => node.input),
      ...graph.output.map((output) => output.name),
    ])
    const live = graph.node
      .slice(0, k + 1)
      .filter((node) => node.opType !== 'Constant')
      .flatMap((node) => node.output)
      .filter((output) => output && later.has(output))
    if (live.length === 1) places.push({ at: k, live: live[0] })
  }
  return places
}
