import fs from 'node:fs'
import path from 'node:path'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { decoderWeights } from '@whyslow/generation/support/decoder/weights.ts'
import { writeModel } from '@whyslow/graph/build.ts'
import { describe, expect, it } from 'vitest'
import { scratch } from '../../../../test/support/made-folders.ts'
import { applied, targetOf } from '../../test/support/check-remedy.ts'
import { RATE, SOUND_SETTINGS, soundShape, writeListening } from '../../test/support/decoder/listening-folder.ts'
import { referenceGreedy, referenceLogits, type Source } from '../../test/support/decoder/reference.ts'
import { soundStates } from '../../test/support/decoder/sound-encoder.ts'
import { type DecoderForm, encoderModel } from '../../test/support/decoder/write-decoder.ts'
import { writeFolder } from '../../test/support/decoder/write-folder.ts'
import { plainOptions, plainRequest } from '../../test/support/plain-options.ts'
import type { GenerationRequest } from '../generator.ts'
import { withLoop } from '../loop/loop.ts'
import { recognize } from '../recognize/recognize.ts'
import { groupQueryAttention } from '../remedies/group-query-attention.ts'
import { cachesWrittenInPlace } from './held/from-layout.ts'
import { openHeld } from './held/index.ts'
import { logMel } from './loop/log-mel.ts'
import { openOrtGenerator } from './ort-cpu.ts'

const folder = scratch()
const PROMPT = [3, 17, 42, 5, 60]
const both = decoderWeights({ encoder: true })
const config = { decoder_start_token_id: 2, is_encoder_decoder: true }

const FORMS = {
  merged: { 'decoder_model_merged.onnx': { cache: 'merged' } },
  none: { 'decoder_model.onnx': { cache: 'none' } },
  pair: { 'decoder_model.onnx': { cache: 'first' }, 'decoder_with_past_model.onnx': { cache: 'later' } },
} as const satisfies Record<string, Record<string, DecoderForm>>
type Name = keyof typeof FORMS

const write = (name: string, form: Name, more: Record<string, unknown> = {}) =>
  writeFolder(path.join(folder, name), both, { models: FORMS[form], config: { ...config, ...more } })

const ENGINES: readonly (readonly [string, Name, typeof openHeld | typeof openOrtGenerator])[] = [
  ['ort-cpu', 'merged', openOrtGenerator],
  ['ort-cpu', 'none', openOrtGenerator],
  ['ort-cpu', 'pair', openOrtGenerator],
  ['ort-held', 'pair', openHeld],
]

