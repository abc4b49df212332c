// Why is a model slow? The sentence, and what to fix, in ten lines.
//   node examples/why-slow.mjs fixtures/models/fmnist_gru.onnx
import { why } from 'whyslow'

const [model] = process.argv.slice(2)
const { report } = await why(model, { quick: true })
console.log(report.answer)
for (const { title, timeMs, wouldSaveMs, basis, next } of report.findings) {
  const saves = wouldSaveMs === null ? `takes ${timeMs.toFixed(3)} ms` : `would save ${wouldSaveMs.toFixed(3)} ms (${basis})`
  console.log(`- ${title}: ${saves}`)
  if (next !== null) console.log(`  next: ${next}`)
}
