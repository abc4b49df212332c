// Predicts with a compiled model: a program (what is done to rows, as data), its arrays, and the WebAssembly module that was written for
// it, in place of which plain JavaScript walks the same tables where there may be none. Rows go in blocks through fixed places of one memory.

const ARRAYS = { Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array }
/** LightGBM's kZeroThreshold. */
const ZERO = Math.fround(1e-35)
/** XGBoost's cut before expf. */
const LARGEST_EXPONENT = Math.fround(88.7)
const asIs = (value) => value
const rounding = (precision) => (precision === 'float32' ? Math.fround : asIs)
const arrayOf = (precision, ...rest) => (precision === 'float32' ? new Float32Array(...rest) : new Float64Array(...rest))

/** The program of model.json, with its arrays of model.bin. */
export function readProgram(text, bytes) {
  const buffer = new Uint8Array(bytes).buffer
  return JSON.parse(text, (_, value) => {
    if (value === null || typeof value !== 'object') return value
    if (typeof value.$array === 'string') return new ARRAYS[value.$array](buffer, value.at, value.length)
    return typeof value.$number === 'string' ? Number(value.$number) : value
  })
}

/** The module of its bytes. */
export const compileModule = (bytes) => new WebAssembly.Module(bytes)

/**
 * Inputs side by side as rows × features: `join(arrays, count)` takes the data of each of `inputs`. A text becomes its place in `texts`, −1
 * if it has none. The next call may overwrite the rows.
 */
export function openRows({ inputs, texts, row }) {
  if (inputs.length === 1 && inputs[0].dtype === row) return ([data]) => data
  const width = inputs.reduce((sum, { columns }) => sum + columns, 0)
  const places = new Map(texts.map((text, place) => [text, place]))
  const toNumber = { string: (text) => places.get(text) ?? -1, int64: Number }
  let at = 0
  const fills = inputs.map(({ dtype, columns }) => {
    const from = at
    at += columns
    return filling(columns, width, from, toNumber[dtype])
  })
  let rows = arrayOf(row, width)
  return (arrays, count) => {
    if (rows.length !== count * width) rows = arrayOf(row, count * width)
    for (let k = 0; k < fills.length; k++) fills[k](arrays[k], rows, count)
    return rows
  }
}

function filling(columns, width, from, toNumber = asIs) {
  return (data, rows, count) => {
    for (let r = 0; r < count; r++) for (let c = 0; c < columns; c++) rows[r * width + from + c] = toNumber(data[r * columns + c])
  }
}

/**
 * `module`: of `compileModule`, or null. `trees`: of a program that has them, the functions of model-trees.mjs. The result takes rows × features in one array
 * and gives typed arrays of margins, predictions and labels' indexes, those that `wanted` names.
 */
export function openProgram(program, module, trees = null) {
  const { input, scores, transform, label, width } = program
  const score = openScores(program, module, trees)
  const { outputCount } = scores
  const prepare = prepareOf(program)
  const values = new Float64Array(Math.max(outputCount, program.predictionCount, 2))
  const transforms = transform.map(transformOf)
  const finish = finishOf(scores)
  const labelOf = label === null ? null : labelRule(label)
  const precisions = program.precisions
  return function predict(rows, count, wanted) {
    const margin = wanted.margin ? arrayOf(precisions.margin, count * outputCount) : null
    const prediction = wanted.prediction ? arrayOf(precisions.prediction, count * program.predictionCount) : null
    const labels = wanted.label ? new Int32Array(count) : null
    for (let start = 0; start < count; start += score.blockRows) {
      const many = Math.min(score.blockRows, count - start)
      const end = (start + many) * input.featureCount
      const isAll = start === 0 && many === count
      if (prepare === null) score.input.set(isAll ? rows : rows.subarray(start * input.featureCount, end))
      else for (let r = 0; r < many; r++) score.input.set(prepare(rows, (start + r) * input.featureCount), r * width)
      score.run(many)
      for (let r = 0; r < many; r++) {
        const from = r * score.stride
        for (let k = 0; k < outputCount; k++) values[k] = score.output[from + k]
        if (finish !== null) finish(values)
        if (margin !== null) for (let k = 0; k < outputCount; k++) margin[(start + r) * outputCount + k] = values[k]
        if (labels !== null && label.from === 'margin') labels[start + r] = labelOf(values, outputCount)
        if (prediction === null && (labels === null || label.from === 'margin')) continue
        let many = outputCount
        for (const apply of transforms) many = apply(values, many)
        if (prediction !== null) for (let k = 0; k < many; k++) prediction[(start + r) * many + k] = values[k]
        if (labels !== null && label.from === 'prediction') labels[start + r] = labelOf(values, many)
      }
    }
    return { margin, prediction, label: labels }
  }
}

