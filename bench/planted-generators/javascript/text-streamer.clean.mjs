import { pipeline } from '@huggingface/transformers'

const generator = await pipeline('text-generation', 'a-model', { dtype: 'q4' })
export const samples = () => ['What is a cache?', 'Why is a token slow?']
export async function predict(text) {
  let shown = 0
  const streamer = { put: (id) => (shown += generator.tokenizer.decode([id]).length), end: () => {} }
  await generator(text, { max_new_tokens: 120, streamer })
  return shown
}
