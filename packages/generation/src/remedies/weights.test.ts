// Weights in few bits: how far the logits of random decoders go, and what is left in float.
import { describe, expect, it } from 'vitest'
import { applied, decoderTarget, meanOff, offBy, operatorsOf, targetOf, tools } from '../../test/support/check-remedy.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { accuracyLevel } from './accuracy-level.ts'
import { float16ToFloat32 } from './float16-to-float32.ts'
import { int4Weights } from './int4-weights.ts'
import { int8Head } from './int8-head.ts'
import { int8Weights } from './int8-weights.ts'

const target = (seed: number, form: Parameters<typeof decoderModel>[1] = {}, tied = false) =>
  decoderTarget(decoderModel(decoderWeights({ seed, tied }), form))
const SEEDS = [1, 2, 3]

/**
 * Root mean square, as share of that of the logits. A step of 4 bits is a fifteenth of a block's range: rounding to it is a noise of about a tenth
 * of the weights (20 dB), of 8 bits of a hundred-and-sixtieth (44 dB); seven products in each of two layers add up, and activations are rounded to 8 bits.
 */
const BOUNDS = [
  [int4Weights, '32', 0.5],
  [int4Weights, '32-zero-points', 0.5],
  [int4Weights, '128', 0.5],
  [int4Weights, '128-zero-points', 0.5],
  [int8Weights, '32', 0.04],
  [int8Weights, '128', 0.04],
  [int8Head, '32', 0.02],
  [int8Head, '128', 0.02],
] as const

describe.each(BOUNDS)('$id', (remedy, variant, most) => {
  it.each(SEEDS)(`variant ${variant}: logits stay near those of seed %i, and are not the same`, async (seed) => {
    const off = await offBy(remedy, target(seed), variant, tools, meanOff)
    expect(off).toBeLessThan(most)
    expect(off).toBeGreaterThan(0)
  })
})

describe('int4-weights', () => {
  it('leaves the head, norms and the table of embeddings', async () => {
    const { model, changes } = await applied(int4Weights, target(1))
    const operators = operatorsOf(model)
    // Seven products in each of two layers; scores and their product with the values have no weights.
    expect(operators.filter((one) => one === 'MatMulNBits').length).toBe(14)
    expect(operators.filter((one) => one === 'MatMul').length).toBe(2 * 2 + 1)
    expect(changes).toEqual([expect.stringMatching(/^14 products in 4 bits, blocks of 32: 0\.\d+ MB become 0\.\d+ MB, at least \d+\.\d dB/)])
  })

  it('takes a float16 graph to float32 first', async () => {
    const given = target(1, { weights: 'float16' })
    const { model, changes } = await applied(int4Weights, given)
    expect(changes[0]).toBe('float16 in float32')
    expect(targetOf(model).layout.cache.every(({ dtype }) => dtype === 'float32')).toBe(true)
  })

  it('has nothing to do where weights are in few bits', () => {
    expect(int4Weights.applies(target(1, { weights: 'int4' }))).toBe('it has no product with float32 weights')
    expect(int8Head.applies(target(1, { weights: 'int4' }))).toBe('the head is MatMulNBits already')
  })

  it('quantizes the products of both branches of a merged decoder once', async () => {
    const { model } = await applied(int4Weights, target(1, { cache: 'merged' }))
    const graph = model.proto.graph!
    expect(graph.initializer.filter(({ name }) => name.endsWith('_Q4')).length).toBe(14)
    expect(await offBy(int4Weights, target(1, { cache: 'merged' }), '32', tools, meanOff)).toBeLessThan(0.5)
  })
})

describe('int8-head', () => {
  it('is found in both branches of a merged decoder', async () => {
    const { model } = await applied(int8Head, target(1, { cache: 'merged' }))
    expect(model.proto.graph!.initializer.filter(({ name }) => name.endsWith('_Q8')).map(({ name }) => name)).toEqual(['lm_head.weight_Q8'])
  })

  it('leaves a tied table of embeddings in float', async () => {
    const { model } = await applied(int8Head, target(1, {}, true))
    const names = model.proto.graph!.initializer.map(({ name }) => name)
    expect(names).toContain('embed_tokens.weight')
    expect(names).toContain('embed_tokens.weight_Q8')
    expect(operatorsOf(model).filter((one) => one === 'MatMulNBits').length).toBe(1)
  })
})

describe('float16-to-float32', () => {
  it('gives the logits of the rounded weights, with no cast between', async () => {
    const given = target(1, { weights: 'float16' })
    const { model } = await applied(float16ToFloat32, given)
    expect(operatorsOf(model)).not.toContain('Cast_to_float16')
    expect(model.proto.graph!.initializer.some(({ dataType }) => dataType === 10)).toBe(false)
    expect(await offBy(float16ToFloat32, given)).toBeLessThan(0.02)
    expect(float16ToFloat32.applies(target(1))).toBe('it has no float16 weights')
  })
})

describe('accuracy-level', () => {
  it('is set once, and changes logits a little', async () => {
    const given = target(1, { weights: 'int4' })
    const { model, changes } = await applied(accuracyLevel, given)
    expect(changes).toEqual(['accuracy_level 4 for 15 products with few-bit weights'])
    expect(await offBy(accuracyLevel, given)).toBeLessThan(0.2)
    expect(accuracyLevel.applies(targetOf(model))).toBe('it has no MatMulNBits below accuracy_level 4')
  })
})