/** Where rows go, where sums come, and how `run(count)` makes these of those. */
function openScores(program, module, trees) {
  const { scores } = program
  if (scores.kind === 'trees') return openTrees(scores, trees)
  if (scores.kind === 'layers') return openLayers(scores, module)
  return openWalk(scores, module, trees)
}

function openTrees({ inputWidth, outputCount, compare, sum, blockRows }, trees) {
  const input = arrayOf(compare, blockRows * inputWidth)
  const output = arrayOf(sum.precision, blockRows * outputCount)
  return { blockRows, input, output, stride: outputCount, run: nested(trees, sum, { input, inputWidth, output, outputCount }) }
}

/** Trees as functions, row by row. */
function nested(trees, sum, { input, inputWidth, output, outputCount }) {
  return (count) => {
    for (let r = 0; r < count; r++) {
      for (let k = 0; k < outputCount; k++) output[r * outputCount + k] = sum.start[k]
      trees(input, r * inputWidth, output, r * outputCount)
    }
  }
}

function openWalk(scores, module, trees) {
  const { memory: at, compare, sum, outputCount, tables, leaves } = scores
  const made = module === null ? null : new WebAssembly.Instance(module, {}).exports
  const buffer = made === null ? new ArrayBuffer(at.totalBytes) : made.memory.buffer
  const bytes = new Uint8Array(buffer)
  const put = (table, to) => bytes.set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), to)
  for (const name of ['roots', 'targets', 'steps', 'treeSteps', 'nodes', 'starts']) put(tables[name], at[name])
  if (tables.ranks !== null) {
    for (const name of ['thresholds', 'searches', 'nodes', 'trees', 'leaves']) put(tables.ranks[name], at.ranks[name])
    const { results, firstResult } = at.ranks
    for (let k = 0; k < firstResult; k++) bytes[results + k] = Math.floor((k * 256) / firstResult)
  }
  if (tables.full !== null) for (const name of ['nodes', 'leaves']) put(tables.full[name], at.full[name])
  fillCategories(scores, buffer)
  const plain = made === null ? plainWalk(scores, buffer) : made
  const input = arrayOf(compare, buffer, at.input, at.blockRows * at.featureCount)
  const walk = byCount(scores, plain)
  if (leaves === 'values') {
    const output = arrayOf(
      sum.precision,
      buffer,
      at.output,
      (at.blockRows * at.outputBytes) / (sum.precision === 'float32' ? 4 : 8),
    )
    const few = scores.nestedUpTo === null ? 0 : scores.nestedUpTo
    const choices = few === 0 ? null : nested(trees, sum, { input, inputWidth: at.featureCount, output, outputCount })
    const run = choices === null ? walk : (count) => (count <= few ? choices(count) : walk(count))
    return { blockRows: at.blockRows, input, output, stride: outputCount, run }
  }
  const numbers = new Int32Array(buffer, at.output, (at.blockRows * at.outputBytes) / 4)
  const output = arrayOf(sum.precision, at.blockRows * outputCount)
  const add = addLeaves(scores)
  const run = (count) => {
    walk(count)
    for (let r = 0; r < count; r++) add(numbers, (r * at.outputBytes) / 4, input, r * at.featureCount, output, r * outputCount)
  }
  return { blockRows: at.blockRows, input, output, stride: outputCount, run }
}

