// Is the p50 right, and is it explained? For each model: whyslow's p50 beside plain loops in processes of their own that alternate
// with it, the sum of the breakdown, and what is left unexplained.
//   node bench/agree.mjs      MODELS=folder ONLY=word,word
import path from 'node:path'
import { flagsFor, median, models, plainP50, report } from './shared.mjs'

const rows = []
for (const file of models()) {
  try {
    const flags = ['--quick', '--duration', '3', ...flagsFor(file)]
    const first = report(file, flags)
    const threads = first.document.engine.options.threads
    const plain = [plainP50(file, first.inputs, { threads }), plainP50(file, first.inputs, { threads })]
    const second = report(file, flags)
    plain.push(plainP50(file, second.inputs, { threads }))
    const { latency, breakdown, areas } = second.document
    rows.push({
      model: path.basename(file),
      'p50 ms': latency.p50Ms.toFixed(4),
      'plain ms': median(plain).toFixed(4),
      ratio: (latency.p50Ms / median(plain)).toFixed(3),
      'sum / p50': (breakdown.reduce((sum, part) => sum + part.timeMs, 0) / latency.p50Ms).toFixed(4),
      'unexplained %': (areas.unexplained.share * 100).toFixed(1),
      trust: latency.trust,
    })
  } catch (error) {
    rows.push({ model: path.basename(file), 'p50 ms': String(error.message).slice(0, 80) })
  }
}
console.table(rows)
const left = rows.flatMap((row) => (row['unexplained %'] ? [Math.abs(Number(row['unexplained %']))] : []))
console.log(`${left.length} models; unexplained: median ${median(left).toFixed(1)} %, worst ${Math.max(...left).toFixed(1)} %`)
