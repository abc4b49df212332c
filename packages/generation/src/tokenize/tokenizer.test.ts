import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { writeGguf } from '../../test/support/gguf/write-gguf.ts'
import { writeLlamaGguf } from '../../test/support/gguf/write-llama.ts'
import { END_TOKEN, tinyTokenizer } from '../../test/support/tokenizer/tiny-tokenizer.ts'
import { checkVocabulary, openTokenizer, tokenizerOf } from './tokenizer.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-tokenizer-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
const write = (name: string, content: string | Buffer) => {
  fs.writeFileSync(path.join(folder, name), content)
  return path.join(folder, name)
}

const tiny = await tokenizerOf(tinyTokenizer(), {}, 'tokenizer.json')
const TEXT = 'the cat and the other thing.\né 😀'

describe('tokenizer.json', () => {
  it('a text to ids and back', () => {
    const ids = tiny.encode(TEXT)
    expect(tiny.decode(ids)).toBe(TEXT)
    // 'the' of t, h and e, ' the' of ' t' and 'he' is none: merges are in their order.
    expect(tiny.encode('the').length).toBe(1)
    expect(tiny.size).toBe(64)
    expect(tiny.idOf(END_TOKEN)).toBe(0)
    expect(tiny.idOf('no such token')).toBeNull()
  })

  it('special tokens are ids of their own and no text', () => {
    const ids = tiny.encode(`a${END_TOKEN}b`)
    expect(ids).toContain(0)
    expect(tiny.decode(ids)).toBe('ab')
  })

  it('the text as ids come is the text of all, and never shows half a character', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 't', 'h', 'e', ' ', '.', 'é', '😀', 'an', ' the'), maxLength: 30 })
    fc.assert(
      fc.property(letters, (text) => {
        const stream = tiny.stream()
        const pieces = tiny.encode(text).map((id) => stream.push(id))
        expect(pieces.join('') + stream.end()).toBe(text)
        expect(pieces.join('')).not.toContain('\uFFFD')
      }),
    )
  })

  it('one line if the file is missing, no JSON, or no tokenizer', async () => {
    const open = (file: string) => openTokenizer({ tokenizer: file, tokenizerConfig: null })
    await expect(open(path.join(folder, 'none.json'))).rejects.toThrow(/does not exist; put the model's tokenizer\.json there/)
    await expect(open(write('cut.json', '{"model"'))).rejects.toThrow(/is not valid JSON/)
    await expect(open(write('other.json', '{"model":{"type":"Frob"}}'))).rejects.toThrow(/is not a tokenizer that is understood/)
  })

  it('one line if its ids are not those of the model', () => {
    const file = 'tokenizer.json'
    expect(() => checkVocabulary({ file, size: 65, baseSize: 65 }, 64, 'm.onnx')).toThrow(
      'tokenizer.json has 65 tokens, but m.onnx has logits for 64',
    )
    expect(() => checkVocabulary({ file, size: 20, baseSize: 20 }, 64, 'm.onnx')).toThrow(
      /take the tokenizer\.json that belongs to the model/,
    )
    expect(() => checkVocabulary({ file, size: 60, baseSize: 60 }, 64, 'm.onnx')).not.toThrow()
    expect(() => checkVocabulary({ file, size: 60, baseSize: 60 }, null, 'm.onnx')).not.toThrow()
    // Gemma 3 has one added token more than its model has logits.
    expect(() => checkVocabulary({ file, size: 65, baseSize: 64 }, 64, 'm.onnx')).not.toThrow()
  })
})

