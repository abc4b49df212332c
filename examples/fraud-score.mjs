// A fraud score within a request: a model of trees as code, asked row by row as a service does and in batches as a nightly job does.
//   node examples/fraud-score.mjs model.json fast/ rows.csv
// next to fraud_service.py, the same model in the Python service that it comes from.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { fix } from 'whyslow'

const [model, out, data] = process.argv.slice(2)
const { report } = await fix(model, { out, only: ['compile'], budgetSeconds: 30, ...(data === undefined ? {} : { data }) })
console.log(report.answer)

const { load } = await import(pathToFileURL(path.resolve(out, 'predict.mjs')).href)
const predictor = await load()
const [{ name, dtype, shape }] = report.model.inputs
const width = shape.at(-1)
const array = dtype === 'float64' ? Float64Array : Float32Array
const rows = (count) => ({
  [name]: { type: dtype, data: array.from({ length: count * width }, () => Math.random() * 2 - 1), dims: [count, width] },
})

// predictNow() is there where the model became code.
const predict = predictor.predictNow ?? ((feeds) => predictor.predict(feeds))
const singles = Array.from({ length: 1000 }, () => rows(1))
console.log(`one row: ${(await microseconds(singles)).toFixed(2)} µs`)
console.log(`1000 rows: ${(1e6 / ((await microseconds([rows(1000)])) / 1000)).toFixed(0)} rows a second`)
await predictor.close()

/** Least time of a prediction over the passes, µs. */
async function microseconds(feeds) {
  let least = Number.POSITIVE_INFINITY
  for (let pass = 0; pass < 50; pass++) {
    const start = performance.now()
    for (const one of feeds) await predict(one)
    least = Math.min(least, ((performance.now() - start) * 1000) / feeds.length)
  }
  return least
}
