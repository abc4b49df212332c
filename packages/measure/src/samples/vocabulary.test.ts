import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { factsOfSize, idsNextTo, vocabularyReader } from './vocabulary.ts'

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'vocabulary-'))
afterAll(() => fs.rmSync(home, { recursive: true }))
let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(home, 'model-'))
})
const put = (name: string, content: unknown) =>
  fs.writeFileSync(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
const idsOf = (text: string, rows = 1000, model = 'model.onnx') => idsNextTo(path.join(folder, model), rows, [text])
const fillers = (mark: string) => Array.from({ length: 25 }, (_, k) => `${mark}filler${k}`)

describe('idsNextTo', () => {
  it('cuts words into the longest pieces of a vocab.txt, continued with ##, between [CLS] and [SEP]', () => {
    const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'the', 'play', '##ing', '##s', '!', ...fillers('##')]
    put('vocab.txt', `${pieces.join('\n')}\n`)
    const found = idsOf('The playing zebras!')!
    expect(found.sentences).toEqual([[4, 5, 6, 1, 8]])
    expect([found.begin, found.end, found.padding, found.file]).toEqual([[2], [3], 0, 'vocab.txt'])
  })
  it('reads the vocabulary of a tokenizer.json, and what its template puts around a text', () => {
    const vocab = Object.fromEntries(
      ['<s>', 'Hello', 'Ġwor', 'ld', '</s>', 'The', ...fillers('Ġ')].map((piece, id) => [piece, id]),
    )
    const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
    const single = [special('<s>'), { Sequence: { id: 'A', type_id: 0 } }, special('</s>')]
    put('tokenizer.json', {
      model: { type: 'BPE', vocab },
      added_tokens: [{ id: 40, content: '<pad>' }],
      post_processor: { single },
    })
    const found = idsOf('Hello world')!
    expect(found.sentences).toEqual([[1, 2, 3]])
    expect([found.begin, found.end, found.padding]).toEqual([[0], [4], 40])
  })
  it('reads pieces with scores, whole words, and a list under the name vocab', () => {
    put('tokenizer.json', {
      model: { type: 'Unigram', vocab: ['▁The', '▁a', 'nt', ...fillers('▁')].map((piece) => [piece, -1]) },
    })
    expect(idsOf('The ant')!.sentences).toEqual([[0, 1, 2]])
    fs.rmSync(path.join(folder, 'tokenizer.json'))
    put('vocab.json', { vocab: ['[PAD]', '[UNK]', 'call', 'now', ...fillers('')] })
    expect(idsOf('Call me now')!.sentences).toEqual([[2, 1, 3]])
  })
  it('looks in the folder above, and takes no vocabulary with more pieces than the table has rows', () => {
    put('vocab.json', Object.fromEntries(['go', ...fillers('')].map((piece, k) => [piece, k + 50])))
    expect(idsOf('go', 100, 'onnx/model.onnx')!.sentences).toEqual([[50]])
    expect(idsOf('go', 50)).toBeUndefined()
  })
  it('reads a file once, whichever inputs ask', () => {
    put('vocab.json', Object.fromEntries(['go', ...fillers('')].map((piece, k) => [piece, k])))
    const read = vocabularyReader()
    const found = () => idsNextTo(path.join(folder, 'model.onnx'), 1000, ['go'], read)?.sentences
    expect(found()).toEqual([[0]])
    fs.rmSync(path.join(folder, 'vocab.json'))
    expect(found()).toEqual([[0]])
  })
  it('takes no ids but whole numbers from 0 on', () => {
    const vocab = Object.fromEntries(['go', 'far', 'now', ...fillers('')].map((piece, id) => [piece, id]))
    const added_tokens = [null, -1, 1.5].map((id, k) => ({ id, content: ['go', 'far', 'now'][k] }))
    put('tokenizer.json', { model: { vocab: { ...vocab, '[UNK]': 7, '!': -3 } }, added_tokens })
    expect(idsOf('go far now!')!.sentences).toEqual([[0, 1, 2, 7]])
  })
  it('reads no pipe', () => {
    const pipe = path.join(folder, 'vocab.txt')
    execFileSync('mkfifo', [pipe])
    // Whoever reads it all the same gets a vocabulary, and does not wait.
    const writer = spawn('sh', ['-c', 'printf "%s\\n" "$@" > "$0"', pipe, 'go', ...fillers('')])
    expect(idsOf('go')).toBeUndefined()
    writer.kill()
  })
  it('is undefined without a file, and with one that holds something else', () => {
    expect(idsOf('go')).toBeUndefined()
    put('tokenizer.json', 'version https://git-lfs.github.com/spec/v1')
    put('vocab.json', { a: 1 })
    expect(idsOf('go')).toBeUndefined()
  })
})

it('factsOfSize knows the vocabulary of BERT, and that 0 is mostly padding', () => {
  expect(factsOfSize(30522)).toEqual({ begin: [101], end: [102], padding: 0, words: 1000 })
  expect(factsOfSize(777)).toEqual({ begin: [], end: [], padding: 0, words: 1 })
})
