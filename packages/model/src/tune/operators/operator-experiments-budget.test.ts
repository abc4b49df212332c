// Which experiments the budget leaves time for, how many rounds each has, and what comes first.
import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { measured, type Script } from '@whyslow/measure/support/trials/example-runner.ts'
import type { OperatorTimesInput } from '@whyslow/measure/timing/operators/task.ts'
import { expect, test } from 'vitest'
import {
  evidenceOf,
  experimentsOn,
  float,
  machine,
  noted,
  OF,
  opsOf,
  SHAPE,
  squared,
  whole,
} from '../../../test/support/tune/example-experiments.ts'
import { defineRemedy } from '../../remedies/kit/remedy.ts'

test('the whole model is timed where that takes half of the time at most', async () => {
  const samples = [{ x: { dtype: 'float32' as const, shape: SHAPE, data: new Float32Array(256) } }]
  const wholeMs = async (budgetMs: number) =>
    (
      await experimentsOn(
        machine(() => 1),
        { samples, budgetMs },
      )
    ).found.wholeMs
  // Six rounds of three predictions, 8 ms each, and of 5 ms to load it: 174.
  expect(await wholeMs(2 * 172)).toBeNull()
  expect(await wholeMs(2 * 176)).toBeCloseTo(1.01)
})

test('a remedy whose gain lies between operators is timed on the whole model, where there is time', async () => {
  const samples = [{ x: { dtype: 'float32' as const, shape: SHAPE, data: new Float32Array(256) } }]
  const between = defineRemedy({ ...squared, id: 'between', betweenOperators: true })
  const timed = (budgetMs: number, wholesMs = 0) =>
    experimentsOn(
      machine((file) => (file === '/nowhere/whole' ? 15.99 : file.startsWith('/nowhere/whole-') ? 7.99 : 1)),
      { samples, remedies: [between], budgetMs, wholesMs },
    )
  // Half of the p50 of 8 ms, in all rounds alike.
  const [one] = (await timed(10_000)).found.wholes!
  expect(one).toMatchObject({ remedy: 'between' })
  expect([one!.ms, one!.low, one!.high].map((ms) => Number(ms.toFixed(3)))).toEqual([4, 4, 4])
  // Three rounds of both at least, 29 ms each.
  expect((await timed(2 * 170)).found.wholes).toBeUndefined()
  expect((await timed(2 * 176)).found.wholes).toHaveLength(1)
  expect((await timed(2 * 170, 176)).found.wholes).toHaveLength(1)
})

test('of remedies between operators the most promising is timed, and none that hardly promises anything', async () => {
  const samples = [{ x: { dtype: 'float32' as const, shape: SHAPE, data: new Float32Array(256) } }]
  const promising = (id: string, predictedSavingMs: number) =>
    defineRemedy({
      ...squared,
      id,
      betweenOperators: true,
      apply: (setup) => [{ variant: '', setup, changes: [id], predictedSavingMs }],
    })
  const found = async (savingsMs: readonly number[]) => {
    const remedies = savingsMs.map((ms) => promising(`of ${ms} ms`, ms))
    const timed = await experimentsOn(
      machine(() => 1),
      // Three rounds of two models.
      { samples, remedies, budgetMs: 2 * 176 },
    )
    return timed.found.wholes?.map(({ remedy }) => remedy)
  }
  expect(await found([0.5, 2, 1])).toEqual(['of 2 ms'])
  // The model takes 8 ms.
  expect(await found([0.15])).toBeUndefined()
})

test('what takes longest above its floor comes first, and what the budget leaves no time for is said', async () => {
  const { found } = await experimentsOn(
    machine(() => 1),
    { budgetMs: 150 },
  )
  expect(found.rows.map(({ opTypes }) => opTypes)).toEqual([['Conv']])
  expect(found.rows[0]!.variants.map(({ kind }) => kind)).toEqual(['rewrite'])
  expect(found.left).toEqual([{ nodes: ['sub', 'mul'], opTypes: ['Sub', 'Mul'], reason: 'there was no time for it' }])
})

