import { DynamicCache, pipeline } from '@huggingface/transformers'

const generator = await pipeline('text-generation', 'a-model', { dtype: 'q4' })
const system = 'You answer in one sentence. '.repeat(60)
export const samples = () => [['What is a cache?', 'And a prefix?', 'Which one is faster?']]
export async function predict(questions) {
  const messages = [{ role: 'system', content: system }]
  const cache = new DynamicCache()
  for (const question of questions) {
    messages.push({ role: 'user', content: question })
    const [{ generated_text: answer }] = await generator(messages, { max_new_tokens: 8, past_key_values: cache })
    messages.push({ role: 'assistant', content: answer })
  }
  return messages.at(-1).content
}
