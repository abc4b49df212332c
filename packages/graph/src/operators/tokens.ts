// Work on ids of words: hashes, and looking for sequences that were there before. onnxruntime docs/ContribOperators.md: MurmurHash3,
// NGramHashMapping, NGramRepeatBlock, BifurcationDetector; embeddings of words from their letters: WordConvEmbedding.
import { elementCount, sizeInBytes } from '../dtype.ts'
import { numberAttribute } from './attributes.ts'
import { defineFamily, formula } from './family.ts'
import { tensorBytes } from './work.ts'

/** A block of 4 bytes: two multiplications, two rotations, an exclusive or, multiply and add. At the end five steps mix the bits. */
const HASH_BLOCK_OPS = 9
const HASH_END_OPS = 8
const HASH_BLOCK_BYTES = 4

// https://github.com/aappleby/smhasher, MurmurHash3_x86_32
const murmurHash = formula([0], [0], ([x]) => {
  const elements = elementCount(x.shape)
  const blocks = Math.max(1, (sizeInBytes({ dtype: x.dtype, shape: [1] }) ?? 0) / HASH_BLOCK_BYTES)
  return { simpleOps: elements * (blocks * HASH_BLOCK_OPS + HASH_END_OPS) }
})

// ids [B, S] -> [B, S, heads of every length]: multiplied and joined by exclusive or once per length, then a remainder per head
const ngramHashes = formula([0], [0], ([ids], [y], { node }) => {
  const longest = numberAttribute(node, 'max_ngram_size', 2)
  return { simpleOps: elementCount(ids.shape) * (2 * longest - 1), specialOps: elementCount(y.shape) }
})

// ids [B, S], scores [B, vocabulary]: scores are copied; the last words of the text are looked for at each place of it, of which one
// comparison is certain
const ngramRepeats = formula([0, 1], [0], ([ids], _, { node }) => {
  const places = Math.max(0, (ids.shape[1] ?? 0) - numberAttribute(node, 'ngram_size', 1))
  return { simpleOps: (ids.shape[0] ?? 0) * places, note: 'how far the words agree lies in the data' }
})

// source, current tokens, previous index, predicted tokens: compared until they differ
const bifurcation = formula([1], [0], () => ({ note: 'how far the tokens agree lies in the data' }))

// letters [S, L], filters [M, 1, width, E], bias, table [V, E] -> [S, M]: rows of the table, a convolution, tanh, the largest
const wordConvolution = formula([0, 1, 3], [0], ([letters, w, table], [y]) => {
  const places = Math.max(1, letters.shape[1]! - w.shape[2]! + 1)
  const made = elementCount(y.shape) * places
  const gathered = elementCount(letters.shape) * table.shape[1]!
  return {
    macs: made * elementCount(w.shape.slice(1)),
    simpleOps: made * 2,
    specialOps: made,
    functions: { tanh: made },
    readBytes: { 3: Math.min(tensorBytes(table), sizeInBytes({ dtype: table.dtype, shape: [gathered] })!) },
    arithmetic: w.dtype,
    note: 'every word counted at full length',
  }
})

export const tokensFamily = defineFamily(
  'tokens',
  {},
  {
    'com.microsoft:MurmurHash3': murmurHash,
    'com.microsoft:NGramHashMapping': ngramHashes,
    'com.microsoft:NGramRepeatBlock': ngramRepeats,
    'com.microsoft:BifurcationDetector': bifurcation,
    'com.microsoft:WordConvEmbedding': wordConvolution,
  },
)
