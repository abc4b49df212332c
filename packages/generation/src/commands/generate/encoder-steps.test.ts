// The calls that are profiled of an encoder–decoder: ONNX Runtime runs them as they are fed.
import path from 'node:path'
import { loadOrt } from '@whyslow/measure/engines/onnxruntime/ort-node.ts'
import { bindFeeds, type TensorType } from '@whyslow/measure/engines/onnxruntime/tensors.ts'
import type * as Ort from 'onnxruntime-node'
import { afterAll, describe, expect, it } from 'vitest'
import { removeMade, scratch } from '../../../../../test/support/made-folders.ts'
import { writeListening } from '../../../test/support/decoder/listening-folder.ts'
import { decoderWeights } from '../../../test/support/decoder/weights.ts'
import { plainOptions } from '../../../test/support/plain-options.ts'
import { graphFacts } from './facts.ts'
import type { StepModel, StepShape } from './profile-step.ts'
import { recognizeSource } from './recognize.ts'
import type { StepGraph } from './recognized.ts'

afterAll(removeMade)
const both = decoderWeights({ encoder: true })
const FORMS = {
  merged: { 'decoder_model_merged.onnx': { cache: 'merged' } },
  pair: { 'decoder_model.onnx': { cache: 'first' }, 'decoder_with_past_model.onnx': { cache: 'later' } },
} as const

async function stepOf(form: keyof typeof FORMS): Promise<StepGraph> {
  const found = await recognizeSource(writeListening(path.join(scratch(), form), both, { models: FORMS[form] }), null)
  expect(found).toMatchObject({ reads: 'sound', fedBy: 'an encoder' })
  const step = await found.step(plainOptions)
  if (typeof step === 'string') throw new Error(step)
  return step
}

async function shapesAfter({ modelFile, feeds }: StepModel, fed: StepShape): Promise<Record<string, readonly number[]>> {
  const ort = await loadOrt(null)
  const session = await ort.InferenceSession.create(modelFile)
  const results = await session.run(bindFeeds(ort.Tensor as unknown as TensorType, feeds(fed)) as Record<string, Ort.Tensor>)
  await session.release()
  return Object.fromEntries(Object.entries(results).map(([name, { dims }]) => [name, dims]))
}

describe('a profiled step', () => {
  it.each(['merged', 'pair'] as const)('%s: of the first call and of a later one', async (form) => {
    const { model, first } = await stepOf(form)
    const later = await shapesAfter(model, { depth: 7, tokens: 1, positions: 50 })
    expect(later).toMatchObject({ logits: [1, 1, 64], 'present.0.decoder.key': [1, 1, 8, 16] })
    if (form === 'merged') expect(later['present.0.encoder.key']).toEqual([1, 1, 50, 16])
    expect(model.feeds({ depth: 7, tokens: 1, positions: 50 })['past_key_values.0.encoder.key']!.shape).toEqual([1, 1, 50, 16])
    const opening = await shapesAfter(first?.model ?? model, { depth: 0, tokens: 2, positions: 50 })
    expect(opening).toMatchObject({ logits: [1, 2, 64], 'present.0.encoder.key': [1, 1, 50, 16] })
    expect(model.cross).toHaveLength(4)
  })

  it('outputs that never change, as long as what the encoder read', async () => {
    const [merged, pair] = [await stepOf('merged'), await stepOf('pair')]
    const of = (step: StepGraph) => graphFacts({ ...step, positions: 50 }, null).graph!.constantOutputs
    // Keys and values of two layers, 50 positions of one head of 16.
    expect(of(merged)).toMatchObject({ bytes: 4 * 50 * 16 * 4 })
    expect(of(pair)).toEqual({ names: [], bytes: 0 })
  })
})