describe('an encoder and its decoder', () => {
  it('one line for the engine with its cache outside JavaScript, if one graph makes all calls', async () => {
    await expect(openHeld(write('held', 'merged'), plainOptions)).rejects.toThrow(
      /decoder_model_merged\.onnx: it computes the keys of its encoder and its tokens in one graph; this engine needs decoder_model/,
    )
  })

  it.each(ENGINES)('%s, %s: generates the ids of the reference, for one prompt after another', async (engine, form, open) => {
    const generator = await open(write(`text-${engine}-${form}`, form), plainOptions)
    expect(generator.encoder).toEqual({ reads: 'text', samplesPerSecond: null, longestMs: null })
    for (const prompt of [PROMPT, [9, 8, 7]]) {
      const { tokens, promptTokens, encoded, totalMs } = await generator.generate(plainRequest(prompt, 10))
      expect(tokens.map(({ id }) => id)).toEqual(referenceGreedy(both, [2], 10, prompt))
      expect([promptTokens, encoded]).toEqual([
        1,
        { reads: 'text', positions: prompt.length, emptyPositions: 0, positionMs: null },
      ])
      expect(tokens.at(-1)!.atMs).toBeLessThanOrEqual(totalMs)
    }
    const { tokens, parts } = await generator.generate(plainRequest('the cat', 4))
    expect(tokens.map(({ id }) => id)).toEqual(referenceGreedy(both, [2], 4, generator.encode!('the cat')))
    expect(parts.tokenizeMs).toBeGreaterThan(0)
    expect(parts.encoderMs).toBeGreaterThan(0)
    await generator.close()
  })

  it('ort-held: writes what the decoder held in place, and what the encoder gave stays as it is', async () => {
    const made = write('in-place', 'pair')
    const file = path.join(made, 'onnx/decoder_with_past_model.onnx')
    const given = { ...targetOf(await readOnnx(file)), hasFirst: true }
    const { model } = await applied(groupQueryAttention, given)
    fs.writeFileSync(file, writeModel(model.proto))
    expect(cachesWrittenInPlace(model.proto.graph!, targetOf(model).layout.cache).map(({ role }) => role)).toEqual(
      Array(4).fill('self'),
    )
    const generator = await openHeld(made, plainOptions)
    for (const prompt of [PROMPT, [9, 8, 7]]) {
      const { tokens } = await generator.generate(plainRequest(prompt, 60))
      expect(tokens.map(({ id }) => id)).toEqual(referenceGreedy(both, [2], 60, prompt))
    }
    const sequence = generator.start!()
    await sequence.feed([2, 5, 9], 'last')
    sequence.cut(0)
    await sequence.feed([2], 'last')
    const { logits } = await sequence.feed([5], 'last')
    const expected = referenceLogits(both, [2, 5], [9, 8, 7]).at(-1)!
    expect(Math.max(...logits.map((value, k) => Math.abs(value - expected[k]!)))).toBeLessThan(1e-4)
    await generator.close()
  })

  it.each([
    ['ort-cpu', openOrtGenerator],
    ['ort-held', openHeld],
  ] as const)('%s: reads keys that the encoder itself computes, as onnxruntime-genai exports them', async (engine, open) => {
    const made = write(`given-${engine}`, 'pair')
    fs.rmSync(path.join(made, 'onnx/decoder_model.onnx'))
    fs.renameSync(path.join(made, 'onnx/decoder_with_past_model.onnx'), path.join(made, 'onnx/model.onnx'))
    fs.writeFileSync(path.join(made, 'onnx/encoder_model.onnx'), writeModel(encoderModel(both, { givesKeys: true })))
    expect((await recognize(made))!.problem).toBeNull()
    const generator = await open(made, plainOptions)
    const { tokens } = await generator.generate(plainRequest(PROMPT, 10))
    expect(tokens.map(({ id }) => id)).toEqual(referenceGreedy(both, [2], 10, PROMPT))
    await generator.close()
  })

  it.each(ENGINES)('%s, %s: steps behind what the encoder read last, or behind another text', async (engine, form, open) => {
    const generator = await open(write(`steps-${engine}-${form}`, form), plainOptions)
    await expect(generator.start!().feed([2], 'last')).rejects.toThrow(/nothing was given that the encoder could read/)
    await generator.generate(plainRequest(PROMPT, 2))
    const near = (logits: Float32Array, ids: readonly number[], source: Source) => {
      const expected = referenceLogits(both, ids, source).at(-1)!
      expect(Math.max(...logits.map((value, k) => Math.abs(value - expected[k]!)))).toBeLessThan(1e-4)
    }
    const sequence = generator.start!()
    near((await sequence.feed([2, 5], 'last')).logits, [2, 5], PROMPT)
    near((await sequence.feed([9], 'last')).logits, [2, 5, 9], PROMPT)
    sequence.cut(1)
    near((await sequence.feed([7], 'last')).logits, [2, 7], PROMPT)
    sequence.cut(0)
    near((await sequence.feed([4], 'last')).logits, [4], PROMPT)
    sequence.close()
    near((await generator.start!(8, [9, 8]).feed([2], 'last')).logits, [2], [9, 8])
    await generator.close()
  })

  it('tokens that the model’s files forbid and force', async () => {
    const plain = referenceGreedy(both, [2], 1, PROMPT)
    const open = (name: string, more: Record<string, unknown>) => openOrtGenerator(write(name, 'merged', more), plainOptions)
    const forced = await open('forced', { forced_bos_token_id: 33, suppress_tokens: plain })
    const { tokens, parts } = await forced.generate(plainRequest(PROMPT, 8))
    expect(tokens[0]!.id).toBe(33)
    expect(tokens.slice(1).map(({ id }) => id)).not.toContain(plain[0])
    expect(parts.processorsMs).toBeGreaterThanOrEqual(0)
    await forced.close()
  })

  it('an answer that must not end yet goes on, and one that is cut ends as the files say, unless the request says otherwise', async () => {
    const greedy = referenceGreedy(both, [2], 7, PROMPT)
    // Its third token ends an answer.
    const end = greedy[2]!
    const files = { eos_token_id: end, min_length: 5, no_repeat_ngram_size: 1, forced_eos_token_id: 63 }
    const generator = await openOrtGenerator(write('summarizer', 'merged', files), plainOptions)
    const answer = async (more: Partial<GenerationRequest> = {}) =>
      (await generator.generate({ ...plainRequest(PROMPT, 4), ignoreEnd: false, ...more })).tokens.map(({ id }) => id)
    const ids = await answer()
    expect([ids.length, ids.slice(0, 2), ids.at(-1)]).toEqual([4, greedy.slice(0, 2), 63])
    expect(ids).not.toContain(end)
    // What files add to greedy choice is left out if engines are compared; a request's own comes before.
    const constraints = { noRepeatNgram: 0, minNewTokens: 0 }
    const sampling = { kind: 'sample', temperature: 0, topK: null, topP: null, seed: 1, constraints } as const
    expect([await answer({ plain: true }), await answer({ sampling })]).toEqual([greedy.slice(0, 2), greedy.slice(0, 2)])
    expect(await answer({ ignoreEnd: true, plain: true, newTokens: 7 })).toEqual(greedy)
    const loop = withLoop(generator, { prefixCache: true, lookup: { most: 4, least: 1 } })
    const again = await loop.generate({ ...plainRequest(PROMPT, 4), ignoreEnd: false })
    expect(again.tokens.map(({ id }) => id)).toEqual(ids)
    await loop.close()
  })

  it('one line if the encoder is missing, or reads what nobody knows', async () => {
    const alone = write('alone', 'merged')
    fs.rmSync(path.join(alone, 'onnx/encoder_model.onnx'))
    await expect(openOrtGenerator(alone, plainOptions)).rejects.toThrow(
      /and there is none next to it; put encoder_model\.onnx there/,
    )
    const other = path.resolve(import.meta.dirname, '../../../../fixtures/models/symbolic-batch.onnx')
    fs.copyFileSync(other, path.join(alone, 'onnx/encoder_model.onnx'))
    await expect(openOrtGenerator(alone, plainOptions)).rejects.toThrow(
      /encoder_model\.onnx encodes .*, which is not a text, sound or image that whyslow knows; measure it as a model: whyslow why/,
    )
  })
})

