import { Tokenizer as Library } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tinyTokenizer } from '../../test/support/tokenizer/tiny-tokenizer.ts'
import { withoutMerges } from './merges.ts'
import { tokenizerOf } from './tokenizer.ts'

type Json = Record<string, unknown>

/** Merges as texts, and as pairs, in which a token may hold a space. */
const tiny = tinyTokenizer() as Json
const model = tiny.model as Json & { merges: (string | string[])[] }
const asPairs = {
  ...tiny,
  model: { ...model, merges: model.merges.map((one) => (typeof one === 'string' ? one.split(' ') : one)) },
}
const asTexts = {
  ...tiny,
  model: { ...model, merges: model.merges.map((one) => (typeof one === 'string' ? one : one.join(' '))) },
}

describe.each([
  ['texts', asTexts],
  ['pairs', asPairs],
])('merges as %s', (_, json) => {
  test('give the ids that the package gives by itself', async () => {
    const [own, plain] = [await tokenizerOf(json, {}, 'tokenizer.json'), new Library(json, {})]
    const letters = fc.string({
      unit: fc.constantFrom('a', 't', 'h', 'e', ' ', 'n', 'd', 'é', 'the', ' the', ' and'),
      maxLength: 40,
    })
    fc.assert(
      fc.property(letters, (text) => {
        expect(own.encode(text)).toEqual(plain.encode(text, { add_special_tokens: false }).ids)
      }),
    )
    // Some of them are merged.
    expect(own.encode('the and the').length).toBeLessThan(11)
  })
})

test('what is no BPE, or has no merges, is left to the package', () => {
  expect(withoutMerges({ model: { type: 'Unigram', vocab: [] } })).toBeNull()
  expect(withoutMerges({ model: { type: 'BPE', merges: [] } })).toBeNull()
  expect(withoutMerges({ model: null })).toBeNull()
})

test('a package that works otherwise keeps its own way', () => {
  const lean = withoutMerges(asTexts)!
  expect(lean.giveTo({ model: { bpe_ranks: new Map([['a', 1]]), tokens_to_ids: new Map(), add_node: () => {} } })).toBe(false)
  expect(lean.giveTo({ model: null })).toBe(false)
})
