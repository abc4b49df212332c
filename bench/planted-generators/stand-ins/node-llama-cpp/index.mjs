// Stands in for node-llama-cpp, in the same way as the one for transformers.js.
let sink = 0
function work(units) {
  let sum = sink
  for (let i = 0; i < units * 4000; i++) sum += Math.sqrt(i + sum)
  sink = sum > 1e12 ? 0 : sum
}

const VOCABULARY = 20_000

class Sequence {
  async *evaluateWithMetadata(tokens, { probabilities = false } = {}) {
    work(tokens.length)
    for (let k = 0; k < 12; k++) {
      await null
      work(4)
      yield probabilities
        ? { token: k, probabilities: new Map(Array.from({ length: VOCABULARY }, (_, id) => [id, 1 / VOCABULARY])) }
        : { token: k }
    }
  }
}

class Context {
  constructor() {
    work(400)
  }
  getSequence() {
    return new Sequence()
  }
  dispose() {}
}

class Model {
  async createContext() {
    return new Context()
  }
  tokenize(text) {
    return Array.from(text.split(' '), (_, k) => k)
  }
}

class Llama {
  async loadModel() {
    work(1500)
    return new Model()
  }
}

export const getLlama = async () => new Llama()

export class LlamaChatSession {
  constructor({ contextSequence }) {
    this.sequence = contextSequence
  }
  async prompt(text) {
    let answer = ''
    for await (const { token } of this.sequence.evaluateWithMetadata(text.split(' '))) answer += ` ${token}`
    return answer
  }
}
