import { pipeline } from '@huggingface/transformers'

const scores = new Float64Array(20_000)
const generator = await pipeline('text-generation', 'a-model', { dtype: 'q4' })
export const samples = () => ['What is a cache?', 'Why is a token slow?']
export async function predict(text) {
  let steps = 0
  const streamer = {
    put: (id) => {
      for (let k = 0; k < scores.length; k++) scores[k] = (k * id) % 97
      steps++
    },
    end: () => {},
  }
  await generator(text, { max_new_tokens: 24, streamer })
  return steps
}