/** The function that was fastest for this many rows. */
function byCount({ blockFrom, ranksFrom }, { rows, block, ranks }) {
  const from = (least, run) => (least === null ? { least: Number.POSITIVE_INFINITY, run } : { least, run })
  const [many, some] = [from(blockFrom, block), from(ranksFrom, ranks)].sort((a, b) => (a.least < b.least ? 1 : -1))
  return (count) => {
    if (count >= many.least) many.run(count)
    else if (count >= some.least) some.run(count)
    else rows(count)
  }
}

function openLayers({ memory, layers, precision, skipsMissing, outputCount }, module) {
  const made = module === null ? null : new WebAssembly.Instance(module, {}).exports
  const buffer = made === null ? new ArrayBuffer(memory.totalBytes) : made.memory.buffer
  const { blockRows } = memory
  // Without layers the prepared row itself is what comes.
  const inputs = layers[0]?.inputs ?? outputCount
  const stride = layers.at(-1)?.stride ?? outputCount
  for (const { weights, bias, weightsAt, biasAt } of layers) {
    arrayOf(precision, buffer, weightsAt, weights.length).set(weights)
    arrayOf(precision, buffer, biasAt, bias.length).set(bias)
  }
  const values = memory.values.map((at, k) =>
    arrayOf(precision, buffer, at, blockRows * (k === 0 ? inputs : layers[k - 1].stride)),
  )
  const steps = layers.map((layer, k) => {
    const sums =
      made === null
        ? plainLayer(layer, precision, values[k], k === 0 ? layer.inputs : layers[k - 1].stride, values[k + 1])
        : made[`layer${k}`]
    const activate = activation(layer, values[k + 1])
    if (activate === null) return sums
    return (count) => {
      sums(count)
      activate(count)
    }
  })
  const run = (count) => {
    if (skipsMissing) for (let i = 0; i < count * inputs; i++) if (Number.isNaN(values[0][i])) values[0][i] = 0
    for (const step of steps) step(count)
  }
  return { blockRows, input: values[0], output: values.at(-1), stride, run }
}

function plainLayer({ inputs, outputs, stride, weights, bias, activation }, precision, from, fromStride, to) {
  const round = rounding(precision)
  return (count) => {
    for (let r = 0; r < count; r++) {
      for (let o = 0; o < outputs; o++) {
        let sum = bias[o]
        for (let i = 0; i < inputs; i++) sum = round(sum + round(weights[i * stride + o] * from[r * fromStride + i]))
        to[r * stride + o] = activation === 'relu' && sum < 0 ? 0 : sum
      }
    }
  }
}

const FUNCTIONS = {
  'leaky-relu': (x, alpha) => (x < 0 ? alpha * x : x),
  elu: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x),
  tanh: Math.tanh,
  logistic: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
}

/** What is left to do to a layer's sums; null: nothing. */
function activation({ activation: name, alpha, outputs, stride }, values) {
  if (name === 'identity' || name === 'relu') return null
  if (name === 'softmax') {
    const [apply, row] = [softmax('float64'), new Float64Array(outputs)]
    return (count) => {
      for (let r = 0; r < count; r++) {
        for (let o = 0; o < outputs; o++) row[o] = values[r * stride + o]
        apply(row, outputs)
        for (let o = 0; o < outputs; o++) values[r * stride + o] = row[o]
      }
    }
  }
  const apply = FUNCTIONS[name]
  return (count) => {
    for (let r = 0; r < count; r++)
      for (let o = 0; o < outputs; o++) values[r * stride + o] = apply(values[r * stride + o], alpha)
  }
}