test.each([
  // The convolution and its first variant: six rounds of three predictions, 3 ms each, and 3.5 ms to open it: 2 * 75.
  [1, 147, 0],
  [1, 151, 1],
  // Of 0.03 ms: six rounds of 2 ms of samples and 3.5 to open it: 2 * 33.
  [100, 65, 0],
  [100, 67, 1],
])('convolutions %d times as fast, in %d ms: %d of them timed', async (factor, budgetMs, rows) => {
  const nodes = noted.map((one) => ({ ...one, timeMs: one.timeMs / factor, floorMs: 0 }))
  const { found } = await experimentsOn(
    machine(() => 1),
    { budgetMs, of: { ...OF, evidence: evidenceOf(nodes) } },
  )
  expect(found.rows.filter(({ opTypes }) => opTypes.includes('Conv'))).toHaveLength(rows)
})

const timing = async (budgetMs: number) => {
  const { runner } = await experimentsOn(
    machine(() => 1),
    { budgetMs, remedies: [] },
  )
  return runner.asked.find(({ task }) => task === 'operator-times')!.input as OperatorTimesInput
}

test('a machine that is slower than planned has three times as long for the least rounds, and no longer for more', async () => {
  expect(await timing(1000)).toMatchObject({ budgetMs: 3000, enough: { rounds: 6, ms: 1000 } })
})

test('time that is left goes to more rounds, up to twelve', async () => {
  const roundsIn = async (budgetMs: number) => (await timing(budgetMs)).rounds
  // In a round the convolution takes 12.5 ms, as often on one thread and in the plain layout, 21.5 with twice and 39.5 with four times the work;
  // the run of two 8.3, as often on one thread and in one pass, and 22.7 with four times the work.
  const allMs = 6 * (3 * 12.5 + 21.5 + 39.5 + 3 * 8.3 + 22.7)
  expect(await roundsIn((10.9 / 6) * allMs)).toBe(10)
  expect(await roundsIn((11.1 / 6) * allMs)).toBe(11)
  expect(await roundsIn((12.1 / 6) * allMs)).toBe(12)
  expect(await roundsIn((13.1 / 6) * allMs)).toBe(12)
})

test.each([
  [2, 0],
  [3, 1],
])('of a part that was timed in %d rounds, %d experiments are reported', async (rounds, rows) => {
  const script: Script = {
    ...machine(() => 1),
    'operator-times': ({ models }: OperatorTimesInput) =>
      measured(models.map(({ key }) => ({ key, roundsMs: Array(rounds).fill(1) }))),
  }
  const { found } = await experimentsOn(script)
  expect(found.rows.filter(({ opTypes }) => opTypes.includes('Conv'))).toHaveLength(rows)
})

test('sixty different parts are taken out at most', async () => {
  const names = Array.from({ length: 61 }, (_, k) => `n${k}`)
  const input = (k: number) => names[k - 1] ?? 'x'
  const many = modelInMemory(
    model({
      nodes: names.map((name, k) => node({ opType: 'ThresholdedRelu', name }, [input(k)], [name], { alpha: k + 0.5 })),
      inputs: [valueInfo('x', 'float32', SHAPE)],
      outputs: [valueInfo('n60', 'float32', SHAPE)],
    }),
  )
  const notes = names.map((name, k) => ({
    ...{ op: 'ThresholdedRelu', name, timeMs: 0.1, floorMs: 0.01, in: [input(k)], out: [name], shape: SHAPE },
    attributes: { alpha: k + 0.5 },
  }))
  const types = () => measured(Object.fromEntries(['x', ...names].map((name) => [name, float(SHAPE)])))
  const { found } = await experimentsOn({ ...machine(() => 1), types }, { of: { model: many, evidence: evidenceOf(notes) } })
  expect(found.rows).toHaveLength(60)
  expect(found.left).toMatchObject([{ reason: 'there was no time for it' }])
})

