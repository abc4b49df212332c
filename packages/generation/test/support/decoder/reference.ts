// The decoder computed in float64, one position after the other, with no engine and no cache: what every graph of it must agree with.
import { type CrossWeights, type DecoderWeights, EPSILON, headOf, type LayerWeights, type Matrix, ROPE_BASE } from './weights.ts'

export type Vector = Float64Array<ArrayBuffer>

/** What an encoder read: ids of a text, or its states. */
export type Source = readonly number[] | readonly Vector[]

/** Logits after each of the ids. */
export function referenceLogits(weights: DecoderWeights, ids: readonly number[], source: Source = []): Float64Array[] {
  const { shape, embedding, positions, family } = weights
  const { width } = shape
  let rows = ids.map((id, position) =>
    Float64Array.from({ length: width }, (_, k) => {
      const learned = family === 'gpt2' ? positions[position * width + k]! : 0
      return embedding[id * width + k]! + learned
    }),
  )
  const states = source.map((one) =>
    typeof one === 'number'
      ? normalized(weights, Float64Array.from(embedding.subarray(one * width, (one + 1) * width)), weights.finalNorm)
      : one,
  )
  for (const [at, layer] of weights.layers.entries())
    rows = block(weights, { layer, cross: weights.cross?.[at] ?? null, states }, rows)
  const head = headOf(weights)
  return rows.map((row) => product(normalized(weights, row, weights.finalNorm), head))
}

/** The ids that greedy decoding appends. */
export function referenceGreedy(
  weights: DecoderWeights,
  prompt: readonly number[],
  newTokens: number,
  source: Source = [],
): number[] {
  const ids = [...prompt]
  while (ids.length < prompt.length + newTokens) {
    const logits = referenceLogits(weights, ids, source).at(-1)!
    ids.push(logits.indexOf(Math.max(...logits)))
  }
  return ids.slice(prompt.length)
}

interface Block {
  readonly layer: LayerWeights
  readonly cross: CrossWeights | null
  /** What the encoder returned. */
  readonly states: readonly Vector[]
}

function block(weights: DecoderWeights, { layer, cross, states }: Block, rows: readonly Vector[]): Vector[] {
  const normed = rows.map((row) => normalized(weights, row, layer.attentionNorm))
  const { heads, kvHeads, width } = weights.shape
  const size = width / heads
  const turned = (matrix: Matrix, count: number) =>
    normed.map((row, position) => rotated(weights, product(row, matrix), { position, count, size }))
  const queries = turned(layer.query, heads)
  const keys = turned(layer.key, kvHeads)
  const values = normed.map((row) => product(row, layer.value))
  const crossKeys = cross === null ? [] : states.map((state) => product(state, cross.key))
  const crossValues = cross === null ? [] : states.map((state) => product(state, cross.value))
  return rows.map((row, position) => {
    const seen = position + 1
    const own = attention(weights, { query: queries[position]!, keys: keys.slice(0, seen), values: values.slice(0, seen) })
    let attended = sum(row, product(own, layer.attentionOutput))
    if (cross !== null) {
      const query = product(normalized(weights, attended, cross.norm), cross.query)
      attended = sum(attended, product(attention(weights, { query, keys: crossKeys, values: crossValues }), cross.output))
    }
    return sum(attended, inner(weights, layer, normalized(weights, attended, layer.innerNorm)))
  })
}

interface Attention {
  readonly query: Vector
  readonly keys: readonly Vector[]
  readonly values: readonly Vector[]
}

function attention({ shape }: DecoderWeights, { query, keys, values }: Attention): Vector {
  const { heads, kvHeads, width } = shape
  const size = width / heads
  const mixed = new Float64Array(width)
  for (let head = 0; head < heads; head++) {
    const at = Math.floor(head / (heads / kvHeads)) * size
    const scores = keys.map((key) => {
      let total = 0
      for (let k = 0; k < size; k++) total += query[head * size + k]! * key[at + k]!
      return total / Math.sqrt(size)
    })
    for (const [seen, share] of softmax(scores).entries())
      for (let k = 0; k < size; k++) mixed[head * size + k]! += share * values[seen]![at + k]!
  }
  return mixed
}

function inner({ family }: DecoderWeights, layer: LayerWeights, row: Vector): Vector {
  const up = product(row, layer.up)
  if (family === 'gpt2') return product(up.map(gelu), layer.down)
  const gate = product(row, layer.gate)
  return product(
    up.map((value, k) => (value * gate[k]!) / (1 + Math.exp(-gate[k]!))),
    layer.down,
  )
}

/** By tanh, as GPT-2 has it. */
const gelu = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))

function normalized({ family }: DecoderWeights, row: Vector, weight: Float32Array): Vector {
  const mean = family === 'gpt2' ? row.reduce((total, value) => total + value, 0) / row.length : 0
  const variance = row.reduce((total, value) => total + (value - mean) ** 2, 0) / row.length
  return row.map((value, k) => ((value - mean) / Math.sqrt(variance + EPSILON)) * weight[k]!)
}

interface Turn {
  readonly position: number
  readonly count: number
  readonly size: number
}

/** Pairs are half a head apart. https://arxiv.org/abs/2104.09864, as exporters of Llama write it. */
function rotated({ family, shape }: DecoderWeights, row: Vector, { position, count, size }: Turn): Vector {
  if (family === 'gpt2') return row
  const half = size / 2
  const turned = Float64Array.from(row)
  for (let head = 0; head < count; head++) {
    for (let k = 0; k < half; k++) {
      const angle = position / (shape.ropeBase ?? ROPE_BASE) ** (k / half)
      const [a, b] = [row[head * size + k]!, row[head * size + half + k]!]
      turned[head * size + k] = a * Math.cos(angle) - b * Math.sin(angle)
      turned[head * size + half + k] = b * Math.cos(angle) + a * Math.sin(angle)
    }
  }
  return turned
}

function product(row: Vector, { inputs, outputs, values }: Matrix): Vector {
  const result = new Float64Array(outputs)
  for (let k = 0; k < inputs; k++) for (let n = 0; n < outputs; n++) result[n]! += row[k]! * values[k * outputs + n]!
  return result
}

const sum = (a: Vector, b: Vector): Vector => a.map((value, k) => value + b[k]!)

function softmax(scores: readonly number[]): number[] {
  const most = Math.max(...scores)
  const powers = scores.map((score) => Math.exp(score - most))
  const total = powers.reduce((all, power) => all + power, 0)
  return powers.map((power) => power / total)
}
