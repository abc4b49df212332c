import { describe, expect, it } from 'vitest'
import { applied, decoderTarget, meanOff, offBy, operatorsOf, targetOf, tools } from '../../test/support/check-remedy.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { int4Weights } from './int4-weights.ts'

const target = (seed: number, form: Parameters<typeof decoderModel>[1] = {}) =>
  decoderTarget(decoderModel(decoderWeights({ seed }), form))

/**
 * Root mean square, as share of that of the logits. A step of 4 bits is a fifteenth of a block's range: rounding to it is a noise of about a tenth of
 * the weights (20 dB); seven products in each of two layers add up, and activations are rounded to 8 bits.
 */
const MOST = 0.5

describe.each([...int4Weights.variants])('variant %s', (variant) => {
  it.each([1, 2, 3])('logits stay near those of seed %i, and are not the same', async (seed) => {
    const off = await offBy(int4Weights, target(seed), variant, tools, meanOff)
    expect(off).toBeLessThan(MOST)
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
    expect(changes).toEqual([
      expect.stringMatching(
        /^14 products in 4 bits, blocks of 32: 0\.\d+ MB become 0\.\d+ MB, rounding at least \d+\.\d dB below them/,
      ),
    ])
  })

  it('takes a float16 graph to float32 first', async () => {
    const given = target(1, { weights: 'float16' })
    const { model, changes } = await applied(int4Weights, given)
    expect(changes[0]).toBe('float16 in float32')
    expect(targetOf(model).layout.cache.every(({ dtype }) => dtype === 'float32')).toBe(true)
  })

  it('has nothing to do where weights are in few bits', () => {
    expect(int4Weights.applies(target(1, { weights: 'int4' }))).toBe('it has no product with float32 weights')
  })

  it('quantizes the products of both branches of a merged decoder once', async () => {
    const { model } = await applied(int4Weights, target(1, { cache: 'merged' }))
    const graph = model.proto.graph!
    expect(graph.initializer.filter(({ name }) => name.endsWith('_Q4')).length).toBe(14)
    expect(await offBy(int4Weights, target(1, { cache: 'merged' }), '32', tools, meanOff)).toBeLessThan(0.5)
  })
})
