// planted: tokenizer-dominates
// Greedy longest match, letter by letter.
const vocab = new Map(Array.from({ length: 5000 }, (_, i) => [i.toString(36), i]))
export const samples = () =>
  [1, 2].map((k) => Array.from({ length: 4000 }, (_, i) => ((i * 7919 * k) % 46656).toString(36)).join(' '))

export function preprocess(text) {
  const ids = []
  for (const word of text.split(' ')) {
    // here
    let start = 0
    while (start < word.length) {
      let end = word.length
      while (end > start + 1 && !vocab.has(word.slice(start, end))) end--
      ids.push(vocab.get(word.slice(start, end)) ?? 0)
      start = end
    }
  }
  return ids
}
export const predict = (ids) => ids.length
