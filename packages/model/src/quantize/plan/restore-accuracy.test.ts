import type { Agreement } from '@whyslow/measure/outputs/index.ts'
import { describe, expect, test } from 'vitest'
import type { Precision } from '../write/choice.ts'
import type { Layers } from './choose.ts'
import {
  type AccuracyBench,
  type ChosenLayers,
  countAt,
  guessOf,
  inOrderOfError,
  type QuantizationCandidate,
  restoreAccuracy,
  spreadOut,
  stepsTo,
} from './restore-accuracy.ts'

/** Layers with the noise of each; together they add up, times that of the recipe. At most a hundredth holds. */
function world(noises: Readonly<Record<string, number>>, recipes: Readonly<Record<string, number>>, timeMs = 1e6) {
  const seen: QuantizationCandidate[] = []
  let leftMs = timeMs
  const noiseOf = ({ recipe, layers }: QuantizationCandidate) =>
    recipes[recipe]! * [...layers.keys()].reduce((sum, node) => sum + noises[node]!, 0)
  const bench: AccuracyBench = {
    async check(candidate) {
      seen.push(candidate)
      leftMs -= 1000
      const noise = noiseOf(candidate)
      const agreement = { sqnrDb: -10 * Math.log10(noise) } as Agreement
      return { ok: noise <= 0.01, reason: `noise ${noise}`, agreement }
    },
    async noises(candidates, budgetMs) {
      leftMs -= Math.min(budgetMs, 10 * candidates.length)
      return candidates.map(noiseOf)
    },
    others: async () => Object.keys(recipes).slice(1),
    leftMs: () => leftMs,
  }
  const layersOf = (inFloat: ReadonlySet<string>): Layers => {
    const kept = Object.keys(noises).filter((node) => !inFloat.has(node))
    return { layers: new Map(kept.map((node) => [node, 'static' as Precision])), savingMs: kept.length }
  }
  const wanted: ChosenLayers = {
    first: Object.keys(recipes)[0]!,
    chosen: layersOf(new Set()),
    choose: layersOf,
    nodes: Object.keys(noises).map((node) => ({ node, opType: 'Conv', gainMs: 1 })),
    errors: new Map(),
  }
  return { bench, wanted, seen }
}

const sixty = (noise: (k: number) => number) =>
  Object.fromEntries(Array.from({ length: 60 }, (_, k) => [`n${String(k).padStart(2, '0')}`, noise(k)]))

describe('restoring accuracy', () => {
  test('what is accurate is looked at once', async () => {
    const { bench, wanted, seen } = world({ a: 0.001, b: 0.002 }, { minmax: 1, mse: 0.5 })
    const { layers, recipe } = await restoreAccuracy(bench, wanted)
    expect([layers, recipe, seen.length]).toEqual([wanted.chosen, 'minmax', 1])
  })

  test('where nothing can be compared, it is looked at once', async () => {
    const { bench, wanted } = world({ a: 0.5, b: 0.002 }, { minmax: 1, mse: 3 })
    let looks = 0
    const check: AccuracyBench['check'] = async () => {
      looks++
      return { ok: false, reason: 'every output changes', agreement: null, isBlind: true }
    }
    expect(await restoreAccuracy({ ...bench, check }, wanted)).toMatchObject({ layers: null, reason: 'every output changes' })
    expect(looks).toBe(1)
  })

  test('another recipe is tried before any layer goes', async () => {
    const { bench, wanted, seen } = world({ a: 0.008, b: 0.007 }, { minmax: 1, percentile: 2, mse: 0.5 })
    const { layers, recipe } = await restoreAccuracy(bench, wanted)
    expect([layers, recipe]).toEqual([wanted.chosen, 'mse'])
    expect(seen.map((one) => one.recipe)).toEqual(['minmax', 'mse'])
  })

  test('none that is worse is kept', async () => {
    const { bench, wanted } = world({ a: 0.5, b: 0.002, c: 0.003 }, { minmax: 1, mse: 3 })
    const { layers, recipe } = await restoreAccuracy(bench, wanted)
    expect(recipe).toBe('minmax')
    expect([...layers!.layers.keys()]).toEqual(['b', 'c'])
  })

  test('the few layers that cause most of the error go, in few looks', async () => {
    const noises = sixty((k) => (k % 20 === 7 ? 0.2 : 0.0001))
    const { bench, wanted, seen } = world(noises, { minmax: 1 })
    const { layers } = await restoreAccuracy(bench, wanted)
    expect(Object.keys(noises).filter((node) => !layers!.layers.has(node))).toEqual(['n07', 'n27', 'n47'])
    expect(seen.length).toBeLessThanOrEqual(5)
  })

  test('how many must go is asked on a few inputs: one look at all of them comes near', async () => {
    // Alone each is within the limit; together they come to 0.15, and the quietest eight to 0.009.
    const noises = sixty((k) => 0.001 + 0.00015 * (k % 20))
    const { bench, wanted, seen } = world(noises, { minmax: 1 }, 2600)
    const { layers } = await restoreAccuracy(bench, wanted)
    expect(layers!.layers.size).toBeGreaterThanOrEqual(5)
    expect(seen.length).toBeLessThanOrEqual(3)
  })

  test('time for two looks is enough where single layers explain the loss', async () => {
    const noises = sixty((k) => (k === 7 ? 6 : k === 30 ? 0.5 : 0.0001))
    const { bench, wanted, seen } = world(noises, { minmax: 1 }, 2650)
    // They save most of the time, too.
    const nodes = wanted.nodes.map((one) => (noises[one.node]! > 0.1 ? { ...one, gainMs: 1000 } : one))
    const { layers } = await restoreAccuracy(bench, { ...wanted, nodes })
    expect(layers!.layers.size).toBe(58)
    expect(seen.length).toBe(2)
  })

  test('errors that do not add up as guessed are found by halving', async () => {
    const noises = sixty((k) => 0.0001 * (k + 1))
    const { bench, wanted, seen } = world(noises, { minmax: 1 })
    // Single layers seem all alike.
    const blind = { ...bench, noises: async (all: readonly QuantizationCandidate[]) => all.map(() => 0.001) }
    const { layers } = await restoreAccuracy(blind, wanted)
    // Falling back in their own order, the first 59 must go until 0.006 is left; 60 / 32 too many may.
    expect(layers!.layers.size).toBeGreaterThan(0)
    expect(layers!.layers.size).toBeLessThanOrEqual(1)
    expect(seen.length).toBeLessThanOrEqual(7)
  })

  test('of many layers, groups are asked first, and alone only those of loud groups', async () => {
    const noises = sixty((k) => (k === 20 ? 3 : 0.0001))
    const { bench, wanted } = world(noises, { minmax: 1 })
    const asked: number[] = []
    const counting = {
      ...bench,
      noises: (all: readonly QuantizationCandidate[], ms: number) => {
        asked.push(all.length)
        return bench.noises(all, ms)
      },
    }
    const { layers, errors } = await restoreAccuracy(counting, wanted)
    expect(layers!.layers.size).toBe(59)
    // Eight groups of eight, the eight layers of one of them, and ten sets.
    expect(asked).toEqual([8, 8, 10])
    expect([...errors.keys()]).toEqual(['n16', 'n17', 'n18', 'n19', 'n20', 'n21', 'n22', 'n23'])
  })

  test('time that is over ends the looks, and is said', async () => {
    const { bench, wanted, seen } = world(
      sixty(() => 0.02),
      { minmax: 1, mse: 1 },
      1500,
    )
    const { layers, reason } = await restoreAccuracy(bench, wanted)
    expect(layers).toBeNull()
    expect(reason).toMatch(/^layers that gain change the outputs too much: noise 1\.2.*; the time .* --budget has more$/)
    expect(seen.length).toBeLessThanOrEqual(2)
  })

  test('errors that are known are not measured again', async () => {
    const { bench, wanted } = world({ a: 0.5, b: 0.002, c: 0.003 }, { minmax: 1 })
    await restoreAccuracy(bench, wanted)
    expect(wanted.errors.size).toBe(3)
    const none = { ...bench, noises: () => Promise.reject(new Error('measured again')) }
    expect([...(await restoreAccuracy(none, wanted)).layers!.layers.keys()]).toEqual(['b', 'c'])
  })
})

