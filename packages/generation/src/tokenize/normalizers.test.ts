import { expect, it } from 'vitest'
import { tinyTokenizer } from '../../test/support/tokenizer/tiny-tokenizer.ts'
import { withKnownNormalizers } from './normalizers.ts'
import { tokenizerOf } from './tokenizer.ts'

const tiny = tinyTokenizer()

it('Nmt leaves out what controls, and makes spaces of what separates, alone or in a sequence', async () => {
  const plain = await tokenizerOf(tiny, {}, 'tokenizer.json')
  const nmt = { type: 'Nmt' }
  for (const normalizer of [nmt, { type: 'Sequence', normalizers: [nmt, { type: 'NFKC' }] }]) {
    const { encode } = await tokenizerOf({ ...tiny, normalizer }, {}, 'tokenizer.json')
    expect(encode('the\u0001 cat\u200Band\tthe\u2028end\u007F.')).toEqual(plain.encode('the cat and the end.'))
  }
})

it('is the same object if it has no such normalizer', () => {
  expect(withKnownNormalizers(tiny)).toBe(tiny)
  const lower = { ...tiny, normalizer: { type: 'Sequence', normalizers: [{ type: 'Lowercase' }] } }
  expect(withKnownNormalizers(lower)).toBe(lower)
})