/** Rows of slots for each category: one for what is in no set, one for what is missing, then one for each. */
function fillCategories({ slots, memory, number, categorySets }, buffer) {
  const { starts, words } = categorySets
  const has = (set, category) => {
    const word = starts[set] + Math.floor(category / 32)
    return word < starts[set + 1] && ((words[word] >>> (category % 32)) & 1) === 1
  }
  slots.categories.forEach(({ count, sets, negated, known }, k) => {
    const rows = arrayOf(number, buffer, memory.categories[k], (count + 2) * sets.length)
    sets.forEach((set, s) => {
      const isNegated = negated[s] === 1
      rows[s] = isNegated ? 1 : 0
      rows[sets.length + s] = Number.NaN
      for (let c = 0; c < count; c++)
        rows[(c + 2) * sets.length + s] = known >= 0 && !has(known, c) ? Number.NaN : has(set, c) === isNegated ? 0 : 1
    })
  })
}

/** The module's functions in plain JavaScript. */
function plainWalk(scores, buffer) {
  const { memory: at, number, nodeBytes, tables, sum, outputCount, leaves, compare } = scores
  const floats = arrayOf(number, buffer)
  const shorts = new Uint16Array(buffer)
  const longs = new Uint32Array(buffer)
  const [shift, slotShift] = number === 'float32' ? [2, 2] : [3, 3]
  const slotsAt = at.slots >> slotShift
  const input = arrayOf(compare, buffer, at.input, at.blockRows * at.featureCount)
  const slots = arrayOf(number, buffer, at.slots, at.slotBytes >> slotShift)
  const outputBytes = at.blockRows * at.outputBytes
  const output =
    leaves === 'numbers'
      ? new Int32Array(buffer, at.output, outputBytes / 4)
      : arrayOf(sum.precision, buffer, at.output, outputBytes / (sum.precision === 'float64' ? 8 : 4))
  const fill = plainFill(scores, buffer, slots)
  const round = rounding(sum.precision)
  const { roots } = tables
  const leafShort = (root) => {
    let p = root
    for (let way = shorts[(p >> 1) + 3]; way !== 0; way = shorts[(p >> 1) + 3])
      p += (way + (floats[slotsAt + (shorts[(p >> 1) + 2] >> 2)] >= floats[p >> 2] ? 1 : 0)) << 3
    return floats[p >> shift]
  }
  const leafLong = (root) => {
    let p = root
    for (let way = longs[(p >> 2) + 3]; way !== 0; way = longs[(p >> 2) + 3])
      p += way + (floats[slotsAt + (longs[(p >> 2) + 2] >> 3)] >= floats[p >> 3] ? 16 : 0)
    return floats[p >> shift]
  }
  const leafOf = nodeBytes === 8 ? leafShort : leafLong
  const rows = (count) => {
    for (let r = 0; r < count; r++) {
      fill(input, r * at.featureCount)
      if (leaves === 'numbers') {
        for (let t = 0; t < roots.length; t++) output[(r * at.outputBytes) / 4 + t] = leafOf(roots[t])
        continue
      }
      for (let k = 0; k < outputCount; k++) output[r * outputCount + k] = tables.starts[k]
      for (let t = 0; t < roots.length; t++) {
        const to = r * outputCount + tables.outputs[t]
        output[to] = round(output[to] + leafOf(roots[t]))
      }
    }
  }
  return { rows, block: rows, ranks: rows }
}

function plainFill({ slots: { numbers, equals, categories }, categoryRule, memory, number }, buffer, slots) {
  const rowsOf = categories.map(({ sets, count }, k) => arrayOf(number, buffer, memory.categories[k], (count + 2) * sets.length))
  return (input, from) => {
    let next = 0
    slots[next++] = Number.NaN
    for (const { feature, negated, zeroIsMissing } of numbers) {
      const x = input[from + feature]
      slots[next++] = zeroIsMissing && Math.abs(x) <= ZERO ? Number.NaN : negated ? -x : x
    }
    for (const { feature, value, negated } of equals) {
      const x = input[from + feature]
      slots[next++] = Number.isNaN(x) ? Number.NaN : (x === value) === negated ? 0 : 1
    }
    categories.forEach(({ feature, sets, count, known }, k) => {
      const row = categoryRow(categoryRule, input[from + feature], count, known >= 0 ? 1 : 0)
      for (let s = 0; s < sets.length; s++) slots[next++] = rowsOf[k][row * sets.length + s]
    })
  }
}

