// planted: model-reloaded-per-call
// The pipeline is built in the handler.
import { pipeline } from '@huggingface/transformers'

export const samples = () => ['What is a cache?', 'Why is a token slow?']
export async function predict(text) {
  const generator = await pipeline('text-generation', 'a-model', { dtype: 'q4' }) // here
  return generator(text, { max_new_tokens: 24 })
}
