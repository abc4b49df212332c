import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { removeMade, scratch } from '../../../../test/support/made-folders.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { writeFolder } from '../../test/support/decoder/write-folder.ts'
import { chosenVariant, contextOf, exportCommand, generatorFiles } from './folder.ts'
import { recognize } from './recognize.ts'

afterAll(removeMade)

/** A folder of empty files and of JSON. */
function folderOf(files: readonly string[], json: Readonly<Record<string, object>> = { 'config.json': {} }): string {
  const folder = scratch()
  for (const name of files) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), '')
  }
  for (const [name, content] of Object.entries(json)) fs.writeFileSync(path.join(folder, name), JSON.stringify(content))
  return folder
}

const variantsOf = (...given: Parameters<typeof folderOf>) => {
  const folder = folderOf(...given)
  const files = generatorFiles(folder)
  return files?.variants.map(({ dtype, model, first, encoder }) => [
    dtype,
    ...[model, first, encoder].map((file) => file && path.relative(folder, file)),
  ])
}

describe('generatorFiles', () => {
  it('takes a lone file whose ending no table has, as optimum writes them', () => {
    expect(variantsOf(['model_optimized.onnx'])).toEqual([['optimized', 'model_optimized.onnx', null, null]])
    expect(variantsOf(['onnx/model.onnx', 'onnx/model_qint8_avx512.onnx'])).toEqual([
      ['fp32', 'onnx/model.onnx', null, null],
      ['qint8_avx512', 'onnx/model_qint8_avx512.onnx', null, null],
    ])
    const parts = ['encoder_model', 'decoder_model', 'decoder_with_past_model'].map((name) => `${name}_optimized.onnx`)
    expect(variantsOf(parts)).toEqual([['optimized', parts[2], parts[1], parts[0]]])
  })

  it('prefers endings that it knows, and no part of another name', () => {
    expect(variantsOf(['model_text.onnx', 'decoder_model_merged_q4.onnx'])).toEqual([
      ['q4', 'decoder_model_merged_q4.onnx', null, null],
    ])
    expect(variantsOf(['decoder_model_merged_new.onnx', 'decoder_with_past_model.onnx'])).toEqual([
      ['fp32', 'decoder_with_past_model.onnx', null, null],
    ])
    expect(chosenVariant(generatorFiles(folderOf(['model_a.onnx', 'model_b.onnx']))!, 'b').dtype).toBe('b')
  })

  it('needs a configuration, a tokenizer, or the name of a decoder', () => {
    expect(variantsOf(['model.onnx'], {})).toBeUndefined()
    expect(variantsOf(['model.onnx'], { 'tokenizer.json': {} })).toEqual([['fp32', 'model.onnx', null, null]])
    expect(variantsOf(['decoder_model_merged.onnx'], {})).toEqual([['fp32', 'decoder_model_merged.onnx', null, null]])
  })
})

describe('the numbers of a configuration', () => {
  it.each([
    { decoder_attention_heads: 2, num_attention_heads: 9, decoder_layers: 2 },
    { num_heads: 2, d_model: 32 },
    { n_head: 2, n_embd: 32 },
    { n_heads: 2, d_model: 32 },
  ])('are found as %j', async (named) => {
    const plain = {
      hidden_size: undefined,
      num_hidden_layers: undefined,
      num_attention_heads: undefined,
      num_key_value_heads: undefined,
    }
    const folder = writeFolder(scratch(), decoderWeights(), { config: { ...plain, ...named } })
    expect((await recognize(folder))!.numbers).toMatchObject({ heads: 2, layers: 2, headSize: 16 })
  })
})

describe('exportCommand', () => {
  const weights = (architecture: string) =>
    folderOf(['model-00001-of-00002.safetensors'], { 'config.json': { architectures: [architecture] } })

  it.each([
    ['LlamaForCausalLM', 'text-generation-with-past'],
    ['GPT2LMHeadModel', 'text-generation-with-past'],
    ['T5ForConditionalGeneration', 'text2text-generation-with-past'],
    ['MarianMTModel', 'text2text-generation-with-past'],
    ['WhisperForConditionalGeneration', 'automatic-speech-recognition-with-past'],
  ])('of %s', async (architecture, task) => {
    const folder = weights(architecture)
    const command = `optimum-cli export onnx --model ${folder} --task ${task} ${path.basename(folder)}-onnx/`
    expect(exportCommand(folder)).toBe(command)
    await expect(recognize(folder)).rejects.toThrow(
      `${folder} has weights of PyTorch and no ONNX decoder, which is what is measured; export one: ${command}`,
    )
  })

  it('is of weights that generate text alone', async () => {
    expect(exportCommand(weights('BertForSequenceClassification'))).toBeNull()
    expect(exportCommand(folderOf(['notes.txt'], {}))).toBeNull()
    expect(exportCommand('nowhere')).toBeNull()
    expect(await recognize(weights('BertModel'))).toBeNull()
  })
})

describe('contextOf', () => {
  it.each([
    [{ max_position_embeddings: 2048 }, 2048],
    [{ n_positions: 1024 }, 1024],
    [{ max_seq_len: 2048 }, 2048],
    [{ max_target_positions: 448 }, 448],
    // T5 has no table of positions.
    [{ n_positions: 512, relative_attention_num_buckets: 32 }, null],
    [{}, null],
  ])('of %j', (config, context) => {
    expect(contextOf(generatorFiles(folderOf(['model.onnx'], { 'config.json': config }))!)).toBe(context)
  })
})
