import { AutoTokenizer, pipeline } from '@huggingface/transformers'

const tokenizer = await AutoTokenizer.from_pretrained('a-model')
const generator = await pipeline('text-generation', 'a-model', { dtype: 'q4' })
export const samples = () => ['a long text of many words '.repeat(2000), 'another text of many words '.repeat(2000)]
export async function predict(text) {
  const ids = tokenizer.encode(text.slice(0, 1024))
  const kept = ids.slice(0, 64)
  return generator('x'.repeat(kept.length), { max_new_tokens: 8 })
}
