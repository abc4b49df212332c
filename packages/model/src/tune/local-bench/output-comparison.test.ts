import path from 'node:path'
import { modelInMemory, node } from '@whyslow/graph/build.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { loadInputs, saveInputs } from '@whyslow/measure/samples/saved.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, type Script } from '@whyslow/measure/support/trials/example-runner.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import { describe, expect, test } from 'vitest'
import { exampleModel, examplePlan, floats, predicting } from '../../../test/support/tune/local-bench/example-plan.ts'
import { outputComparison } from './output-comparison.ts'
import type { LocalBenchPlan } from './plan.ts'
import { setupTasks } from './setup-tasks.ts'

const folder = folderOfTests()

function bench(script: Script, rest: Partial<LocalBenchPlan> = {}) {
  const example = examplePlan(folder, script, rest)
  return { ...example, compare: outputComparison(example.plan, setupTasks(example.plan)) }
}

/** 2 x, times 1 + `off` where the options say so: threads for the candidate, no optimization for the engine's own other level. */
const scaling = (off: { readonly threads?: number; readonly level?: number }) =>
  predicting((x, { options }: ModelTask) => {
    const by = options.graphOptimization === 'disabled' ? off.level : options.threads === 2 ? off.threads : 0
    return floats(
      'y',
      x.map((one) => 2 * one * (1 + (by ?? 0))),
    )
  })

test('equal outputs agree; the original is predicted with once, and a setup once for a promise', async () => {
  const { compare, setup, trials } = bench({ outputs: scaling({}) })
  expect(await compare(setup({ threads: 2 }), 'exact')).toMatchObject({ ok: true, reason: 'outputs equal bit for bit' })
  await compare(setup({ threads: 2 }), 'exact')
  expect(trials.asked).toHaveLength(2)
  await compare(setup({ threads: 2 }), 'exact', 'shipped')
  await compare(setup({ threads: 2 }), 'rounding')
  expect(trials.asked).toHaveLength(4)
})

test('a batch is compared as single predictions', async () => {
  const { compare, setup, trials, plan } = bench({ outputs: scaling({}) })
  await compare(setup({ threads: 2 }, { batchFactor: 2 }), 'exact')
  expect(trials.asked.map(({ input }) => (input as ModelTask).inputs)).toEqual([plan.judged.saved, plan.judged.saved])
})

