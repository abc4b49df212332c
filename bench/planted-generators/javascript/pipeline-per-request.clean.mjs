import { pipeline } from '@huggingface/transformers'

export const samples = () => ['What is a cache?', 'Why is a token slow?']
let generator
export async function predict(text) {
  generator ??= await pipeline('text-generation', 'a-model', { dtype: 'q4' })
  return generator(text, { max_new_tokens: 24 })
}
