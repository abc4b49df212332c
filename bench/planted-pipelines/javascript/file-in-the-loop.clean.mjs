const bytes = Buffer.from(Array.from({ length: 400_000 }, (_, i) => `word${i}`).join('\n'))
export const samples = () => ['word399999', 'word399998']

export const preprocess = (text) => bytes.indexOf(text)
export const predict = (at) => at + 1