describe('what is off', () => {
  test('is refused beyond the promise', async () => {
    const { compare, setup } = bench({ outputs: scaling({ threads: 0.01 }) })
    const check = await compare(setup({ threads: 2 }), 'exact')
    expect(check.ok).toBe(false)
    expect(check.agreement!.maxRelative).toBeCloseTo(0.01, 4)
  })

  test('cannot be had of a model that cannot be written for its engine', async () => {
    const write = () => Promise.reject(new InputError('the node n cannot be written'))
    const { compare, setup } = bench({ outputs: scaling({}) }, { write })
    const engine = { id: 'other', version: '1', format: 'tflite' as const }
    const check = await compare(setup({}, { engine }), 'rounding')
    expect(check).toEqual({ ok: false, reason: 'the node n cannot be written', agreement: null })
  })

  test('is allowed as far as twice what the engine’s own levels differ by, and looked at once', async () => {
    // A thousandth where 6 in ten thousand are the engine's own.
    const { compare, setup, trials } = bench({ outputs: scaling({ threads: 1e-3, level: 6e-4 }) })
    const check = await compare(setup({ threads: 2 }), 'rounding')
    expect(check).toMatchObject({
      ok: true,
      reason: "outputs equal to 1e-3 of their range, as the engine's own levels are (6e-4)",
    })
    await compare(setup({ threads: 2, executionMode: 'parallel' }), 'rounding')
    // Original, candidate, the other level; then the second candidate alone.
    expect(trials.asked).toHaveLength(4)
  })

  test.each([
    ['more than twice that', { threads: 1e-3, level: 4.8e-4 }],
    ['more than a hundredth, whatever the levels do', { threads: 0.0104, level: 0.02 }],
  ])('is refused: %s', async (_, off) => {
    const { compare, setup } = bench({ outputs: scaling(off) })
    expect(await compare(setup({ threads: 2 }), 'rounding')).toMatchObject({ ok: false })
  })

  test.each([
    ['less than twice that', { threads: 1e-3, level: 5.2e-4 }],
    ['less than a hundredth', { threads: 0.0096, level: 0.02 }],
  ])('is allowed: %s', async (_, off) => {
    const { compare, setup } = bench({ outputs: scaling(off) })
    expect(await compare(setup({ threads: 2 }), 'rounding')).toMatchObject({ ok: true })
  })

  test('is refused where the other level cannot be had', async () => {
    const own = scaling({ threads: 1e-3 })
    const outputs: Script[string] = (task: never, call, limits) => (call === 2 ? failed('no') : own(task, call, limits))
    const { compare, setup } = bench({ outputs })
    expect(await compare(setup({ threads: 2 }), 'rounding')).toMatchObject({ ok: false })
  })

  test('an original without optimization is held against the whole of it', async () => {
    const example = bench(
      { outputs: scaling({ threads: 1e-3, level: 0 }) },
      { originalOptions: { ...bench({}).setup().options, graphOptimization: 'disabled' } },
    )
    await example.compare(example.setup({ threads: 2 }), 'rounding')
    const levels = example.trials.asked.map(({ input }) => (input as ModelTask).options.graphOptimization)
    expect(levels).toEqual(['disabled', 'all', 'all'])
  })

  test('is a loss where one is allowed', async () => {
    const lossy = { maxLoss: 0.01 }
    const { compare, setup } = bench({ outputs: scaling({ threads: 0.001 }) }, lossy)
    expect(await compare(setup({ threads: 2 }), 'approximate')).toMatchObject({ ok: true })
  })

  test.each([
    ['what only rounds is one too', 'rounding', 0.001, true],
    ['but not further off than a hundredth', 'rounding', 0.0104, false],
    ['but not what promised to be equal', 'exact', 0.001, false],
  ] as const)('is a loss where one is allowed: %s', async (_, promise, threads, ok) => {
    const { compare, setup } = bench({ outputs: scaling({ threads }) }, { maxLoss: 0.05 })
    expect(await compare(setup({ threads: 2 }), promise)).toMatchObject({ ok })
  })
})

describe('inputs of their own for the proof', () => {
  /** Off by `far` where a row begins with a number above 10, as only those of the proof do. */
  const offOnLarge = (far: number): Script[string] =>
    predicting((x, { options }: ModelTask) =>
      floats(
        'y',
        x.map((one) => 2 * one * (options.threads === 2 && x[0]! > 10 ? 1 + far : 1)),
      ),
    )
  const proof = (first: number) => {
    const samples = [floats('x', [first, 2]), floats('x', [first + 1, 4])]
    return { saved: saveInputs(path.join(folder, `proof-${first}`), samples), samples, labels: null }
  }

  test('refuse what is right only on those that chose', async () => {
    const { compare, setup } = bench({ outputs: offOnLarge(0.1) }, { proof: proof(20), maxLoss: 0.001 })
    const changed = setup({ threads: 2 })
    expect(await compare(changed, 'rounding')).toMatchObject({ ok: true })
    expect(await compare(changed, 'rounding', 'shipped')).toMatchObject({ ok: false })
    // What the proof saw is no look.
    expect(await compare(changed, 'rounding')).toMatchObject({ ok: true })
  })

  test('are told of beside a loss that they hold', async () => {
    const { compare, setup } = bench({ outputs: offOnLarge(1e-3) }, { proof: proof(20), maxLoss: 0.01 })
    const { reason } = await compare(setup({ threads: 2 }), 'approximate', 'shipped')
    expect(reason).toMatch(/, on 2 held-out inputs$/)
  })

  test('that the model itself refuses leave the proof to those that it takes', async () => {
    const own = offOnLarge(0)
    const outputs: Script[string] = (task: never, call, limits) =>
      (loadInputs((task as ModelTask).inputs as string)[0]!.x!.data as Float32Array)[0]! > 10
        ? failed('no kernel')
        : own(task, call, limits)
    const { compare, setup } = bench({ outputs }, { proof: proof(20) })
    expect(await compare(setup({ threads: 2 }), 'rounding', 'shipped')).toMatchObject({ ok: true })
  })
})

