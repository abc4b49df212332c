// Measured where it is slow, explained anywhere: needs no model and no engine.
//   npx whyslow model.onnx --save-evidence evidence.json
//   node examples/explain-saved.mjs evidence.json
import { readFileSync } from 'node:fs'
import { analyze, explain, renderTerminal } from 'whyslow'

const [file] = process.argv.slice(2)
const evidence = JSON.parse(readFileSync(file, 'utf8'))
console.log(renderTerminal(explain(evidence), { width: 100, colour: false }))

// What the report is computed from: here the nodes that lie furthest above what this machine could do.
const { costs } = analyze(evidence)
const slack = ({ timeMs, cappedFloorMs }) => timeMs - cappedFloorMs
const nodes = [...(costs?.nodes ?? [])].sort((a, b) => slack(b) - slack(a))
for (const node of nodes.slice(0, 5)) {
  console.log(`${node.opType} ${node.name}: ${slack(node).toFixed(3)} ms above its floor`)
}
