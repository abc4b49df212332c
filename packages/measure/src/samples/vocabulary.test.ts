import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import AdmZip from 'adm-zip'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { factsOfSize, idsNextTo, vocabularyReader } from './vocabulary.ts'

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'vocabulary-'))
afterAll(() => fs.rmSync(home, { recursive: true }))
let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(home, 'model-'))
})
const put = (name: string, content: unknown) =>
  fs.writeFileSync(
    path.join(folder, name),
    typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content),
  )
const idsOf = (text: string, rows = 1000, model = 'model.onnx') => idsNextTo(path.join(folder, model), rows, [text])
const varint = (value: number): number[] =>
  value < 0 ? [...new Array(9).fill(0xff), 1] : value < 128 ? [value] : [(value & 127) | 128, value >> 7]
const field = (number: number, bytes: readonly number[]) => [...varint((number << 3) | 2), ...varint(bytes.length), ...bytes]
/** sentencepiece_model.proto: pieces with a score and a type, and the trainer's options. */
const sentencePiece = (pieces: readonly string[], { begin, end }: { begin?: number; end?: number }): Buffer =>
  Buffer.from([
    ...pieces.flatMap((piece) => field(1, [...field(1, [...Buffer.from(piece)]), ...[0x15, 0, 0, 0, 0], ...[0x18, 1]])),
    ...field(2, [
      ...(begin === undefined ? [] : [...varint(41 << 3), ...varint(begin)]),
      ...(end === undefined ? [] : [...varint(42 << 3), ...varint(end)]),
    ]),
  ])
/** An archive of one member behind other bytes, with the places of the whole file, as Python's zipfile appends it. */
function behind(bytes: number, archive: Buffer): Buffer {
  const end = archive.length - 22
  const directory = archive.readUInt32LE(end + 16)
  archive.writeUInt32LE(archive.readUInt32LE(directory + 42) + bytes, directory + 42)
  archive.writeUInt32LE(directory + bytes, end + 16)
  return Buffer.concat([Buffer.alloc(bytes, 'TFL3'), archive])
}
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
  it('reads the pieces of a SentencePiece model, and what begins and ends a text of its makers', () => {
    const pieces = ['<pad>', '</s>', '<unk>', '▁the', '▁ca', 't', ...fillers('▁')]
    put('spiece.model', sentencePiece(pieces, { begin: -1, end: 1 }))
    const t5 = idsOf('the cat')!
    expect([t5.sentences, t5.begin, t5.end, t5.padding, t5.file]).toEqual([[[3, 4, 5]], [], [1], 0, 'spiece.model'])
    fs.rmSync(path.join(folder, 'spiece.model'))
    put('tokenizer.model', sentencePiece(['<unk>', '<s>', '</s>', ...pieces.slice(3)], {}))
    const llama = idsOf('the cat')!
    expect([llama.sentences, llama.begin, llama.end]).toEqual([[[3, 4, 5]], [1], []])
    fs.rmSync(path.join(folder, 'tokenizer.model'))
    // One more than the file's: <s> <pad> </s> <unk> stand in front.
    put('sentencepiece.bpe.model', sentencePiece(['<unk>', '<s>', '</s>', ...pieces.slice(3)], {}))
    const shifted = idsOf('the cat')!
    expect([shifted.sentences, shifted.begin, shifted.end, shifted.padding]).toEqual([[[4, 5, 6]], [0], [2], 1])
  })
  it('passes over a SentencePiece model that is damaged, or is of another kind', () => {
    put('tokenizer.model', Buffer.from('IQ== 0\nIg== 1\n'))
    expect(idsOf('the cat')).toBeUndefined()
    put('tokenizer.model', sentencePiece(['<unk>', ...fillers('▁')], {}).subarray(0, 90))
    expect(idsOf('the cat')).toBeUndefined()
  })
  it('reads the vocabulary in the archive behind a TFLite model', () => {
    const archive = new AdmZip()
    archive.addFile('vocab.txt', Buffer.from(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'the', 'cat', ...fillers('##')].join('\n')))
    put('model.tflite', behind(40, archive.toBuffer()))
    expect(idsOf('the cat', 1000, 'model.tflite')!.sentences).toEqual([[4, 5]])
    put('model.tflite', Buffer.alloc(40, 'TFL3'))
    expect(idsOf('the cat', 1000, 'model.tflite')).toBeUndefined()
  })
  it('reads a TFLite model once, and none that is too large to look', () => {
    put('model.tflite', Buffer.alloc(40, 'TFL3'))
    const file = path.join(folder, 'model.tflite')
    const read = vi.spyOn(fs, 'readFileSync')
    const reads = () => read.mock.calls.filter(([of]) => of === file).length
    try {
      const reader = vocabularyReader()
      for (let input = 0; input < 2; input++) expect(idsNextTo(file, 1000, ['go'], reader)).toBeUndefined()
      expect(reads()).toBe(1)
      fs.truncateSync(file, 2 ** 28 + 1)
      expect(idsNextTo(file, 1000, ['go'])).toBeUndefined()
      expect(reads()).toBe(1)
    } finally {
      read.mockRestore()
      fs.rmSync(file)
    }
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
