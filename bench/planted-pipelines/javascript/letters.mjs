// planted: tokenizer-dominates
const idOf = new Map([...'abcdefghijklmnopqrstuvwxyz '].map((letter, k) => [letter, k]))
export const samples = () => ['a text that goes letter by letter ', 'and one more of the kind '].map((text) => text.repeat(2000))

export function preprocess(text) {
  const ids = []
  for (let i = 0; i < text.length; i++) {
    // here
    const letter = text.charAt(i)
    if (idOf.has(letter)) ids.push(idOf.get(letter))
  }
  return ids
}
export const predict = (ids) => ids.length
