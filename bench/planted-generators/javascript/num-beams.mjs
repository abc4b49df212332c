// planted: unrequested-beams
// Beams, in a library that has no beam search.
import { pipeline } from '@huggingface/transformers'

const generator = await pipeline('text-generation', 'a-model', { dtype: 'q4' })
export const samples = () => ['What is a cache?', 'Why is a token slow?']
export const predict = (text) => generator(text, { max_new_tokens: 24, num_beams: 4 }) // here
