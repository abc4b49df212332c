import fs from 'node:fs'
import path from 'node:path'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed } from '@whyslow/measure/support/trials/example-runner.ts'
import { describe, expect, test } from 'vitest'
import {
  constraints,
  type ExampleBench,
  exampleBench,
  type Layer,
  network,
  type PrecisionWorld,
  product,
  quantizedLayers,
} from '../../../test/support/quantize/plan/example-bench.ts'
import type { PrecisionMethod } from '../../remedies/kit/remedy.ts'
import type { PrecisionConstraints } from './learned-model.ts'
import { type PrecisionSearch, precisionSearch } from './precision.ts'

const folder = folderOfTests()

function searched(world: PrecisionWorld = {}, rest: Partial<PrecisionConstraints> = {}): [PrecisionSearch, ExampleBench] {
  const bench = exampleBench(fs.mkdtempSync(path.join(folder, 'precision-')), world)
  return [precisionSearch(bench, constraints(rest), async (model) => model), bench]
}

const layersOf = (search: PrecisionSearch) => search.records().map(({ node, variant, inFloat }) => [node, variant, inFloat])

/** Noise of single layers, which add up. */
const adding = (noises: Readonly<Record<Layer, number>>) => (layers: readonly Layer[]) =>
  layers.reduce((sum, layer) => sum + noises[layer], 0)

describe('static int8', () => {
  test('all layers, where all gain, with what they save together', async () => {
    const [search, bench] = searched()
    const plans = await search.plan(network, 'static')
    // Three times 4 - 1, less a conversion at either end; a call of 0.01 is in no time.
    expect(plans.map(({ variant, savingMs }) => [variant, savingMs?.toFixed(6)])).toEqual([['', '8.800000']])
    expect(quantizedLayers(plans[0]!.quantized.model as typeof network)).toEqual(['a', 'b', 'c'])
    expect(search.records().find(({ node }) => node === 'b')).toMatchObject({
      ...{ name: 'conv_b', opType: 'Conv', method: 'static', inFloat: false, sqnrDb: null },
      beforeMs: expect.closeTo(4, 6),
      afterMs: expect.closeTo(1, 6),
    })
    expect(bench.tasks()).toEqual(['types', 'operator-times', 'calibrate'])
    expect(search.reasons().size).toBe(0)
  })

  test('what does not gain stays float', async () => {
    const [search] = searched({ layerMs: (layer) => (layer === 'c' ? [1, 3] : [4, 1]) })
    const [plan] = await search.plan(network, 'static')
    expect(quantizedLayers(plan!.quantized.model as typeof network)).toEqual(['a', 'b'])
  })

  test('a larger region is proposed beside the other, for what the times do not show', async () => {
    // c loses 0.4 less the conversion by the times; with int8 taken at 0.6 of its time it gains.
    const [search] = searched({ layerMs: (layer) => (layer === 'c' ? [1, 1.4] : [4, 1]) })
    const plans = await search.plan(network, 'static')
    expect(plans.map(({ variant, quantized }) => [variant, quantizedLayers(quantized.model as typeof network)])).toEqual([
      ['', ['a', 'b']],
      ['wide', ['a', 'b', 'c']],
    ])
    expect(layersOf(search).filter(([node]) => node === 'c')).toEqual([['c', 'wide', false]])
  })

  test('the operators are timed once for all methods, the model is looked at once', async () => {
    const [search, bench] = searched()
    for (const method of ['static', 'dynamic', 'weights'] as const) await search.plan(network, method)
    expect(bench.tasks().filter((task) => task !== 'calibrate')).toEqual(['types', 'operator-times'])
  })
})

describe('a product', () => {
  test.each<[PrecisionMethod, string]>([
    ['dynamic', '1 MatMul in int8, activations quantized at each prediction'],
    ['weights', '1 MatMul with weights in 8 bits'],
  ])('%s', async (method, change) => {
    const [search] = searched({}, { method })
    const [plan] = await search.plan(product, method)
    expect(plan!.quantized.changes).toEqual([change])
  })

  test('in dynamic int8 it is not proposed with fewer bits of weights, too', async () => {
    const [search] = searched()
    expect(await search.plan(product, 'weights')).toEqual([])
    expect(search.reasons()).toEqual(new Map([['weights', 'no operator is faster this way']]))
  })

  test('in four bits alone where they are asked for', async () => {
    const [search] = searched({}, { method: 'weights', bits: 4 })
    const [plan] = await search.plan(product, 'weights')
    expect(plan!.quantized.changes).toEqual(['1 MatMul with weights in 4 bits'])
  })
})

