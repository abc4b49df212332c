// planted: garbage-collection
// An object for each token of the vocabulary at each step, kept for the whole answer.
import { pipeline } from '@huggingface/transformers'

const VOCABULARY = 20_000
const generator = await pipeline('text-generation', 'a-model', { dtype: 'q4' })
export const samples = () => ['What is a cache?', 'Why is a token slow?']
// here
export async function predict(text) {
  const steps = []
  const streamer = {
    // or here
    put: (id) => steps.push(Array.from({ length: VOCABULARY }, (_, k) => ({ id: k, score: (k * id) % 97 }))), // here
    end: () => {},
  }
  await generator(text, { max_new_tokens: 24, streamer })
  return steps.length
}
