// Does reading and costing grow linearly? Chains of 1k, 10k and 100k Add nodes with declared shapes: read, viewed, costed.
//   node bench/scale.mjs
import fs from 'node:fs'
import path from 'node:path'
import { readModel } from '../dist/formats/index.js'
import { floatTensor, model, node, valueInfo, writeModel } from '../dist/graph/build.js'
import { costGraph } from '../dist/graph/operators/graph-cost.js'
import { viewGraph } from '../dist/graph/view.js'
import { temporaryFolder } from './shared.mjs'

const folder = temporaryFolder()
const rows = []
for (const count of [1_000, 10_000, 100_000]) {
  const nodes = Array.from({ length: count }, (_, i) =>
    node({ opType: 'Add', name: `add_${i}` }, [i === 0 ? 'x' : `v${i - 1}`, 'bias'], [`v${i}`]),
  )
  const values = Array.from({ length: count - 1 }, (_, i) => valueInfo(`v${i}`, 'float32', [1, 64]))
  const proto = model({
    nodes,
    inputs: [valueInfo('x', 'float32', [1, 64])],
    outputs: [valueInfo(`v${count - 1}`, 'float32', [1, 64])],
    initializers: [floatTensor('bias', [64], new Float32Array(64))],
    values,
    opset: 17,
  })
  const file = path.join(folder, `chain-${count}.onnx`)
  fs.writeFileSync(file, writeModel(proto))
  const t0 = performance.now()
  const read = await readModel(file)
  const t1 = performance.now()
  const view = viewGraph(read)
  const t2 = performance.now()
  const cost = costGraph(view)
  const t3 = performance.now()
  if (cost.known !== count) throw new Error(`${cost.known} of ${count} nodes costed`)
  rows.push({
    nodes: count,
    'read ms': (t1 - t0).toFixed(0),
    'view ms': (t2 - t1).toFixed(0),
    'cost ms': (t3 - t2).toFixed(0),
    'total ms': (t3 - t0).toFixed(0),
    'µs a node': (((t3 - t0) * 1000) / count).toFixed(1),
  })
}
console.table(rows)
