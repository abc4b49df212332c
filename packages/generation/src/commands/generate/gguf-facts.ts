// What rules want of a GGUF file's weights, by its header: types and bytes of every matrix that a token is multiplied by.
import type { GenerationFacts, WeightFact } from '../../facts.ts'
import type { GgufTensor } from '../../recognize/gguf.ts'
import { openGguf } from '../../recognize/gguf-file.ts'

const HEAD = 'output.weight'
const EMBEDDING = 'token_embd.weight'

/** Names that a type of float has in other formats. */
const FLOATS: Readonly<Record<string, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }

export const ggufFacts = (file: string): GenerationFacts => ({ weights: ggufWeights(openGguf(file).tensors) })

/** Matrices of experts are left out: which of them a token reads is not in the file. */
export function ggufWeights(tensors: readonly GgufTensor[]): WeightFact[] {
  const head = tensors.some(({ name }) => name === HEAD) ? HEAD : EMBEDDING
  return tensors
    .filter(({ name, shape }) => shape.length >= 2 && /\.weight$/.test(name) && !/_exps\.weight$/.test(name))
    .filter(({ name }) => name !== EMBEDDING || head === EMBEDDING)
    .map(({ name, type, elements, sizeBytes }) => ({
      ...{ node: name, operator: 'tensor', role: name === head ? ('head' as const) : ('body' as const) },
      ...{ dtype: FLOATS[type.name] ?? type.name, elements, bytes: sizeBytes },
      // Blocks and their scales are part of a type of llama.cpp, which has kernels for each.
      ...{ scaleBytes: null, blockSize: null, accuracyLevel: null, decodeMs: null },
    }))
}