function categoryRow(rule, x, count, outside) {
  if (Number.isNaN(x)) return 1
  if (x < 0 && rule === 'scikit-learn') return 1
  if (x < 0 && rule === 'xgboost') return 0
  if (rule === 'exact' && !Number.isInteger(x)) return 0
  const category = Math.trunc(x)
  return category >= 0 && category < count ? category + 2 : outside
}

/** Sums of what the leaves of these numbers say, for trees whose leaves have several values or a linear model. */
function addLeaves({ sum, leafValues, leafAt, leafLinear, targets, widths, linear }) {
  const round = rounding(sum.precision)
  const leafValue = (model, plain, input, row) => {
    let value = linear.constant[model]
    for (let i = linear.starts[model]; i < linear.starts[model + 1]; i++) {
      const x = input[row + linear.feature[i]]
      if (Number.isNaN(x)) return plain
      value += linear.coefficient[i] * x
    }
    return value
  }
  return (numbers, from, input, row, output, to) => {
    for (let k = 0; k < sum.start.length; k++) output[to + k] = sum.start[k]
    for (let t = 0; t < targets.length; t++) {
      const leaf = numbers[from + t]
      for (let k = 0; k < widths[t]; k++) {
        const plain = leafValues[leafAt[leaf] + k]
        const model = linear === null ? -1 : leafLinear[leaf]
        output[to + targets[t] + k] = round(
          output[to + targets[t] + k] + (model < 0 ? plain : leafValue(model, plain, input, row)),
        )
      }
    }
  }
}

/** What is done to sums once all trees are in; null: nothing. */
function finishOf({ sum, outputCount }) {
  const { divideBy, scale, end, precision } = sum
  if (divideBy === 1 && scale === 1 && end.every((value) => value === 0)) return null
  const round = rounding(precision)
  return (values) => {
    for (let k = 0; k < outputCount; k++) {
      const mean = divideBy === 1 ? values[k] : round(values[k] / divideBy)
      const scaled = scale === 1 ? mean : round(mean * scale)
      values[k] = end[k] === 0 ? scaled : round(scaled + end[k])
    }
  }
}

const argMax = (values, count) => {
  let best = 0
  for (let k = 1; k < count; k++) if (values[k] > values[best]) best = k
  return best
}

function labelRule({ by, cut }) {
  if (by === 'largest') return argMax
  return by === 'above'
    ? (values, count) => (values[count - 1] > cut ? 1 : 0)
    : (values, count) => (values[count - 1] >= cut ? 1 : 0)
}

const each = (apply) => (values, count) => {
  for (let k = 0; k < count; k++) values[k] = apply(values[k])
  return count
}

/** Transforms in place; gives how many values there are then. */
function transformOf(transform) {
  const round = rounding(transform.precision)
  switch (transform.kind) {
    case 'logistic': {
      const { slope } = transform
      if (transform.precision === 'float64') return each((x) => 1 / (1 + Math.exp(-slope * x)))
      return each((x) => Math.fround(1 / Math.fround(Math.fround(Math.exp(Math.min(-x, LARGEST_EXPONENT))) + 1)))
    }
    case 'pair':
      return (values) => {
        values[1] = values[0]
        values[0] = round(1 - values[1])
        return 2
      }
    case 'softmax':
      return softmax(transform.precision)
    case 'exp':
      return each((x) => round(Math.exp(x)))
    case 'log1p-exp':
      return each((x) => round(Math.log1p(Math.exp(x))))
    case 'signed-square':
      return each((x) => Math.sign(x) * x * x)
    case 'step':
      return each((x) => (x > 0 ? 1 : 0))
    case 'arg-max':
      return (values, count) => {
        values[0] = argMax(values, count)
        return 1
      }
    case 'normalize':
      return (values, count) => {
        let sum = 0
        for (let k = 0; k < count; k++) sum += values[k]
        for (let k = 0; k < count; k++) values[k] = sum === 0 ? 1 / count : values[k] / sum
        return count
      }
    case 'sort':
      return (values, count) => {
        values.subarray(0, count).sort()
        return count
      }
    case 'expectiles':
      return expectiles
    case 'divide':
      return each((x) => x / transform.by)
    case 'isolation':
      return each((x) => -(2 ** x) - transform.offset)
    case 'clip':
      return each((x) => Math.min(Math.max(x, transform.low), transform.high))
  }
  throw new Error(`no transform is called ${transform.kind}`)
}