test('what is left to try of a part gives way to a part of which nothing was tried', async () => {
  const { found } = await experimentsOn(
    machine(() => 1),
    { budgetMs: 400 },
  )
  expect(found.rows.map(({ opTypes, variants }) => [...opTypes, ...variants.map(({ kind }) => kind)])).toEqual([
    ['Conv', 'rewrite', 'filled-channels'],
    ['Sub', 'Mul', 'one-thread'],
  ])
})

test('products are timed in int8, those near their floor too, once all else was asked', async () => {
  const [first, sub, mul, second] = noted
  const nodes = [{ ...first!, macs: 1000 }, sub!, mul!, { ...second!, timeMs: 1.05, macs: 1000, shape: [1, 8, 8, 4] }]
  const lastOf = async (budgetMs: number, int8: number) => {
    const { found } = await experimentsOn(
      machine(() => 1),
      { of: { model: whole, evidence: evidenceOf(nodes) }, budgetMs, int8 },
    )
    return found.rows.map(({ nodes: of, variants }) => [of.join(), variants.at(-1)!.kind])
  }
  const without = [
    ['first,second', 'one-thread'],
    ['sub,mul', 'one-pass'],
  ]
  expect(await lastOf(10_000, 4)).toEqual([['first,second', 'int8'], without[1]])
  // Of the convolution four models, 9.5 ms in each of six rounds, one of twice its work, 15.5 ms, and one of four times, 27.5 ms; of the run
  // three, 8.3 ms, and one of four times its work, 22.7 ms: 772 ms; 57 ms more is too many.
  expect(await lastOf(800, 4)).toEqual(without)
  expect(await lastOf(10_000, 1)).toEqual(without)
})

/** Kinds of changes to the convolutions where one takes so long, and what was written. */
async function withConvolutions(timeMs: number) {
  const evidence = evidenceOf(noted.map((one) => ({ ...one, timeMs: (one.timeMs / 3) * timeMs, floorMs: 0 })))
  const { found, written } = await experimentsOn(
    machine(() => timeMs),
    { of: { ...OF, evidence } },
  )
  const conv = found.rows.find(({ opTypes }) => opTypes.includes('Conv'))!
  return { kinds: conv.variants.map(({ kind }) => kind), models: [...written.values()].map(opsOf) }
}

test('of a product that takes less than 0.06 ms one thread is tried first, of others last', async () => {
  expect((await withConvolutions(0.058)).kinds.slice(0, 2)).toEqual(['rewrite', 'one-thread'])
  expect((await withConvolutions(0.062)).kinds.at(-1)).toBe('one-thread')
})

test('an operator that takes 20 ms and more is timed once in each of three rounds', async () => {
  const fewOf = async (timeMs: number) => {
    const evidence = evidenceOf(noted.map((one) => ({ ...one, timeMs: (one.timeMs / 3) * timeMs, floorMs: 0 })))
    const { runner } = await experimentsOn(
      machine(() => timeMs),
      { of: { ...OF, evidence } },
    )
    const { models } = runner.asked.find(({ task }) => task === 'operator-times')!.input as OperatorTimesInput
    return models.map(({ few }) => few)
  }
  const few = { rounds: 3, warmup: 1, samples: 1 }
  expect(await fewOf(19)).not.toContainEqual(few)
  // The call itself, and operators that take less, as before.
  expect(new Set(await fewOf(21))).toEqual(new Set([undefined, few]))
})

test('a convolution that takes 1 ms at most is timed three times in a row', async () => {
  expect((await withConvolutions(0.98)).models).toContainEqual(['Conv', 'Conv', 'Conv'])
  expect((await withConvolutions(1.02)).models).not.toContainEqual(['Conv', 'Conv', 'Conv'])
})
