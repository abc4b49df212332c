// planted: tokenizer-dominates
const known = Object.create(null)
for (let i = 0; i < 3000; i++) known[i.toString(32)] = i
export const samples = () =>
  [1, 2].map((k) => Array.from({ length: 5000 }, (_, i) => ((i * 7919 * k) % 32768).toString(32) + (i % 9 ? ' ' : ', ')).join(''))
class Encoder {
  encode(text) {
    const found = []
    const pieces = text.toLowerCase().match(/[a-z0-9]+|[^\sa-z0-9]/g) ?? []
    pieces.forEach((piece) => {
      // here
      let rest = piece
      while (rest.length > 0) {
        let cut = rest.length
        while (cut > 1 && known[rest.slice(0, cut)] === undefined) cut -= 1
        found.push(known[rest.substring(0, cut)] ?? 0)
        rest = rest.substring(cut)
      }
    })
    return found
  }
}
const encoder = new Encoder()
export const preprocess = (text) => encoder.encode(text)
export const predict = (ids) => ids.length
