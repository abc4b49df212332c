// planted: quadratic-detokenization
// One long line, decoded again for each token.
import { pipeline, TextStreamer } from '@huggingface/transformers'

const generator = await pipeline('text-generation', 'a-model', { dtype: 'q4' })
export const samples = () => ['What is a cache?', 'Why is a token slow?']
export async function predict(text) {
  let shown = 0
  const streamer = new TextStreamer(generator.tokenizer, { callback_function: (piece) => (shown += piece.length) }) // here
  await generator(text, { max_new_tokens: 120, streamer })
  return shown
}
