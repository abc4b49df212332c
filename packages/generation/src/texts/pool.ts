// Vectors of tokens made one vector of their text, as sentence-transformers does it, and vectors of length 1.
// https://sbert.net/docs/package_reference/sentence_transformer/models.html#sentence_transformers.models.Pooling
import type { EmbeddingPooling } from '@whyslow/report/documents/embedding.ts'

/** Vectors of tokens, [texts, length, width]; which of the positions hold the text's tokens. */
export interface TokenVectors {
  readonly values: Float32Array
  readonly length: number
  readonly width: number
  /** Tokens of each text. */
  readonly lengths: readonly number[]
  readonly side: 'left' | 'right'
}

/** [texts, width] */
export function poolVectors({ values, length, width, lengths, side }: TokenVectors, how: EmbeddingPooling): Float32Array {
  const result = new Float32Array(lengths.length * width)
  lengths.forEach((own, row) => {
    const start = row * length + (side === 'left' ? length - own : 0)
    const target = result.subarray(row * width, (row + 1) * width)
    if (how === 'first' || how === 'last') {
      const at = (how === 'first' ? start : start + own - 1) * width
      target.set(values.subarray(at, at + width))
      return
    }
    if (how === 'max') target.fill(Number.NEGATIVE_INFINITY)
    for (let token = start; token < start + own; token++) {
      const from = token * width
      if (how === 'max') for (let k = 0; k < width; k++) target[k] = Math.max(target[k]!, values[from + k]!)
      else for (let k = 0; k < width; k++) target[k]! += values[from + k]!
    }
    if (how === 'mean') for (let k = 0; k < width; k++) target[k]! /= Math.max(1, own)
  })
  return result
}

/** Each vector of length 1, in place. */
export function normalize(vectors: Float32Array, width: number): void {
  for (let from = 0; from < vectors.length; from += width) {
    let squares = 0
    for (let k = from; k < from + width; k++) squares += vectors[k]! * vectors[k]!
    const norm = Math.max(Math.sqrt(squares), 1e-12)
    for (let k = from; k < from + width; k++) vectors[k]! /= norm
  }
}
