import { exampleEmbedding } from '@whyslow/report/support/documents/example-embedding.ts'
import { describe, expect, test } from 'vitest'
import { renderEmbedding } from './embedding-text.ts'
import { embeddingAnswer, modelWords } from './embedding-words.ts'

const lines = renderEmbedding(exampleEmbedding, { width: 88 }).split('\n')

test('ways, parts, findings and how it was measured, within the width', () => {
  expect(lines.filter((line) => line.length > 88)).toEqual([])
  const text = lines.join('\n')
  expect(text).toContain('  batches of 32, as they come               16.0 ms   70 % padding   0.50×')
  expect(text).toContain('  the first 8 texts, padded to 256 tokens')
  expect(text).toMatch(
    /A text in batches of 32, as they come: 16\.0 ms\n {2}tokenizing .*\n.*\n {2}model, on tokens +4\.60 ms +29 %/,
  )
  expect(text).toContain('1. Padding: batches of texts of different lengths compute padding: would save 9.00 ms of')
  expect(text).toContain('   whyslow embed mini --batch 32')
  expect(text).toContain('  whyslow quantize mini/onnx/model.onnx -o fast/')
  expect(text).toContain('Model: mini (bert, fp32, 90.0 MB); 384 dimensions, the mean of its tokens')
  expect(text).toContain('Note: the first 64 of 900 texts were encoded')
  const typed = renderEmbedding(exampleEmbedding, { width: 88, command: 'npx whyslow' })
  expect(typed.match(/^ +(npx )?whyslow /gm)).toEqual(['   npx whyslow ', '  npx whyslow ', '  npx whyslow '])
})

describe('the answer', () => {
  test('one at a time, in batches, where the time goes, what is cut', () => {
    expect(embeddingAnswer(exampleEmbedding)).toBe(
      [
        'Your texts take 8.00 ms (7.60–8.40) each, one at a time, with a median of 40 tokens.',
        'In batches of 32 as they come each takes 16.0 ms, and 70 % of the positions are padding; the fastest are batches of 8, sorted by length: 6.00 ms.',
        "Of a text's 16.0 ms in batches of 32 as they come, 10.8 ms go into padding that the model computes.",
        '3 of 64 texts are longer than 256 tokens (sentence_bert_config.json) and cut: 8 % of all tokens are in no vector.',
      ].join(' '),
    )
  })

  test('of a model that takes one text at a time', () => {
    const [one] = exampleEmbedding.ways
    const lengths = { ...exampleEmbedding.lengths, cutTexts: 0 }
    expect(embeddingAnswer({ ...exampleEmbedding, ways: [one!], batchParts: null, lengths })).toBe(
      "Your texts take 8.00 ms (7.60–8.40) each, one at a time, with a median of 40 tokens. Of a text's 8.00 ms one at a time, 400 µs go into the tokenizer.",
    )
  })
})

test('of few texts the pair that shows padding to the maximum is not a way of all', () => {
  const few = exampleEmbedding.ways.map((way) => ({ ...way, texts: 8 }))
  const [one, , , , , longest, maximum] = few
  const document = {
    ...exampleEmbedding,
    setup: { ...exampleEmbedding.setup, texts: 8, batch: 8 },
    ways: [one!, { ...longest!, ratio: null, msPerText: { value: 5, low: 5, high: 5 } }, maximum!],
    batchParts: null,
  }
  expect(embeddingAnswer(document)).not.toMatch(/the fastest|as they come/)
  const text = renderEmbedding(document, { width: 88 })
  expect(text).toContain('  all 8 texts, in one batch')
  expect(text).toContain('  all 8 texts, padded to 256 tokens')
})

test('what a model gives', () => {
  const { model } = exampleEmbedding
  expect(modelWords({ ...model, pooling: null, normalizes: false })).toBe('384 dimensions')
  expect(modelWords({ ...model, poolingFrom: null })).toBe(
    '384 dimensions, the mean of its tokens (assumed: no file names one that whyslow knows), normalized',
  )
  expect(modelWords({ ...model, gives: 'scores', dimensions: 2 })).toBe('2 scores a text')
})
