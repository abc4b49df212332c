// Predicts with the program of model.json in the caller's thread: no package, no engine. Names of inputs and outputs are those of options.json.
import { existsSync, readFileSync } from 'node:fs'
import { compileModule, openProgram, openRows, readProgram } from './compiled.mjs'

const at = (name) => new URL(name, import.meta.url)
const DTYPES = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  string: Array,
}

/**
 * `options`: what options.json says of it; `name`: of the program's files. Without WebAssembly plain JavaScript walks the same tables.
 */
export async function loadHere(options, afterClose, name = 'model') {
  const { inputs, outputs, classes } = options
  const program = readProgram(readFileSync(at(`./${name}.json`), 'utf8'), readFileSync(at(`./${name}.bin`)))
  const hasModule = typeof WebAssembly === 'object' && existsSync(at(`./${name}.wasm`))
  const { kind, nestedUpTo = null } = program.scores
  const trees = kind === 'trees' || nestedUpTo !== null ? (await import(at(`./${name}-trees.mjs`).href)).default : null
  const predictRows = openProgram(program, hasModule ? compileModule(readFileSync(at(`./${name}.wasm`))) : null, trees)
  const joined = openRows(options)
  const wanted = Object.fromEntries(outputs.map(({ what }) => [what, true]))
  const makers = outputs.map((output) => makerOf(output, classes))
  let closed = false

  const predictNow = (feeds) => {
    if (closed) throw afterClose()
    const { arrays, count } = rowsOf(feeds, inputs)
    const predicted = predictRows(joined(arrays, count), count, wanted)
    const results = {}
    for (let k = 0; k < outputs.length; k++) results[outputs[k].name] = makers[k](predicted, count)
    return results
  }
  return {
    predictNow,
    predict(feeds) {
      try {
        return Promise.resolve(predictNow(feeds))
      } catch (error) {
        return Promise.reject(error)
      }
    },
    close() {
      closed = true
      return Promise.resolve()
    },
  }
}

/** The data of each input, and how many rows; a TypeError says what does not fit. */
function rowsOf(feeds, inputs) {
  const names = () => inputs.map(({ name }) => name).join(', ')
  if (typeof feeds !== 'object' || feeds === null)
    throw new TypeError(`predict() takes an object with a tensor for each input: ${names()}`)
  for (const key in feeds)
    if (!inputs.some(({ name }) => name === key)) throw new TypeError(`the model has no input '${key}'; it takes ${names()}`)
  const arrays = inputs.map((input) => dataOf(feeds[input.name], input))
  const count = feeds[inputs[0].name].dims[0]
  for (const { name } of inputs) {
    const rows = feeds[name].dims[0]
    if (rows !== count) throw new TypeError(`input '${name}' has ${rows} rows, and '${inputs[0].name}' has ${count}`)
  }
  return { arrays, count }
}

function dataOf(value, { name, dtype, columns }) {
  if (value === undefined) throw new TypeError(`input '${name}' is missing`)
  if (typeof value !== 'object' || value === null || value.data === undefined || !Array.isArray(value.dims))
    throw new TypeError(`input '${name}' must be { type, data, dims }`)
  const { type, dims } = value
  if (type !== dtype) throw new TypeError(`input '${name}' takes ${dtype}, and was given ${type}`)
  // Plain numbers as onnxruntime takes them, those of 64 bits as numbers, too.
  const isPlain = Array.isArray(value.data) && dtype !== 'string'
  const data = isPlain ? DTYPES[dtype].from(value.data, dtype === 'int64' ? BigInt : undefined) : value.data
  if (dims.length !== 2 || dims[1] !== columns || data.length !== dims[0] * columns)
    throw new TypeError(
      `input '${name}' takes rows of ${columns} features, and was given ${data.length} numbers as [${dims.join(', ')}]`,
    )
  if (!(data instanceof DTYPES[dtype])) throw new TypeError(`input '${name}': data must be a ${DTYPES[dtype].name}`)
  return data
}

function makerOf({ what, dtype, rank, columns }, classes) {
  if (what === 'label')
    return (predicted, count) => labelTensor(predicted.label, dtype, rank === 1 ? [count] : [count, 1], classes)
  const Numbers = DTYPES[dtype]
  return (predicted, count) => {
    const made = predicted[what]
    const data = made instanceof Numbers ? made : Numbers.from(made)
    return { type: dtype, data, dims: rank === 1 ? [count] : [count, columns] }
  }
}

function labelTensor(indexes, dtype, dims, classes) {
  const named = Array.from(indexes, (index) => classes?.[index] ?? index)
  if (dtype === 'string') return { type: dtype, data: named.map(String), dims }
  if (dtype === 'int64') return { type: dtype, data: BigInt64Array.from(named, (value) => BigInt(Math.trunc(value))), dims }
  return { type: dtype, data: DTYPES[dtype].from(named), dims }
}
