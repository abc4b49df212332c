// clean: tokenizer-dominates
// Rows are cut from a matrix, each once, and looked up by number: no text anywhere.
const matrix = Float32Array.from({ length: 64 * 2000 }, (_, i) => (i * 7919) % 64)
const predictions = new Float32Array(2000)
export const samples = () => [1, 2].map((k) => Array.from({ length: 2000 }, (_, i) => (i * k) % 2000))

export function predict(ids) {
  const seen = new Set()
  for (const id of ids) {
    if (seen.has(id)) continue
    seen.add(id)
    const features = matrix.slice(id * 64, (id + 1) * 64)
    let sum = 0
    for (let i = 0; i < features.length; i++) sum += features[i]
    predictions[id] = sum
  }
  return predictions[ids[0]]
}
