// Does `distill` find a model that is much faster and nearly as good? The students of a model of 200 trees that scores credit defaults, on
// rows that it was not trained on, in thirds as docs/distill.md says; every figure is of rows that neither training nor choosing saw.
// Exit code 1 where none is five times as fast as the model, compiled too, within half a point of AUC.
//   node bench/distill.mjs      MODEL=file DATA=labelled.csv LABELS=column in place of credit-default/ of MODELS (../shared/models)
import fs from 'node:fs'
import path from 'node:path'
import { distill } from '../dist/whyslow/index.js'
import { root } from './shared.mjs'

const FASTER = 5
const MOST_LOSS = 0.005

const folder = path.join(process.env.MODELS ?? path.resolve(root, '../shared/models'), 'credit-default')
const { MODEL = path.join(folder, 'xgb.json'), DATA = path.join(folder, 'test.csv'), LABELS = 'label' } = process.env
if (!fs.existsSync(MODEL) || !fs.existsSync(DATA)) {
  console.error(`${MODEL} or ${DATA} is not there: name a model with MODEL=… and labelled rows with DATA=… LABELS=…`)
  process.exit(2)
}
const { signal } = new AbortController()
const { metric, rows, teacher, students, answer } = await distill(MODEL, {
  ...{ data: DATA, labels: LABELS, out: null, force: false, maxLoss: MOST_LOSS, signal },
})
console.log(answer)
console.log(
  `rows: ${JSON.stringify(rows)}; ${metric.name} of the model ${teacher.metric.toFixed(4)}, ${teacher.microseconds.toFixed(3)} µs a row`,
)
console.table(
  students.map(({ says, metric, loss, microseconds, speedup, onFront, chosen }) => ({
    student: says,
    metric: Number(metric.toFixed(4)),
    loss: Number(loss.toFixed(4)),
    µs: Number(microseconds.toFixed(3)),
    faster: Number(speedup.toFixed(1)),
    front: onFront,
    chosen,
  })),
)
const good = students.filter(({ speedup, loss }) => speedup >= FASTER && loss <= MOST_LOSS)
console.log(`${good.length} of ${students.length} are ${FASTER} times as fast and lose ${MOST_LOSS} at most`)
process.exitCode = good.length > 0 ? 0 : 1
