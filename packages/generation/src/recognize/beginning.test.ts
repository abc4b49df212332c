import type { JsonObject } from '@whyslow/graph/json.ts'
import { expect, test } from 'vitest'
import { beginningOf } from './beginning.ts'
import type { GeneratorFiles } from './folder.ts'

const files = (generationConfig: JsonObject | null, config: JsonObject | null = null): GeneratorFiles => ({
  ...{ kind: 'transformers-folder', folder: 'model', variants: [], genaiConfig: null, preprocessor: null },
  ...{ tokenizer: null, tokenizerConfig: null, generationConfig, config },
})
const ids = (generationConfig: JsonObject | null, config: JsonObject | null = null) =>
  beginningOf(files(generationConfig, config)).ids

test('the token that a decoder begins with, by the first file that says it', () => {
  expect(ids({ decoder_start_token_id: 7 }, { decoder_start_token_id: 8 })).toEqual([7])
  expect(ids(null, { pad_token_id: 5 })).toEqual([5])
  expect(ids(null, { decoder: { decoder_start_token_id: 2 } })).toEqual([2])
  expect(ids(null)).toEqual([0])
})

test('Whisper: English, to be written down, without times', () => {
  const multilingual = {
    ...{ decoder_start_token_id: 50258, no_timestamps_token_id: 50363, is_multilingual: true },
    ...{ lang_to_id: { '<|de|>': 50261, '<|en|>': 50259 }, task_to_id: { transcribe: 50359, translate: 50358 } },
  }
  expect(ids(multilingual)).toEqual([50258, 50259, 50359, 50363])
  expect(ids({ ...multilingual, is_multilingual: false })).toEqual([50258, 50363])
  // As older files have it; null is a place that nothing is forced to.
  const old = {
    decoder_start_token_id: 1,
    forced_decoder_ids: [
      [2, 30],
      [1, null],
      [3, 40],
    ],
  }
  expect(ids(old)).toEqual([1, 30, 40])
})

test('tokens that are not chosen, and one that is', () => {
  const said = { suppress_tokens: [1, 2], begin_suppress_tokens: [220], forced_bos_token_id: 0 }
  expect(beginningOf(files(null, { ...said, bad_words_ids: [[58100], [3, 4]] }))).toMatchObject({
    ...{ suppressed: [1, 2, 58100], suppressedFirst: [220], forcedFirst: 0 },
  })
  expect(beginningOf(files({ suppress_tokens: null }))).toMatchObject({ suppressed: [], suppressedFirst: [], forcedFirst: null })
})

test('what summarizers say: the first token, the last one, what may not come twice, how long at least', () => {
  const bart = {
    ...{ decoder_start_token_id: 2, forced_bos_token_id: 0, forced_eos_token_id: 2 },
    ...{ min_length: 56, no_repeat_ngram_size: 3 },
  }
  // The token that the decoder begins with counts.
  expect(beginningOf(files(bart))).toMatchObject({
    ...{ ids: [2], forcedFirst: 0, forcedLast: [2], constraints: { noRepeatNgram: 3, minNewTokens: 55 } },
  })
  expect(beginningOf(files({ ...bart, min_new_tokens: 4 })).constraints.minNewTokens).toBe(4)
  expect(beginningOf(files({ min_length: 0, no_repeat_ngram_size: 0, forced_eos_token_id: null }))).toMatchObject({
    ...{ forcedLast: [], constraints: {} },
  })
})