describe('a vocabulary of GGUF', () => {
  it('byte-level BPE: the ids of the same tokenizer.json', async () => {
    const file = writeLlamaGguf(path.join(folder, 'llama', 'm.gguf'), decoderWeights())
    const tokenizer = await openTokenizer({ tokenizer: file, tokenizerConfig: null })
    expect(tokenizer.size).toBe(64)
    for (const text of [TEXT, `a${END_TOKEN}b`, '']) {
      expect(tokenizer.encode(text)).toEqual(tiny.encode(text))
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(tiny.decode(tiny.encode(text)))
    }
  })

  it.each([
    // Merges tell where the text was cut: before a number, and between two numbers or not.
    ['gpt-2', ' ½½', ['ĠÂ', '½', 'Â', '½']],
    ['smollm', ' ½½', ['Ġ', 'Â', '½', 'Â', '½']],
    ['llama-bpe', ' ½½', ['Ġ', 'Â', '½Â', '½']],
    ['qwen2', '½½', ['Â', '½', 'Â', '½']],
    ['falcon', '½ ½', ['Â', '½', 'ĠÂ', '½']],
  ])('cuts a text as the rule %s says', async (rule, text, expected) => {
    const tokens = ['Ġ', 'Â', '½', 'ĠÂ', '½Â']
    const metadata = {
      'tokenizer.ggml.model': { text: 'gpt2' },
      'tokenizer.ggml.pre': { text: rule },
      'tokenizer.ggml.tokens': { texts: tokens },
      'tokenizer.ggml.merges': { texts: rule === 'gpt-2' ? ['Ġ Â'] : ['Ġ Â', '½ Â'] },
    }
    const file = write(`${rule}.gguf`, writeGguf({ metadata, tensors: [] }))
    const tokenizer = await openTokenizer({ tokenizer: file, tokenizerConfig: null })
    expect(tokenizer.encode(text).map((id) => tokens[id])).toEqual(expected)
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
  })

  const pieces = (extra: Parameters<typeof writeGguf>[0]['metadata'] = {}) => {
    const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
    // Not in the order of their scores.
    const words = Object.entries({ th: -4, t: -21, h: -22, e: -23, '▁': -20, a: -24, '▁the': -3, '▁t': -1, he: -2, '▁a': -5 })
    const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...words.map(([word]) => word)]
    const types = [2, 3, 3, ...bytes.map(() => 6), ...words.map(() => 1)]
    return writeGguf({
      metadata: {
        'tokenizer.ggml.model': { text: 'llama' },
        'tokenizer.ggml.tokens': { texts: tokens },
        'tokenizer.ggml.token_type': { i32s: types },
        'tokenizer.ggml.scores': { f32s: [0, 0, 0, ...bytes.map(() => 0), ...words.map(([, score]) => score)] },
        'tokenizer.ggml.unknown_token_id': { u32: 0 },
        ...extra,
      },
      tensors: [],
    })
  }
  const FIRST = 3 + 256

  it('SentencePiece joins what has the best score, and writes bytes of what it does not know', async () => {
    const tokenizer = await openTokenizer({ tokenizer: write('spm.gguf', pieces()), tokenizerConfig: null })
    // ▁t (-1) before he (-2) before th (-4): ▁t he, and then the whole, ▁the (-3).
    expect(tokenizer.encode('the the')).toEqual([FIRST + 6, FIRST + 6])
    expect(tokenizer.decode(tokenizer.encode('the the a'))).toBe('the the a')
    // é is C3 A9.
    expect(tokenizer.encode('é').slice(1)).toEqual([3 + 0xc3, 3 + 0xa9])
    const stream = tokenizer.stream()
    expect(
      tokenizer
        .encode('the é')
        .map((id) => stream.push(id))
        .join(''),
    ).toBe('the é')
  })

  it('pieces with merges, as Gemma 4 has them: no space is put before a text, and a line is cut off', async () => {
    const metadata = {
      'tokenizer.ggml.model': { text: 'gemma4' },
      'tokenizer.ggml.add_space_prefix': { bool: false },
      'tokenizer.ggml.merges': { texts: ['▁ t', 'h e', '▁t he'] },
    }
    const tokenizer = await openTokenizer({ tokenizer: write('gemma4.gguf', pieces(metadata)), tokenizerConfig: null })
    expect(tokenizer.encode(' the\nhe')).toEqual([FIRST + 6, 3 + 0x0a, FIRST + 8])
    expect(tokenizer.decode(tokenizer.encode(' the\nhe'))).toBe(' the\nhe')
  })

  it('one line for a kind, a rule and a file that is not known', async () => {
    const open = (name: string, metadata: Parameters<typeof writeGguf>[0]['metadata']) =>
      openTokenizer({ tokenizer: write(name, writeGguf({ metadata, tensors: [] })), tokenizerConfig: null })
    const tokens = { 'tokenizer.ggml.tokens': { texts: ['a'] } }
    await expect(open('kind.gguf', { 'tokenizer.ggml.model': { text: 'rwkv' }, ...tokens })).rejects.toThrow(
      /a tokenizer of kind 'rwkv', which is not read; put/,
    )
    await expect(
      open('rule.gguf', { 'tokenizer.ggml.model': { text: 'gpt2' }, 'tokenizer.ggml.pre': { text: 'frob' }, ...tokens }),
    ).rejects.toThrow(/cuts its text by the rule 'frob'/)
    await expect(open('none.gguf', {})).rejects.toThrow(/holds no tokenizer; put the model's tokenizer\.json next to it/)
  })
})
