// Fails a build (exit code 3) where a prediction takes longer than a goal in milliseconds.
//   node examples/latency-goal.mjs fixtures/models/fmnist_gru.onnx 20
import { why } from 'whyslow'

const [model, goal] = process.argv.slice(2)
const goalMs = Number(goal)
const { report } = await why(model, { quick: true })
const { p50Ms, ciLowMs, ciHighMs, trust } = report.latency
console.log(`${p50Ms.toFixed(3)} ms (${ciLowMs.toFixed(3)}–${ciHighMs.toFixed(3)}), trust ${trust}; the goal is ${goalMs} ms`)

// The interval is over processes. Only where all of it lies above the goal is the model surely slower.
if (ciLowMs > goalMs) {
  console.log(`Too slow. ${report.answer}`)
  process.exitCode = 3
} else if (ciHighMs > goalMs) {
  console.log('Too near to tell: measure on a quieter machine, or for longer with { seconds: 20 }.')
}
