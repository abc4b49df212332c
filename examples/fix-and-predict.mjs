// Makes a model faster, then predicts with what was written.
//   node examples/fix-and-predict.mjs fixtures/models/credit_mlp.onnx fast/ 20
// The last word: for how many seconds it searches.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { fix } from 'whyslow'

const [model, out, seconds = '20'] = process.argv.slice(2)
const { report } = await fix(model, {
  out,
  budgetSeconds: Number(seconds),
  onTrial: ({ name, kept, reason }) => console.log(`${kept ? '+' : '-'} ${name}: ${reason}`),
})
console.log(report.answer)

// The folder needs nothing of whyslow. In a service: `npm install` in it, then import it by path.
const { load } = await import(pathToFileURL(path.resolve(out, 'predict.mjs')).href)
const predictor = await load()
const feeds = Object.fromEntries(
  report.model.inputs.map(({ name, dtype, shape }) => {
    const size = shape.reduce((product, dimension) => product * dimension, 1)
    return [name, { type: dtype, data: new Float32Array(size), dims: shape }]
  }),
)
const results = await predictor.predict(feeds)
for (const [name, { type, dims }] of Object.entries(results)) console.log(`${name}: ${type} [${dims.join(', ')}]`)
await predictor.close()
