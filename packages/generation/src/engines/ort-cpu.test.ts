import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkDecoderEngine, PROMPT } from '../../test/support/check-decoder-engine.ts'
import { roundedTo4Bits } from '../../test/support/decoder/pen.ts'
import { referenceGreedy, referenceLogits } from '../../test/support/decoder/reference.ts'
import { type DecoderWeights, decoderWeights, mapMatrices } from '../../test/support/decoder/weights.ts'
import { type DecoderForm, writeDecoder } from '../../test/support/decoder/write-decoder.ts'
import { writeFolder } from '../../test/support/decoder/write-folder.ts'
import { plainOptions, plainRequest } from '../../test/support/plain-options.ts'
import { tinyTokenizer } from '../../test/support/tokenizer/tiny-tokenizer.ts'
import { openOrtGenerator, ortCpu } from './ort-cpu.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-ort-generator-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

const llama = decoderWeights()
const gpt2 = decoderWeights({ family: 'gpt2' })
let files = 0

async function open(weights: DecoderWeights, form: DecoderForm, options = plainOptions) {
  return openOrtGenerator(writeDecoder(path.join(folder, `${files++}.onnx`), weights, form), options)
}

const FORMS: readonly (readonly [string, DecoderWeights, DecoderForm])[] = [
  ['past_key_values, unfused', llama, {}],
  ['grouped-query attention', llama, { attention: 'fused' }],
  ['grouped-query attention in buffers of one size', llama, { attention: 'fused', cache: 'fixed' }],
  ['merged by use_cache_branch', llama, { cache: 'merged' }],
  ['no cache', llama, { cache: 'none' }],
  ['a stacked cache', gpt2, { cache: 'stacked' }],
  ['the last position only', llama, { logits: 'last' }],
  ['num_logits_to_keep', llama, { logits: 'chosen' }],
  ['a tied head', decoderWeights({ tied: true }), {}],
]

checkDecoderEngine({ open, forms: FORMS })

describe('weights in other numbers', () => {
  it('int4 in blocks: the ids of the rounded weights', async () => {
    const generator = await open(llama, { weights: 'int4' })
    const { tokens } = await generator.generate(plainRequest(PROMPT, 12))
    expect(tokens.map(({ id }) => id)).toEqual(
      referenceGreedy(
        mapMatrices(llama, (matrix) => roundedTo4Bits(matrix)),
        PROMPT,
        12,
      ),
    )
    await generator.close()
  })

  it.each([
    ['int4 at accuracy level 4', { weights: 'int4', accuracyLevel: 4 }, 0.5],
    ['int8 with activations quantized as they come', { weights: 'int8' }, 1],
    ['float16', { weights: 'float16' }, 0.1],
  ] as const)('%s: logits near those of the reference', async (_, form, tolerance) => {
    const generator = await open(llama, form)
    const exact = form.weights === 'int4' ? mapMatrices(llama, (matrix) => roundedTo4Bits(matrix)) : llama
    const expected = referenceLogits(exact, PROMPT).at(-1)!
    const { logits } = await generator.start!().feed(PROMPT, 'last')
    const error = Math.sqrt(logits.reduce((sum, value, k) => sum + (value - expected[k]!) ** 2, 0) / logits.length)
    expect(error).toBeLessThan(tolerance)
    expect(error).toBeGreaterThan(0)
    await generator.close()
  })
})

it('a cache whose size config.json alone says', async () => {
  const models = { 'model.onnx': { attention: 'fused', cache: 'open' } } as const
  const generator = await openOrtGenerator(writeFolder(path.join(folder, 'open'), llama, { models }), plainOptions)
  const { tokens } = await generator.generate(plainRequest(PROMPT, 12))
  expect(tokens.map(({ id }) => id)).toEqual(referenceGreedy(llama, PROMPT, 12))
  await generator.close()
})

describe('a decoder that is fed embeddings', () => {
  const models = { 'decoder_model_merged.onnx': { cache: 'merged', embeddings: 'apart' } } as const

  it('generates the ids of the reference by the table next to it', async () => {
    const generator = await openOrtGenerator(writeFolder(path.join(folder, 'embeds'), llama, { models }), plainOptions)
    const { tokens } = await generator.generate(plainRequest(PROMPT, 12))
    expect(tokens.map(({ id }) => id)).toEqual(referenceGreedy(llama, PROMPT, 12))
    await generator.close()
  })

  it('is one line without it, or if it takes more than ids', async () => {
    const alone = writeFolder(path.join(folder, 'no-embeds'), llama, { models })
    fs.rmSync(path.join(alone, 'onnx/embed_tokens.onnx'))
    await expect(openOrtGenerator(alone, plainOptions)).rejects.toThrow(
      /is fed embeddings \(inputs_embeds\), not token ids; put embed_tokens/,
    )
    fs.copyFileSync(path.join(alone, 'onnx/decoder_model_merged.onnx'), path.join(alone, 'onnx/embed_tokens.onnx'))
    await expect(openOrtGenerator(alone, plainOptions)).rejects.toThrow(
      /makes embeddings of .*attention_mask.* too, not of ids alone/,
    )
  })
})