describe('an encoder of sound', () => {
  const shape = soundShape(both)
  const listening = (name: string, form: Name) => writeListening(path.join(folder, name), both, { models: FORMS[form], config })
  const samples = Float32Array.from({ length: 700 }, (_, k) => Math.sin(k * (0.1 + k / 3000)))
  const media = { kind: 'sound', samples, samplesPerSecond: RATE } as const

  it.each(ENGINES.filter(([, form]) => form !== 'none'))(
    '%s, %s: generates the ids of the reference',
    async (engine, form, open) => {
      const generator = await open(listening(`sound-${engine}-${form}`, form), plainOptions)
      expect(generator.encoder).toEqual({ reads: 'sound', samplesPerSecond: RATE, longestMs: 2000 })
      const { tokens, encoded, parts } = await generator.generate({ ...plainRequest([], 10), media })
      const states = soundStates(logMel(SOUND_SETTINGS)(samples), shape)
      expect(tokens.map(({ id }) => id)).toEqual(referenceGreedy(both, [2], 10, states))
      // 0.7 s of a window of 2 s.
      expect(encoded).toEqual({ reads: 'sound', positions: 50, emptyPositions: 32, positionMs: 40 })
      expect(parts.featuresMs).toBeGreaterThan(0)
      await expect(generator.generate(plainRequest(PROMPT, 2))).rejects.toThrow('the model reads sound, not a text')
      await generator.close()
    },
  )

  it('one line without preprocessor_config.json', async () => {
    const made = listening('no-preprocessor', 'merged')
    fs.rmSync(path.join(made, 'preprocessor_config.json'))
    await expect(openOrtGenerator(made, plainOptions)).rejects.toThrow(/preprocessor_config\.json does not exist, which says/)
  })
})