function softmax(precision) {
  const round = rounding(precision)
  return (values, count) => {
    let [largest, sum] = [Number.NEGATIVE_INFINITY, 0]
    for (let k = 0; k < count; k++) largest = Math.max(largest, values[k])
    for (let k = 0; k < count; k++) {
      values[k] = round(Math.exp(round(values[k] - largest)))
      sum += values[k]
    }
    sum = round(sum)
    for (let k = 0; k < count; k++) values[k] = round(values[k] / sum)
    return count
  }
}

function expectiles(values, count) {
  for (let k = 1; k < count; k++) {
    const softplus = Math.fround(Math.max(values[k], 0) + Math.log1p(Math.exp(-Math.abs(values[k]))))
    values[k] = Math.fround(Math.fround(values[k - 1] + Math.fround(1e-6)) + softplus)
  }
  return count
}

/** What happens to a row before its scores; null: nothing. Gives the row, which the next call overwrites. */
function prepareOf({ input: { featureCount }, prepare }) {
  if (prepare.length === 0) return null
  const first = new Float64Array(featureCount)
  let width = featureCount
  const steps = prepare.map((step) => {
    const made = stepOf(step, width)
    width = made.width
    return made.apply
  })
  return (rows, from) => {
    for (let f = 0; f < featureCount; f++) first[f] = rows[from + f]
    let row = first
    for (const step of steps) row = step(row)
    return row
  }
}

/** `apply` gives a row: the one that it is given, changed, or one of its own. */
function stepOf(step, width) {
  switch (step.kind) {
    case 'round':
      return inPlace(width, Math.fround)
    case 'scale':
      return { width, apply: scaling(step, width) }
    case 'impute':
      return imputing(step, width)
    case 'take':
      return into(step.columns.length, (row, result) => {
        for (let k = 0; k < result.length; k++) result[k] = row[step.columns[k]]
      })
    case 'one-hot':
      return oneHot(step)
    case 'ordinal': {
      const places = step.categories.map((one) => (one ? new Map(Array.from(one, (value, place) => [value, place])) : null))
      return inPlace(width, (x, k) => (places[k] === null || Number.isNaN(x) ? x : (places[k].get(x) ?? step.unknown)))
    }
    case 'map': {
      const maps = step.columns.map((one) => one && new Map(Array.from(one.keys, (key, at) => [key, one.values[at]])))
      return inPlace(width, (x, k) => (maps[k] ? (maps[k].get(x) ?? step.columns[k].otherwise) : x))
    }
    case 'bins':
      return inPlace(width, (x, k) => binOf(step.edges[k], x))
    case 'apply':
      return inPlace(width, applying(step))
    case 'normalize':
      return { width, apply: normalizing(step) }
    case 'binarize':
      return inPlace(width, (x, k) => (x > step.thresholds[k] ? 1 : 0))
    case 'products':
      return replacing(step, width, step.factors.length, multiplying(step))
    case 'project':
      return replacing(step, width, step.bias.length, projecting(step))
  }
  throw new Error(`no step is called ${step.kind}`)
}

function binOf(edges, x) {
  if (!edges || Number.isNaN(x)) return x
  let bin = 0
  while (bin < edges.length && edges[bin] <= x) bin++
  return bin
}

function applying({ functions, precision }) {
  const round = rounding(precision)
  const changes = functions.map((one) => one && functionOf(one))
  return (x, k) => (changes[k] ? round(changes[k](round(x))) : x)
}

/** Below this distance from 0, the power of a transform is a logarithm. */
const TINY_LAMBDA = 2 ** -52