describe('ort-cpu', () => {
  it('samples the same ids for the same seed, and others for another', async () => {
    const generator = await open(llama, {})
    const ids = async (seed: number) => {
      const sampling = { kind: 'sample', temperature: 1, topK: 20, topP: 0.9, seed } as const
      const { tokens } = await generator.generate({ ...plainRequest(PROMPT, 16), sampling })
      return tokens.map(({ id }) => id)
    }
    expect(await ids(1)).toEqual(await ids(1))
    expect(await ids(1)).not.toEqual(await ids(2))
    await generator.close()
  })

  it('tells each part of a call, and tokens in their order', async () => {
    const generator = await open(llama, {})
    const seen: (number | null)[] = []
    const { tokens, parts, totalMs } = await generator.generate(plainRequest(PROMPT, 5), ({ id }) => seen.push(id))
    expect(seen).toEqual(tokens.map(({ id }) => id))
    expect(Object.keys(parts).sort()).toEqual(['decodeRunMs', 'feedsMs', 'logitsMs', 'prefillRunMs', 'samplerMs', 'streamerMs'])
    expect(Object.values(parts).reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(totalMs)
    expect(tokens.every(({ atMs }, k) => atMs >= (tokens[k - 1]?.atMs ?? 0))).toBe(true)
    await generator.close()
  })

  it('refuses more tokens than its buffers hold, and a text without a tokenizer', async () => {
    const generator = await open(llama, { attention: 'fused', cache: 'fixed' })
    expect(generator.context).toBe(128)
    await expect(generator.generate(plainRequest(PROMPT, 125))).rejects.toThrow(/context of 128; shorten the prompt/)
    const sequence = generator.start!()
    await expect(sequence.feed(new Array(129).fill(1), 'last')).rejects.toThrow(
      /129 tokens are more than the model's context of 128/,
    )
    await expect(generator.generate(plainRequest('a text', 2))).rejects.toThrow(/no tokenizer; put its tokenizer.json next to it/)
    await generator.close()
  })

  it('takes texts and gives them, with the tokenizer of its folder, and ends at a stop text and at an end', async () => {
    const generator = await openOrtGenerator(writeFolder(path.join(folder, 'texts'), llama), plainOptions)
    const whole = await generator.generate(plainRequest('the cat', 20))
    const ids = whole.tokens.map(({ id }) => id!)
    expect(ids).toEqual(referenceGreedy(llama, generator.encode!('the cat'), 20))
    const text = generator.decode!(ids)
    expect(whole.tokens.map((token) => token.text).join('')).toBe(text)
    expect(whole.promptTokens).toBe(generator.encode!('the cat').length)
    const stop = text.slice(5, 7)
    const stopped = await generator.generate({ ...plainRequest('the cat', 20), stop: [stop] })
    expect(stopped.ended).toBe('stop')
    expect(stopped.tokens.map((token) => token.text).join('')).toBe(text.slice(0, text.indexOf(stop)))
    await generator.close()
  })

  it('ends at an id that ends a text, unless it is told to go on', async () => {
    const prompt = [3, 17, 42]
    const expected = referenceGreedy(llama, prompt, 8)
    const eos = expected[4]!
    const config = { eos_token_id: [eos, 9999] }
    const generator = await openOrtGenerator(
      writeFolder(path.join(folder, 'ends'), llama, { config, tokenizer: false }),
      plainOptions,
    )
    expect(generator.endIds).toEqual([eos, 9999])
    const ended = await generator.generate({ ...plainRequest(prompt, 8), ignoreEnd: false })
    expect(ended.ended).toBe('end')
    expect(ended.tokens.map(({ id }) => id)).toEqual(expected.slice(0, expected.indexOf(eos)))
    expect((await generator.generate(plainRequest(prompt, 8))).tokens.map(({ id }) => id)).toEqual(expected)
    await generator.close()
  })

  it('refuses a tokenizer whose ids are not the model’s', async () => {
    const strange = writeFolder(path.join(folder, 'strange'), llama)
    fs.writeFileSync(path.join(strange, 'tokenizer.json'), JSON.stringify(tinyTokenizer(80)))
    await expect(openOrtGenerator(strange, plainOptions)).rejects.toThrow(
      /has 80 tokens, but .*model\.onnx has logits for 64; take the/,
    )
  })

  it('takes a tokenizer with an added token that the model lacks, and refuses that token in a text', async () => {
    const padded = writeFolder(path.join(folder, 'padded'), llama)
    const json = tinyTokenizer(64)
    const added = { id: 64, content: '<pad>', special: true, normalized: false, single_word: false, lstrip: false, rstrip: false }
    const all = { ...json, added_tokens: [...(json.added_tokens as object[]), added] }
    fs.writeFileSync(path.join(padded, 'tokenizer.json'), JSON.stringify(all))
    const generator = await openOrtGenerator(padded, plainOptions)
    expect((await generator.generate(plainRequest('the cat', 2))).tokens.length).toBe(2)
    await expect(generator.generate(plainRequest('the <pad>', 2))).rejects.toThrow(
      /holds the added token 64, but .*model\.onnx has 64 tokens; leave/,
    )
    await generator.close()
  })

  it('says what a model is that is no decoder', async () => {
    const model = path.resolve(import.meta.dirname, '../../../../fixtures/models/symbolic-batch.onnx')
    await expect(openOrtGenerator(model, plainOptions)).rejects.toThrow(/is not a decoder of text/)
    expect(ortCpu.opens({ kind: 'gguf' })).toBe('ONNX Runtime does not read GGUF')
    expect(ortCpu.opens({ kind: 'onnx' })).toBe(true)
  })
})
