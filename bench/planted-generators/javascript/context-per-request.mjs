// planted: context-per-request
// A context for each request.
import { getLlama, LlamaChatSession } from 'node-llama-cpp'

const llama = await getLlama()
const model = await llama.loadModel({ modelPath: 'a-model.gguf' })
export const samples = () => ['What is a cache?', 'Why is a token slow?']
export async function predict(text) {
  const context = await model.createContext() // here
  return new LlamaChatSession({ contextSequence: context.getSequence() }).prompt(text)
}
