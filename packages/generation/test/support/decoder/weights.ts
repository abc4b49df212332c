// Weights of a decoder drawn from a seed, as plain arrays: what the writers of ONNX and GGUF and the reference all read.
import { mulberry32 } from '@whyslow/graph/random.ts'

export interface DecoderShape {
  readonly layers: number
  readonly width: number
  readonly heads: number
  /** Heads of keys and values; GPT-2's are as many as `heads`. */
  readonly kvHeads: number
  readonly inner: number
  readonly vocabulary: number
  readonly context: number
  /** Base of the rotary angles; default ROPE_BASE. */
  readonly ropeBase?: number
}

/** Runs in milliseconds. */
export const TINY: DecoderShape = { layers: 2, width: 32, heads: 2, kvHeads: 1, inner: 64, vocabulary: 64, context: 128 }
/** A token reads 28 million parameters of it. */
export const SHAPE_30M: DecoderShape = {
  layers: 10,
  width: 384,
  heads: 6,
  kvHeads: 2,
  inner: 1024,
  vocabulary: 32_000,
  context: 4096,
}
/** That of SmolLM2-135M, as its config.json says, whose head is tied: 30 layers of 576, 9 heads, 3 of keys and values. */
export const SHAPE_135M: DecoderShape = {
  layers: 30,
  width: 576,
  heads: 9,
  kvHeads: 3,
  inner: 1536,
  vocabulary: 49_152,
  context: 8192,
  ropeBase: 100_000,
}

/** 500 million parameters: more than caches hold, in any number type. */
export const SHAPE_500M: DecoderShape = {
  layers: 24,
  width: 1152,
  heads: 18,
  kvHeads: 6,
  inner: 3712,
  vocabulary: 49_152,
  context: 4096,
}

/** x W: `inputs` rows of `outputs` values each. */
export interface Matrix {
  readonly inputs: number
  readonly outputs: number
  readonly values: Float32Array<ArrayBuffer>
}

export interface LayerWeights {
  readonly attentionNorm: Float32Array<ArrayBuffer>
  readonly query: Matrix
  readonly key: Matrix
  readonly value: Matrix
  readonly attentionOutput: Matrix
  readonly innerNorm: Float32Array<ArrayBuffer>
  readonly gate: Matrix
  readonly up: Matrix
  readonly down: Matrix
}

/** A layer's look at what an encoder returned. */
export interface CrossWeights {
  readonly norm: Float32Array<ArrayBuffer>
  readonly query: Matrix
  readonly key: Matrix
  readonly value: Matrix
  readonly output: Matrix
}

/** `llama`: RMSNorm, rotary positions, grouped queries, SwiGLU. `gpt2`: LayerNorm, learned positions, GELU. */
export type Family = 'llama' | 'gpt2'

export interface DecoderWeights {
  readonly family: Family
  readonly shape: DecoderShape
  /** vocabulary rows of `width`. */
  readonly embedding: Float32Array<ArrayBuffer>
  /** GPT-2's: context rows of `width`. */
  readonly positions: Float32Array<ArrayBuffer>
  readonly layers: readonly LayerWeights[]
  /** One for each layer; null: it is no decoder of an encoder. */
  readonly cross: readonly CrossWeights[] | null
  readonly finalNorm: Float32Array<ArrayBuffer>
  /** null: the embedding's rows are the head's columns. */
  readonly head: Matrix | null
}

export const EPSILON = 1e-5
export const ROPE_BASE = 10_000

/** Larger arrays repeat what was drawn: the time that a product takes does not depend on values, and drawing 135 million of them takes seconds. */
const DRAWN = 2 ** 18

function draw(random: () => number, count: number, spread: number, centre = 0): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count)
  const drawn = Math.min(count, DRAWN)
  // Uniform with that standard deviation.
  for (let k = 0; k < drawn; k++) values[k] = centre + spread * Math.sqrt(3) * (2 * random() - 1)
  for (let done = drawn; done < count; done *= 2) values.copyWithin(done, 0, Math.min(done, count - done))
  return values
}

export interface WeightOptions {
  readonly shape?: DecoderShape
  readonly family?: Family
  readonly tied?: boolean
  /** Whether it reads an encoder's states. */
  readonly encoder?: boolean
  readonly seed?: number
}

export function decoderWeights(options: WeightOptions = {}): DecoderWeights {
  const { family = 'llama', tied = false, encoder = false, seed = 36 } = options
  const given = options.shape ?? TINY
  const shape = family === 'gpt2' ? { ...given, kvHeads: given.heads } : given
  const { width, inner, vocabulary, heads, kvHeads } = shape
  const random = mulberry32(seed)
  const matrix = (inputs: number, outputs: number, gain = 1): Matrix => ({
    inputs,
    outputs,
    values: draw(random, inputs * outputs, gain / Math.sqrt(inputs)),
  })
  const norm = () => draw(random, width, 0.1, 1)
  const kvWidth = (kvHeads * width) / heads
  const crossLayer = (): CrossWeights => ({
    norm: norm(),
    query: matrix(width, width, 2),
    key: matrix(width, kvWidth, 2),
    value: matrix(width, kvWidth),
    output: matrix(width, width),
  })
  return {
    family,
    shape,
    embedding: draw(random, vocabulary * width, 1),
    positions: family === 'gpt2' ? draw(random, shape.context * width, 0.5) : new Float32Array(0),
    layers: Array.from({ length: shape.layers }, () => ({
      attentionNorm: norm(),
      query: matrix(width, width, 2),
      key: matrix(width, kvWidth, 2),
      value: matrix(width, kvWidth),
      attentionOutput: matrix(width, width),
      innerNorm: norm(),
      gate: matrix(width, inner),
      up: matrix(width, inner),
      down: matrix(inner, width, 2),
    })),
    finalNorm: norm(),
    cross: encoder ? Array.from({ length: shape.layers }, crossLayer) : null,
    // Logits a few apart, so that rounding does not choose.
    head: tied ? null : matrix(width, vocabulary, 3),
  }
}

/** The head as a product; of a tied one the embedding, turned. */
export function headOf({ head, embedding, shape: { width, vocabulary } }: DecoderWeights): Matrix {
  if (head !== null) return head
  const values = new Float32Array(embedding.length)
  for (let row = 0; row < vocabulary; row++)
    for (let column = 0; column < width; column++) values[column * vocabulary + row] = embedding[row * width + column]!
  return { inputs: width, outputs: vocabulary, values }
}

/** The weights with each matrix of a layer and the head changed, as quantizing and reading back does. */
export function mapMatrices(weights: DecoderWeights, change: (matrix: Matrix, name: string) => Matrix): DecoderWeights {
  const layers = weights.layers.map((layer, index) => {
    const changed = Object.entries(layer).map(([name, value]) => [
      name,
      value instanceof Float32Array ? value : change(value as Matrix, `${index}.${name}`),
    ])
    return Object.fromEntries(changed) as LayerWeights
  })
  return { ...weights, layers, head: change(headOf(weights), 'head') }
}
