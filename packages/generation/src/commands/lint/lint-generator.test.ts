// What `lint` reads in the files of tiny generators. Nothing runs.
import fs from 'node:fs'
import path from 'node:path'
import { decoderWeights } from '@whyslow/generation/support/decoder/weights.ts'
import { writeFolder } from '@whyslow/generation/support/decoder/write-folder.ts'
import { writeLlamaGguf } from '@whyslow/generation/support/gguf/write-llama.ts'
import { afterAll, expect, test } from 'vitest'
import { removeMade, scratch } from '../../../../../test/support/made-folders.ts'
import { lintGenerator } from './lint-generator.ts'

afterAll(removeMade)
const weights = decoderWeights()
const CLEAN = { weights: 'int4', accuracyLevel: 4, head: 'int8-blocks', logits: 'last', attention: 'fused' } as const
const write = (options: Parameters<typeof writeFolder>[2]) => writeFolder(path.join(scratch(), 'model'), weights, options)
const idsOf = async (folder: string) => (await lintGenerator(folder)).hazards.map(({ hazard }) => hazard)

test('nothing to look at', async () => {
  const folder = write({ models: { 'model.onnx': CLEAN } })
  const { answer, hazards, measured, written } = await lintGenerator(folder)
  expect(hazards).toEqual([])
  expect(measured).toBeNull()
  // Seven products in each of two layers, and the head.
  expect(written.fewBitProducts).toBe(15)
  expect(answer).toBe(
    `${folder} generates text, and nothing in its files is known to make a token slow. Nothing was run: whyslow generate ${folder} measures.`,
  )
})

test('each cause once, with the files of the folder that have it', async () => {
  const folder = write({
    models: { 'model.onnx': {}, 'model_q4.onnx': { ...CLEAN, accuracyLevel: null, head: 'float32', block: 16 } },
  })
  fs.writeFileSync(path.join(folder, 'generation_config.json'), '{ "num_beams": 4 }')
  const { answer, hazards } = await lintGenerator(folder)
  expect(Object.fromEntries(hazards.map(({ hazard, detail }) => [hazard, detail]))).toEqual({
    // Keys and values of two layers.
    'cache-copies': 'onnx/model.onnx: 4 Concats copy the cache to append one token; GroupQueryAttention appends in place',
    // 2 layers of 32 × (32 + 16 + 16 + 32 + 3 × 64) weights, and a head of 32 × 64: 20,480 of 4 bytes, and of 0.625.
    'float32-weights': expect.stringMatching(
      /^onnx\/model\.onnx: each token reads 81\.9 kB of float32 weights, as int4 in blocks 12\.8 kB$/,
    ),
    'accuracy-level-unset': expect.stringMatching(/^onnx\/model_q4\.onnx: 14 MatMulNBits nodes unpack/),
    // 2,048 floats, next to 18,432 weights in 4 bits with a scale of 4 bytes for 16 of them.
    'float32-head': expect.stringMatching(
      /^onnx\/model_q4\.onnx: the head is 8\.19 kB of floats, 37 % of what a token reads, in int8 2\.30 kB$/,
    ),
    'small-quantization-blocks': expect.stringMatching(/14 matrices have blocks of 16 weights and read 4\.61 kB of scales/),
    'all-position-logits': expect.stringMatching(/^onnx\/model\.onnx: the head runs for all positions/),
    'unrequested-beams': 'generation_config.json sets 4 beams for callers who set none',
  })
  expect(hazards.find(({ hazard }) => hazard === 'cache-copies')!.nodes).toHaveLength(4)
  expect(answer).toContain('its files show 7 things to look at')
})

test('no cache, a cache of fixed size, and float16', async () => {
  expect(await idsOf(write({ models: { 'model.onnx': { ...CLEAN, attention: 'unfused', cache: 'none' } } }))).toEqual([
    'recomputed-context',
  ])
  expect(await idsOf(write({ models: { 'model.onnx': { ...CLEAN, cache: 'fixed' } } }))).toEqual(['cache-capacity'])
  expect(await idsOf(write({ models: { 'model.onnx': { attention: 'fused', weights: 'float16', logits: 'last' } } }))).toEqual([
    'float16-on-cpu',
  ])
})

test('outputs that never change', async () => {
  const both = decoderWeights({ encoder: true })
  const config = { decoder_start_token_id: 2, is_encoder_decoder: true }
  const models = { 'decoder_model_merged.onnx': { cache: 'merged' } } as const
  const { hazards } = await lintGenerator(writeFolder(path.join(scratch(), 'both'), both, { models, config }))
  // Keys and values of the encoder, of two layers.
  expect(hazards.find(({ hazard }) => hazard === 'constant-cross-attention')?.detail).toMatch(
    /^4 outputs of each step never change/,
  )
})

test('no tokenizer, or another model’s', async () => {
  expect(await idsOf(write({ models: { 'model.onnx': CLEAN }, tokenizer: false }))).toEqual(['tokenizer-missing'])
  const folder = write({ models: { 'model.onnx': CLEAN } })
  fs.cpSync(
    path.join(
      writeFolder(path.join(scratch(), 'wide'), decoderWeights({ shape: { ...weights.shape, vocabulary: 200 } })),
      'tokenizer.json',
    ),
    path.join(folder, 'tokenizer.json'),
  )
  const { hazards } = await lintGenerator(folder)
  expect(hazards).toMatchObject([
    { hazard: 'tokenizer-mismatch', detail: expect.stringMatching(/has 200 tokens, but .* has logits for 64/) },
  ])
})

test('a GGUF file: the types of its weights', async () => {
  const file = writeLlamaGguf(path.join(scratch(), 'model.gguf'), weights, 'F32')
  const { hazards, model } = await lintGenerator(file)
  expect(hazards.map(({ hazard }) => hazard)).toEqual(['float32-weights'])
  expect(model).toMatchObject({ file, format: 'gguf', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(await idsOf(writeLlamaGguf(path.join(scratch(), 'model.gguf'), weights, 'Q4_0'))).toEqual([])
})

test('what generates no text, or is not there, is one line', async () => {
  await expect(lintGenerator(path.join(scratch(), 'none'))).rejects.toThrow(/none/)
})
