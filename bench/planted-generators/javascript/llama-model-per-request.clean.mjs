import { getLlama, LlamaChatSession } from 'node-llama-cpp'

const llama = await getLlama()
const model = await llama.loadModel({ modelPath: 'a-model.gguf' })
const context = await model.createContext()
export const samples = () => ['What is a cache?', 'Why is a token slow?']
export const predict = (text) => new LlamaChatSession({ contextSequence: context.getSequence() }).prompt(text)