describe('nothing is proposed, and says why', () => {
  const reason = async (method: PrecisionMethod, world: PrecisionWorld = {}, rest: Partial<PrecisionConstraints> = {}) => {
    const [search, bench] = searched(world, rest)
    expect(await search.plan(network, method)).toEqual([])
    return [search.reasons().get(method), bench.asked.length] as const
  }

  test('made-up inputs have no ranges', async () => {
    expect(await reason('static', {}, { allowStatic: false })).toEqual([
      'ranges need real inputs: give --data, or --allow-synthetic',
      0,
    ])
  })

  test('made-up inputs leave a memory at 0', async () => {
    const whyNotStatic = "'state' is a memory"
    expect(await reason('static', {}, { allowStatic: false, whyNotStatic })).toEqual([whyNotStatic, 0])
  })

  test('another method was asked for', async () => {
    expect(await reason('dynamic', {}, { method: 'static' })).toEqual([undefined, 0])
  })

  test('no operator can be quantized this way', async () => {
    expect(await reason('dynamic')).toEqual(['no operator of this model can be quantized this way', 1])
  })

  test.each<[string, PrecisionWorld, string]>([
    ['all are slower', { layerMs: () => [1, 2] }, ': the best of 3, Conv takes 2.00 ms in int8 and 1.00 ms as float'],
    ['none could be timed', { script: { 'operator-times': () => failed('crashed') } }, ''],
  ])('%s', async (_, world, figures) => {
    const [found] = await reason('static', world, { method: 'static' })
    expect(found).toBe(`no operator is faster this way${figures}`)
  })

  test('the gain is not worth a change', async () => {
    // Of 12 ms, a hundredth is 0.12.
    const plans = async (int8Ms: number) => {
      const [search] = searched({ productMs: (opTypes) => (opTypes.join() === 'MatMul' ? 4 : int8Ms) })
      return search.plan(product, 'dynamic')
    }
    expect(await plans(3.9)).toEqual([])
    expect(await plans(3.8)).toHaveLength(1)
  })

  test('the outputs change too much whatever is left', async () => {
    const [found] = await reason('static', { noise: () => 0.5 })
    expect(found).toBe('layers that gain change the outputs too much: noise 0.5')
  })

  test('the time to restore accuracy is over', async () => {
    const [found] = await reason('static', { noise: () => 0.5, compareMs: 40_000 })
    expect(found).toMatch(/noise 0.5; the time to restore accuracy was over: a larger --budget has more$/)
  })

  test('a model whose values cannot be had is the remedy’s failure', async () => {
    const [search] = searched({ script: { types: () => failed('no kernel') } })
    await expect(search.plan(network, 'static')).rejects.toThrow("the types of the model's values could not be had: no kernel")
  })

  test('so are ranges that cannot be found', async () => {
    const [search] = searched({ script: { calibrate: () => failed('no kernel') } })
    await expect(search.plan(network, 'static')).rejects.toThrow('calibration failed: no kernel')
  })
})

describe('accuracy', () => {
  test('is restored by another recipe before any layer goes', async () => {
    // Over a narrower range the same layers do.
    const [search, bench] = searched({ noise: (_, high) => (high < 8 ? 0.001 : 0.5) })
    const [plan] = await search.plan(network, 'static')
    expect(quantizedLayers(plan!.quantized.model as typeof network)).toEqual(['a', 'b', 'c'])
    expect(bench.compared).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
    expect(bench.steps.at(-1)).toMatch(/^comparing outputs with 3 static layers, (percentile|mse)/)
  })

  test('is restored by the layer that falls back to float, and its error is told', async () => {
    const [search] = searched({ noise: adding({ a: 0.001, b: 0.4, c: 0.002 }) })
    const [plan] = await search.plan(network, 'static')
    expect(quantizedLayers(plan!.quantized.model as typeof network)).toEqual(['a', 'c'])
    // -10 log10 of 0.4.
    expect(search.records().find(({ node }) => node === 'b')).toMatchObject({ inFloat: true, sqnrDb: expect.closeTo(3.98, 2) })
    expect(search.records().find(({ node }) => node === 'a')).toMatchObject({ inFloat: false, sqnrDb: expect.closeTo(30, 2) })
  })

  test('is not worth it where what is left gains nothing', async () => {
    // Without c, nothing gains.
    const layerMs: PrecisionWorld['layerMs'] = (layer) => (layer === 'c' ? [4, 1] : [1, 1])
    const [search] = searched({ layerMs, noise: adding({ a: 0.001, b: 0.001, c: 0.4 }) })
    expect(await search.plan(network, 'static')).toEqual([])
    expect(search.reasons().get('static')).toMatch(/^layers that gain change the outputs too much/)
    expect(search.records().every(({ inFloat }) => inFloat)).toBe(true)
  })

  test('of layers whose errors were not needed, they are measured for the report', async () => {
    const [search] = searched({ noise: adding({ a: 0.001, b: 0.002, c: 0.003 }) })
    await search.plan(network, 'static')
    expect(search.records().map(({ sqnrDb }) => sqnrDb)).toEqual(search.records().map(() => null))
    await search.measureErrors(new Map([['dynamic', '']]))
    expect(search.records().every(({ sqnrDb }) => sqnrDb === null)).toBe(true)
    await search.measureErrors(new Map([['static', '']]))
    const errors = new Map(search.records().map(({ node, sqnrDb }) => [node, sqnrDb]))
    expect(errors.get('a')).toBeCloseTo(30, 6)
    expect(errors.get('c')).toBeCloseTo(-10 * Math.log10(0.003), 6)
  })
})