function functionOf(one) {
  switch (one.name) {
    case 'clip':
      return (x) => Math.min(one.most, Math.max(one.least, x))
    case 'square':
      return (x) => x * x
    case 'box-cox':
      return powerOf(one.lambda, Math.log)
    case 'yeo-johnson': {
      const [above, below] = [powerOf(one.lambda, Math.log1p), powerOf(2 - one.lambda, Math.log1p)]
      return (x) => (x < 0 ? -below(-x) : above(x))
    }
  }
  if (!Object.hasOwn(Math, one.name)) throw new Error(`no function is called ${one.name}`)
  return Math[one.name]
}

const powerOf = (lambda, logarithm) =>
  Math.abs(lambda) < TINY_LAMBDA ? logarithm : (x) => Math.expm1(lambda * logarithm(x)) / lambda

function inPlace(width, change) {
  const apply = (row) => {
    for (let k = 0; k < width; k++) row[k] = change(row[k], k)
    return row
  }
  return { width, apply }
}

function into(width, fill) {
  const result = new Float64Array(width)
  const apply = (row) => {
    fill(row, result)
    return result
  }
  return { width, apply }
}

/** Columns at … at + inputs become `count` others. */
function replacing({ at, inputs }, width, count, make) {
  return into(width - inputs + count, (row, result) => {
    for (let k = 0; k < at; k++) result[k] = row[k]
    for (let k = 0; k < count; k++) result[at + k] = make(row, k)
    for (let k = at + inputs; k < width; k++) result[k - inputs + count] = row[k]
  })
}

function projecting({ at, inputs, weights, bias, precision }) {
  const round = rounding(precision)
  return (row, k) => {
    let sum = bias[k]
    for (let i = 0; i < inputs; i++) sum = round(sum + round(weights[k * inputs + i] * row[at + i]))
    return sum
  }
}

function multiplying({ at, factors, precision }) {
  const round = rounding(precision)
  return (row, k) => factors[k].reduce((product, i) => round(product * row[at + i]), 1)
}

function scaling({ offset, factor, form, precision }, width) {
  const round = rounding(precision)
  if (form === 'multiply-add')
    return (row) => {
      for (let k = 0; k < width; k++) row[k] = round(round(row[k] * factor[k]) + offset[k])
      return row
    }
  if (form === 'subtract-divide')
    return (row) => {
      for (let k = 0; k < width; k++) row[k] = round(round(row[k] - offset[k]) / factor[k])
      return row
    }
  return (row) => {
    for (let k = 0; k < width; k++) row[k] = round(round(row[k] - offset[k]) * factor[k])
    return row
  }
}

function imputing({ missing, values, indicators = [] }, width) {
  const isMissing = Number.isNaN(missing) ? Number.isNaN : (x) => x === missing
  return into(width + indicators.length, (row, result) => {
    for (let k = 0; k < width; k++) result[k] = isMissing(row[k]) && !Number.isNaN(values[k]) ? values[k] : row[k]
    for (let k = 0; k < indicators.length; k++) result[width + k] = isMissing(row[indicators[k]]) ? 1 : 0
  })
}

function oneHot({ categories, whole = false }) {
  const width = categories.reduce((sum, one) => sum + (one?.length ?? 1), 0)
  return into(width, (row, result) => {
    let at = 0
    for (let k = 0; k < categories.length; k++) {
      const of = categories[k]
      const x = whole && of ? Math.trunc(row[k]) : row[k]
      if (!of) result[at++] = x
      else for (let c = 0; c < of.length; c++) result[at++] = of[c] === x ? 1 : 0
    }
  })
}

function normalizing({ norm, precision, least = 0 }) {
  const round = rounding(precision)
  return (row) => {
    let size = 0
    for (const x of row) {
      if (norm === 'max') size = Math.max(size, Math.abs(x))
      else size = round(size + round(norm === 'l1' ? Math.abs(x) : x * x))
    }
    if (norm === 'l2') size = round(Math.sqrt(size))
    if (size !== 0 && size >= least) for (let k = 0; k < row.length; k++) row[k] = round(row[k] / size)
    return row
  }
}
