// Normalizers that tokenizers.js lacks, written as those that it has. Nmt is in tokenizers that were trained with SentencePieceUnigramTokenizer, as T5s of
// Hugging Face's examples: https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/normalizers/unicode.rs (do_nmt)
import type { JsonObject } from '@whyslow/graph/json.ts'

const replace = (pattern: string, content: string): JsonObject => ({ type: 'Replace', pattern: { Regex: pattern }, content })

const NMT: JsonObject = {
  type: 'Sequence',
  normalizers: [
    replace('[\\u0001-\\u0008\\u000B\\u000E-\\u001F\\u007F\\u008F\\u009F]', ''),
    replace('[\\u0009\\u000A\\u000C\\u000D\\u1680\\u200B-\\u200F\\u2028\\u2029\\u2581\\uFEFF\\uFFFD]', ' '),
  ],
}

/** The tokenizer with them; the same object if it has none. */
export function withKnownNormalizers(tokenizer: JsonObject): JsonObject {
  const normalizer = known(tokenizer.normalizer)
  return normalizer === tokenizer.normalizer ? tokenizer : { ...tokenizer, normalizer }
}

function known(normalizer: unknown): unknown {
  const { type, normalizers } = (normalizer ?? {}) as { readonly type?: unknown; readonly normalizers?: unknown }
  if (type === 'Nmt') return NMT
  if (type !== 'Sequence' || !Array.isArray(normalizers)) return normalizer
  const all = normalizers.map(known)
  return all.every((one, at) => one === normalizers[at]) ? normalizer : { ...(normalizer as JsonObject), normalizers: all }
}
