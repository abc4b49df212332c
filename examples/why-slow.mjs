// Why is a model slow? The sentence, and what to fix, in ten lines.
//   node examples/why-slow.mjs fixtures/models/fmnist_gru.onnx
import { why } from 'whyslow'

const [model] = process.argv.slice(2)
const { report } = await why(model, { quick: true })
console.log(report.answer)
for (const { title, wouldSaveMs, basis, next } of report.findings) {
  console.log(`- ${title}: would save ${wouldSaveMs.toFixed(3)} ms (${basis})`)
  if (next !== null) console.log(`  next: ${next}`)
}
