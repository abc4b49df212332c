// What a process measures of an encoder–decoder: tiny graphs, run by ONNX Runtime.
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { removeMade, scratch } from '../../../../test/support/made-folders.ts'
import { writeListening } from '../../test/support/decoder/listening-folder.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { writeFolder } from '../../test/support/decoder/write-folder.ts'
import { plainOptions } from '../../test/support/plain-options.ts'
import { openOrtGenerator } from '../engines/ort-cpu.ts'
import { measureProcess } from './process.ts'
import { madeUpMedia, piecesOf } from './prompts.ts'
import type { MeasurePlan } from './types.ts'

afterAll(removeMade)
const both = decoderWeights({ encoder: true })
const options = {
  models: { 'decoder_model_merged.onnx': { cache: 'merged' } },
  config: { decoder_start_token_id: 2, is_encoder_decoder: true },
} as const

const PLAN: MeasurePlan = {
  ...{ prompts: null, promptTokens: 40, newTokens: 6, vocabulary: null, leastCalls: 2, mostCalls: 2, callsMs: 0 },
  ...{ depths: [0, 20], several: [1, 4], rounds: 1, fillMs: 1e9, processMs: null, naturalStop: true, seed: 3 },
}

const measured = (source: string) =>
  measureProcess(() => openOrtGenerator(source, plainOptions), PLAN, {
    now: () => performance.now(),
    garbageMs: async () => 0,
  })

test('sound: what the encoder read apart from what the decoder begins with, and curves behind it', async () => {
  const { calls, prefill, depths, several, hasSteps, reasons } = await measured(
    writeListening(path.join(scratch(), 'sound'), both, options),
  )
  for (const { promptTokens, encoded, parts, ids, newTokens } of calls) {
    // 40 positions of 20 ms: 0.8 s of a window of 2 s, of 40 ms each.
    expect(encoded).toEqual({ reads: 'sound', positions: 50, emptyPositions: 30, positionMs: 40 })
    expect([promptTokens, newTokens, ids]).toEqual([1, 6, null])
    expect(parts.encoderMs).toBeGreaterThan(0)
    expect(parts.featuresMs).toBeGreaterThan(0)
  }
  expect([hasSteps, prefill !== null, reasons]).toEqual([true, true, {}])
  expect([depths.map(({ depth }) => depth), several.map(({ tokens }) => tokens)]).toEqual([
    [2, 20],
    [1, 4],
  ])
})

test('text: as many tokens as were requested go to the encoder', async () => {
  const { calls } = await measured(writeFolder(path.join(scratch(), 'text'), both, options))
  expect(calls.map(({ encoded }) => encoded)).toMatchObject([
    { reads: 'text', positions: 40, emptyPositions: 0 },
    { reads: 'text', positions: 40, emptyPositions: 0 },
  ])
})

test('made-up sound is no longer than the window, and other for another seed', () => {
  const facts = { reads: 'sound', samplesPerSecond: 1000, longestMs: 500 } as const
  const samples = (tokens: number, seed: number) => {
    const { media } = madeUpMedia(facts, tokens, seed)
    return media?.kind === 'sound' ? media.samples : new Float32Array()
  }
  expect([samples(10, 1).length, samples(1000, 1).length]).toEqual([200, 500])
  expect(samples(10, 1)).not.toEqual(samples(10, 2))
})

test('a long sound in pieces that the model reads at once', () => {
  const sound = { samples: Float32Array.from({ length: 1200 }, (_, k) => k), samplesPerSecond: 1000 }
  const lengths = (longestMs: number | null) =>
    piecesOf([sound], { reads: 'sound', samplesPerSecond: 1000, longestMs }).map(({ media }) =>
      media?.kind === 'sound' ? [media.samples[0], media.samples.length] : null,
    )
  expect(lengths(500)).toEqual([
    [0, 500],
    [500, 500],
    [1000, 200],
  ])
  expect(lengths(null)).toEqual([[0, 1200]])
})