describe('on made-up inputs', () => {
  /** Probabilities of two classes: nine sure rows, and one that the candidate decides otherwise by moving it as far as the others. */
  const nearTie = predicting((_, { modelFile, options }: ModelTask) => {
    const off = options.threads === 2 || !modelFile.endsWith('original.onnx') ? 0.01 : 0
    return floats(
      'scores',
      [...Array.from({ length: 9 }, () => 0.9), 0.505].flatMap((one) => [one - off, 1 - one + off]),
    )
  })
  const refined = (opType: string) =>
    modelInMemory({ ...exampleModel(2).proto, graph: { ...exampleModel(2).proto.graph!, node: [node(opType, ['x'], ['y'])] } })
  const isOk = async (madeUp: boolean, opType?: string) => {
    const { compare, setup } = bench({ outputs: nearTie }, { maxLoss: 0.01, madeUp })
    const one = opType === undefined ? setup({ threads: 2 }) : setup({}, { model: refined(opType) })
    return (await compare(one, 'approximate')).ok
  }

  test('a near tie that is decided otherwise is no loss', async () =>
    expect([await isOk(true), await isOk(false)]).toEqual([true, false]))

  test('but for a candidate with ranges that were found on them, or that makes the inputs smaller', async () => {
    const all = ['DynamicQuantizeLinear', 'QuantizeLinear', 'Resize']
    expect(await Promise.all(all.map((opType) => isOk(true, opType)))).toEqual([true, false, false])
  })
})

describe('outputs that are left out', () => {
  const twoOutputs = (task: ModelTask) => ({
    ...floats('y', [1, 2]),
    ...floats('random', task.options.threads === 2 ? [9, 9] : [1, 1]),
  })

  test('those that differ from one prediction to the next', async () => {
    const { compare, setup } = bench({ outputs: predicting((_, task) => twoOutputs(task), ['random']) })
    expect(await compare(setup({ threads: 2 }), 'exact')).toMatchObject({ ok: true })
  })

  test('but not one that only the candidate makes anew each time', async () => {
    const outputs: Script[string] = (task: never, call, limits) =>
      predicting((_, one) => twoOutputs(one), (task as ModelTask).options.threads === 2 ? ['random'] : [])(task, call, limits)
    const { compare, setup } = bench({ outputs })
    expect(await compare(setup({ threads: 2 }), 'rounding')).toMatchObject({ ok: false })
  })

  test('where none is left, settings alone are taken to be right', async () => {
    const { compare, setup } = bench({ outputs: predicting((_, task) => twoOutputs(task), ['y', 'random']) }, { maxLoss: 0.1 })
    const reason = expect.stringMatching(/^every output changes from one prediction to the next/)
    expect(await compare(setup({ threads: 2 }), 'exact')).toEqual({ ok: true, reason, agreement: null, isBlind: true })
    for (const promise of ['rounding', 'approximate'] as const)
      expect(await compare(setup({ threads: 2 }), promise)).toEqual({ ok: false, reason, agreement: null, isBlind: true })
  })

  test('none holds a number but 0: no loss would show', async () => {
    const outputs = predicting((x) =>
      floats(
        'y',
        x.map(() => 0),
      ),
    )
    const { compare, setup } = bench({ outputs }, { maxLoss: 0.1 })
    expect(await compare(setup({ threads: 2 }), 'approximate')).toMatchObject({ ok: false, isBlind: true })
    expect(await compare(setup({ threads: 2 }), 'rounding')).toMatchObject({ ok: true })
  })

  test('those that nobody asked for', async () => {
    const outputs = predicting((_, task) => twoOutputs(task))
    const ok = async (names: readonly string[] | null) => {
      const { compare, setup } = bench({ outputs }, { outputs: names })
      return (await compare(setup({ threads: 2 }), 'exact')).ok
    }
    expect([await ok(['y']), await ok(null)]).toEqual([true, false])
  })
})

describe('what cannot run', () => {
  test('the original', async () => {
    const { compare, setup } = bench({ outputs: () => failed('no kernel') })
    expect(await compare(setup(), 'exact')).toEqual({
      ok: false,
      reason: "the original's outputs could not be had: no kernel",
      agreement: null,
    })
  })

  test('the candidate', async () => {
    const own = scaling({})
    const outputs: Script[string] = (task: never, call, limits) => (call === 1 ? failed('no kernel') : own(task, call, limits))
    const { compare, setup } = bench({ outputs })
    const check = await compare(setup({}, { model: exampleModel(3) }), 'exact')
    expect(check).toEqual({ ok: false, reason: 'no kernel', agreement: null })
  })
})
