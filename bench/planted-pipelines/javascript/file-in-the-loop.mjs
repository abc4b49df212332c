// planted: file-in-the-loop
// The vocabulary is read for each prediction.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const file = join(mkdtempSync(join(tmpdir(), 'planted-')), 'vocab.txt')
writeFileSync(file, Array.from({ length: 400_000 }, (_, i) => `word${i}`).join('\n'))
export const samples = () => ['word7 word9', 'word100 word3']

export function preprocess(text) {
  const bytes = readFileSync(file) // here
  return bytes.indexOf(text.split(' ')[0])
}
export const predict = (at) => at + 1
