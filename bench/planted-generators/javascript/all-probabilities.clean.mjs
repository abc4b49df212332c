import { getLlama } from 'node-llama-cpp'

const model = await (await getLlama()).loadModel({ modelPath: 'a-model.gguf' })
const context = await model.createContext()
export const samples = () => ['What is a cache?', 'Why is a token slow?']
export async function predict(text) {
  const tokens = []
  const sequence = context.getSequence()
  for await (const { token } of sequence.evaluateWithMetadata(model.tokenize(text))) tokens.push(token)
  return tokens
}