describe('order', () => {
  const nodes = [
    { node: 'a', opType: 'Conv', gainMs: 1 },
    { node: 'b', opType: 'Conv', gainMs: 0.1 },
    { node: 'c', opType: 'Conv', gainMs: 1 },
    { node: 'd', opType: 'MatMul', gainMs: 1 },
  ]

  test('most error for the least time first; unmeasured layers as others of their operator, or first of all', () => {
    const errors = new Map([
      ['a', 0.01],
      ['b', 0.005],
    ])
    // a: 0.01; b: 0.005 / 0.1 = 0.05; c: the middle of 0.01 and 0.005; d: none is known.
    expect(inOrderOfError(nodes, { errors, parts: new Map() }).map(({ node }) => node)).toEqual(['d', 'b', 'a', 'c'])
  })

  test('what is too much alone comes first, whatever it saves', () => {
    const errors = new Map([
      ['a', 0.02],
      ['b', 0.009],
      ['c', 0.3],
      ['d', 0.001],
    ])
    // b saves a tenth of what the others do; d the most for its error.
    expect(inOrderOfError(nodes, { errors, parts: new Map() }).map(({ node }) => node)).toEqual(['c', 'a', 'b', 'd'])
  })

  test('steps: close together where few go', () => {
    expect(stepsTo(59)).toEqual([1, 2, 3, 5, 8, 12, 18, 27, 41, 59])
    expect([stepsTo(1), stepsTo(0)]).toEqual([[1], []])
  })

  test('the count that leaves so much noise, between those of which it is known', () => {
    const seen = [0.4, 0.1, 0.001].map((noise, k) => ({ count: [1, 10, 20][k]!, noise }))
    // Half of the way from 0.1 to 0.001 in factors.
    expect(countAt(0.01, seen)).toBe(15)
    expect([countAt(0.5, seen), countAt(1e-4, seen), countAt(0.01, [])]).toEqual([1, undefined, undefined])
  })

  test('the guess: as many as leave a hundredth of noise', () => {
    const order = [0.05, 0.02, 0.008, 0.001].map((noise, k) => ({ node: `n${k}`, noise }))
    const check = (sqnrDb: number | null) => ({ ok: false, reason: '', agreement: { sqnrDb } as Agreement })
    // 0.079 less 0.05 and 0.02 is 0.009.
    expect(guessOf(order, check(null))).toBe(2)
    // Together they come to ten times as much, 0.79: without the first three it is 0.01.
    expect(guessOf(order, check(-10 * Math.log10(0.78)))).toBe(3)
    expect(guessOf([{ node: 'a', noise: Number.POSITIVE_INFINITY }, ...order], check(null))).toBe(3)
  })

  test('spread: every third first, where there are three times as many as are looked at first', () => {
    const order = spreadOut(Array.from({ length: 72 }, (_, k) => k))
    expect(order.slice(0, 4)).toEqual([0, 3, 6, 9])
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 72 }, (_, k) => k))
  })
})
