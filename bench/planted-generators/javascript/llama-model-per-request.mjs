// planted: model-reloaded-per-call
// The model is loaded in the handler.
import { getLlama, LlamaChatSession } from 'node-llama-cpp'

const llama = await getLlama()
export const samples = () => ['What is a cache?', 'Why is a token slow?']
export async function predict(text) {
  const model = await llama.loadModel({ modelPath: 'a-model.gguf' }) // here
  const context = await model.createContext()
  return new LlamaChatSession({ contextSequence: context.getSequence() }).prompt(text)
}
