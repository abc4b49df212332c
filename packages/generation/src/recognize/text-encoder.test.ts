import fs from 'node:fs'
import path from 'node:path'
import { decoderWeights } from '@whyslow/generation/support/decoder/weights.ts'
import { afterAll, expect, test } from 'vitest'
import { removeMade, scratch } from '../../../../test/support/made-folders.ts'
import { writeFolder } from '../../test/support/decoder/write-folder.ts'
import { type TextEncoderFiles, writeTextEncoder } from '../../test/support/texts/write-text-encoder.ts'
import { tinyTokenizer } from '../../test/support/tokenizer/tiny-tokenizer.ts'
import { type TextEncoder, textEncoder } from './text-encoder.ts'

afterAll(removeMade)
let made = 0
const folderOf = (files: TextEncoderFiles = {}) => writeTextEncoder(path.join(scratch(), `encoder${made++}`), files)
const found = async (files: TextEncoderFiles = {}): Promise<TextEncoder> => {
  const encoder = await textEncoder(folderOf(files))
  if (encoder === null || typeof encoder === 'string') throw new Error(`not recognized: ${encoder}`)
  return encoder
}

test('inputs by their roles, the output by its name, the mean if no file says how tokens become one vector', async () => {
  expect(await found()).toMatchObject({
    architecture: 'bert',
    dtype: 'fp32',
    inputs: {
      ids: { name: 'input_ids', dtype: 'int64' },
      mask: { name: 'attention_mask', dtype: 'int64' },
      types: { name: 'token_type_ids', dtype: 'int64' },
    },
    output: { name: 'last_hidden_state', of: 'tokens', gives: 'vector', width: 4 },
    ...{ pooling: 'mean', poolingFrom: null, normalizes: false, takesOneText: false, fixedLength: null, padsTo: null },
    longest: { tokens: 16, from: 'tokenizer_config.json' },
    padding: { id: 0, side: 'right' },
  })
})

test('what sentence-transformers writes: pooling, normalization, the longest text', async () => {
  expect(
    await found({
      modules: ['Transformer', 'Pooling', 'Dense', 'Normalize'],
      pooling: { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false },
      sentenceBert: { max_seq_length: 8 },
    }),
  ).toMatchObject({
    ...{ pooling: 'first', poolingFrom: '1_Pooling/config.json', normalizes: true, otherModules: ['Dense'] },
    longest: { tokens: 8, from: 'sentence_bert_config.json' },
  })
  expect(await found({ pooling: { pooling_mode_lasttoken: true } })).toMatchObject({ pooling: 'last', normalizes: false })
})

test('pooling that is not computed here is named, and so are several at once', async () => {
  const poolingOf = async (pooling: object) => {
    const { pooling: how, poolingFrom, unknownPooling } = await found({ pooling })
    return [how, poolingFrom, unknownPooling]
  }
  const unknown = (modes: string) => ['mean', null, `1_Pooling/config.json says ${modes}`]
  expect(await poolingOf({ pooling_mode_mean_tokens: false, pooling_mode_weightedmean_tokens: true })).toEqual(
    unknown('weightedmean'),
  )
  expect(await poolingOf({ pooling_mode: 'mean_sqrt_len_tokens' })).toEqual(unknown('mean_sqrt_len'))
  expect(await poolingOf({ pooling_mode_mean_tokens: true, pooling_mode_max_tokens: true })).toEqual(unknown('mean and max'))
  expect(await poolingOf({ pooling_mode: 'cls' })).toEqual(['first', '1_Pooling/config.json', null])
  expect(await poolingOf({})).toEqual(['mean', null, null])
})

test('no text is longer than the positions: RoBERTa counts them from behind its padding', async () => {
  const longest = async (files: TextEncoderFiles) => (await found(files)).longest
  const endless = { model_max_length: 1e30 }
  expect(await longest({ tokenizerConfig: endless })).toEqual({ tokens: 512, from: 'config.json' })
  expect(await longest({ tokenizerConfig: { model_max_length: 9000 } })).toEqual({ tokens: 512, from: 'config.json' })
  const roberta = { model_type: 'xlm-roberta', max_position_embeddings: 514, pad_token_id: 1 }
  expect(await longest({ tokenizerConfig: endless, config: roberta })).toEqual({ tokens: 512, from: 'config.json' })
  const truncating = { ...tinyTokenizer(64), truncation: { max_length: 128, strategy: 'LongestFirst', stride: 0 } }
  expect(await longest({ tokenizerConfig: endless, tokenizer: truncating })).toEqual({ tokens: 128, from: 'tokenizer.json' })
})

test('padding that tokenizer.json has, sizes that the graph fixes, scores of classes', async () => {
  const padding = { strategy: { Fixed: 128 }, direction: 'Left', pad_id: 3, pad_type_id: 0, pad_token: '[PAD]' }
  expect(await found({ tokenizer: { ...tinyTokenizer(64), padding } })).toMatchObject({
    ...{ padsTo: 128, padding: { id: 3, side: 'left' } },
  })
  expect(await found({ shape: [1, 24] })).toMatchObject({ takesOneText: true, fixedLength: 24 })
  expect(await found({ output: { name: 'logits', scores: 2 }, modules: ['Normalize'] })).toMatchObject({
    output: { name: 'logits', of: 'text', gives: 'scores', width: 2 },
    ...{ pooling: null, normalizes: false },
  })
})

test('a file of its own, by the names of other tools as well', async () => {
  const folder = folderOf()
  fs.copyFileSync(path.join(folder, 'onnx/model.onnx'), path.join(folder, 'onnx/model_qint8_avx512.onnx'))
  expect(await textEncoder(path.join(folder, 'onnx/model_qint8_avx512.onnx'))).toMatchObject({
    ...{ dtype: 'qint8_avx512', longest: { tokens: 16 }, name: path.basename(folder) },
  })
})

test('nothing else is one: a generator, inputs that no text fills', async () => {
  expect(await textEncoder(writeFolder(path.join(scratch(), 'decoder'), decoderWeights()))).toBeNull()
  expect(await textEncoder(folderOf({ moreInputs: ['pixel_values'] }))).toBeNull()
  expect(await textEncoder(scratch())).toBeNull()
})

test('one line if it reads texts and cannot be measured with them', async () => {
  expect(await textEncoder(folderOf({ tokenizer: null }))).toMatch(/has no tokenizer\.json, .*: whyslow .*model\.onnx$/)
  expect(await textEncoder(folderOf({ shape: [8, 'length'] }))).toMatch(/takes 8 texts at once and no other number/)
})
