import { floatTensor, graph, int64Tensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { sharedQuantizer } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import { failed, measured, type Script, scriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { OperatorTimesInput } from '@whyslow/measure/timing/operators/task.ts'
import { expect, test } from 'vitest'
import { evidence, type NodeNote, roofs } from '../../../test/support/diagnose/example-evidence.ts'
import { exampleEvidence } from '../../../test/support/remedies/example-evidence.ts'
import { defineRemedy, type Remedy, rewriteProposal } from '../../remedies/kit/remedy.ts'
import { operatorExperiments } from './index.ts'

const SHAPE = [1, 4, 8, 8]
const float = (shape: readonly number[]) => ({ dtype: 'float32', shape })

/** A convolution of three output channels, two elementwise operators in a row, and a second such convolution. */
const whole: Model = modelInMemory(
  model({
    nodes: [
      node({ opType: 'Conv', name: 'first' }, ['x', 'w'], ['c']),
      node({ opType: 'Sub', name: 'sub' }, ['c', 'mean'], ['s']),
      node({ opType: 'Mul', name: 'mul' }, ['s', 'scale'], ['m']),
      node({ opType: 'Conv', name: 'second' }, ['m', 'v'], ['y']),
    ],
    inputs: [valueInfo('x', 'float32', SHAPE)],
    outputs: [valueInfo('y', 'float32', SHAPE)],
    initializers: [
      floatTensor('w', [4, 4, 1, 1], new Float32Array(16)),
      floatTensor('v', [4, 4, 1, 1], new Float32Array(16)),
      floatTensor('mean', [1, 4, 1, 1], new Float32Array(4)),
      floatTensor('scale', [1, 4, 1, 1], new Float32Array(4)),
    ],
  }),
)

const noted: readonly NodeNote[] = [
  { op: 'Conv', name: 'first', timeMs: 3, floorMs: 1, in: ['x', 'w'], out: ['c'], shape: SHAPE },
  { op: 'Sub', name: 'sub', timeMs: 1, floorMs: 0.1, in: ['c', 'mean'], out: ['s'], shape: SHAPE },
  { op: 'Mul', name: 'mul', timeMs: 0.6, floorMs: 0.1, in: ['s', 'scale'], out: ['m'], shape: SHAPE },
  { op: 'Conv', name: 'second', timeMs: 3, floorMs: 1, in: ['m', 'v'], out: ['y'], shape: SHAPE },
]
const constants = {
  w: { shape: [4, 4, 1, 1] },
  v: { shape: [4, 4, 1, 1] },
  mean: { shape: [1, 4, 1, 1] },
  scale: { shape: [1, 4, 1, 1] },
}

function evidenceOf(nodes: readonly NodeNote[]) {
  const given = evidence({ p50Ms: 8, nodes, constants })
  const named = given.profile!.nodes.map((one) => ({ ...one, origin: [one.name] }))
  return { ...given, profile: { ...given.profile!, nodes: named } }
}

const squared = defineRemedy({
  ...{ id: 'squared', title: 'Squared', treats: [], effect: 'exact', kind: 'rewrite', goals: ['latency'] },
  apply: (setup) =>
    setup.model.proto.graph!.node.some(({ opType }) => opType === 'Conv')
      ? rewriteProposal(setup, { model: setup.model, changes: ['squared'], predictedSavingMs: null })
      : [],
} satisfies Remedy)

/** What each model takes in every round, ms, by its file. */
function machine(ofFile: (file: string) => number | string): Script {
  return {
    types: () => measured({ x: float(SHAPE), c: float(SHAPE), s: float(SHAPE), m: float(SHAPE), y: float(SHAPE) }),
    'operator-times': ({ models, rounds }: OperatorTimesInput) =>
      measured(
        models.map(({ key, file }) => {
          const ms = key === models[0]!.key ? 0 : ofFile(file)
          return typeof ms === 'string' ? { key, roundsMs: null, reason: ms } : { key, roundsMs: Array(rounds).fill(ms + 0.01) }
        }),
      ),
  }
}

const OF = { model: whole, evidence: evidenceOf(noted) }

async function experimentsOn(
  script: Script,
  {
    budgetMs = 10_000,
    wholesMs = 0,
    remedies = [squared] as readonly Remedy[],
    of = OF,
    samples = [] as readonly Feeds[],
    int8 = 1,
  } = {},
) {
  const runner = scriptedRunner(script)
  const written = new Map<string, Model>()
  let names = 0
  const found = await operatorExperiments({
    bench: {
      run: runner.run,
      engineId: 'ort-cpu',
      options: { threads: null, graphOptimization: 'all', executionMode: 'sequential', configEntries: {}, packageFrom: null },
      limits: { memoryBytes: 1e9, signal: undefined },
      folder: '/nowhere',
      samples,
      p50Ms: 8,
      write: async (part, file) => {
        written.set(file, part)
        return { file, sizeBytes: 1 }
      },
      writeBytes: (_, name) => name,
      nextName: (hint) => `${hint}-${names++}`,
    },
    ...of,
    modelFile: '/nowhere/whole',
    savedInputs: '/nowhere/inputs.json',
    evidence: { ...of.evidence, roofs: roofs({ flopsPerSecond: { float32: 100e9, int8: int8 * 100e9 } }) },
    remedies,
    facts: exampleEvidence({ threadsInUse: 2 }),
    budgetMs,
    wholesMs,
  })
  return { found: found!, runner, written }
}

const opsOf = (part: Model) => part.proto.graph!.node.map(({ opType }) => opType)

test('like operators are one, runs of elementwise operators are timed whole and as their longest', async () => {
  const { found, written } = await experimentsOn(machine(() => 1))
  expect(found.rows.map(({ nodes, copies, opTypes }) => ({ nodes, copies, opTypes }))).toEqual([
    { nodes: ['first', 'second'], copies: 2, opTypes: ['Conv'] },
    { nodes: ['sub', 'mul'], copies: 1, opTypes: ['Sub', 'Mul'] },
  ])
  expect(found.rows[0]).toMatchObject({ shapes: '1x4x8x8, 4x4x1x1', insideMs: 3 })
  expect(found.rows[0]!.aloneMs).toBeCloseTo(1)
  expect(found.rows[1]!.insideMs).toBeCloseTo(1.6)
  const kinds = found.rows.map(({ variants }) => variants.map(({ kind }) => kind))
  expect(kinds[0]).toEqual(['rewrite', 'filled-channels', 'four-samples', 'plain-layout', 'one-thread'])
  expect(kinds[1]).toEqual(['one-thread', 'four-samples', 'one-pass'])
  expect([...written.values()].map(opsOf)).toContainEqual(['Sub', 'Mul'])
  expect([...written.values()].map(opsOf)).toContainEqual(['Sub'])
  expect(found.coveredShare).toBeCloseTo(1)
})

test('a ratio is of what is left when the call is taken off, and of the work that compares', async () => {
  const { found } = await experimentsOn(machine((file) => (file === '/nowhere/operator-3' ? 2 : 1)))
  const [row] = found.rows
  expect(row!.aloneMs).toBeCloseTo(2)
  const ratios = Object.fromEntries(row!.variants.map(({ kind, ratio }) => [kind, Number(ratio.toFixed(6))]))
  expect(ratios).toMatchObject({ rewrite: 0.5, 'one-thread': 0.5, 'four-samples': 0.125 })
  expect(row!.variants.find(({ kind }) => kind === 'rewrite')).toMatchObject({ remedy: 'squared', detail: 'squared' })
})

test('a short convolution whose output could be its input is timed three times in a row', async () => {
  const nodes = noted.map((one) => ({ ...one, timeMs: one.timeMs / 4, floorMs: one.floorMs! / 4 }))
  const { found, written } = await experimentsOn(
    machine((file) => (file === '/nowhere/operator-3' ? 3 : 1.5)),
    { of: { model: whole, evidence: evidenceOf(nodes) } },
  )
  expect(found.rows[0]).toMatchObject({ opTypes: ['Conv'], insideMs: 0.75 })
  expect(found.rows[0]!.aloneMs).toBeCloseTo(1)
  expect(found.rows[0]!.variants.find(({ kind }) => kind === 'rewrite')!.ratio).toBeCloseTo(0.5)
  expect([...written.values()].map(opsOf)).toContainEqual(['Conv', 'Conv', 'Conv'])
})

test('the whole model in the same rounds tells the state of the machine, and times alone are brought to that of the run', async () => {
  const samples = [{ x: { dtype: 'float32' as const, shape: SHAPE, data: new Float32Array(256) } }]
  const { found } = await experimentsOn(
    machine((file) => (file === '/nowhere/whole' ? 15.99 : 1)),
    { samples },
  )
  expect(found.wholeMs).toBeCloseTo(16)
  expect(found.rows[0]!.aloneMs).toBeCloseTo(0.5)
  expect(found.rows[0]!.insideMs).toBe(3)
})

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
  expect((await timed(400)).found.wholes).toBeUndefined()
  expect((await timed(400, 500)).found.wholes).toHaveLength(1)
})

test('what the engine refuses is no variant, and a part that it refuses is left out with its words', async () => {
  const { found } = await experimentsOn(machine((file) => (file === '/nowhere/operator-3' ? 'no such kernel' : 1)))
  expect(found.rows.map(({ opTypes }) => opTypes)).toEqual([['Sub', 'Mul']])
  expect(found.left).toEqual([{ nodes: ['first', 'second'], opTypes: ['Conv'], reason: 'no such kernel' }])
  const refused = await experimentsOn(machine((file) => (file === '/nowhere/operator-4' ? 'no such kernel' : 1)))
  expect(refused.found.rows[0]!.variants.map(({ kind }) => kind)).not.toContain('rewrite')
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

test('without the types of values nothing is timed, and the reason stands', async () => {
  const { found, runner } = await experimentsOn({ ...machine(() => 1), types: () => failed('no room') })
  expect(found.rows).toEqual([])
  expect(found.left.map(({ reason }) => reason)).toEqual(
    Array(2).fill("the types of the model's values could not be had: no room"),
  )
  expect(runner.tasks()).toEqual(['types'])
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

test('convolutions that share what is quantized by its own range are timed with all around them, and in float before all else', async () => {
  const shared = modelInMemory(sharedQuantizer())
  const image = [1, 16, 8, 8]
  const notes = shared.proto
    .graph!.node.filter(({ opType }) => opType !== 'Reshape')
    .map(({ opType, name, input, output }) => ({
      op: opType,
      name,
      timeMs: 0.5,
      floorMs: 0.1,
      in: input,
      out: output,
      shape: image,
    }))
  const types = measured({
    ...Object.fromEntries(['x', 'y', 'z'].map((name) => [name, float(image)])),
    bias: float([1, 16, 1, 1]),
  })
  const { found, written } = await experimentsOn(
    { ...machine((file) => (file === '/nowhere/operator-3' ? 2 : 0.5)), types: () => types },
    { of: { model: shared, evidence: evidenceOf(notes) } },
  )
  const [row, ...others] = found.rows
  expect(others).toEqual([])
  expect(row).toMatchObject({ nodes: notes.map(({ name }) => name), copies: 1, insideMs: 5 })
  expect(row!.variants[0]).toMatchObject({ kind: 'float', remedy: null })
  expect(row!.variants[0]!.ratio).toBeCloseTo(0.25)
  expect([...written.values()].map(opsOf)).toContainEqual(['Conv', 'Conv', 'Add'])
})

test('a remedy that throws on a part costs its own variant', async () => {
  const broken = defineRemedy({
    ...squared,
    id: 'broken',
    apply: () => {
      throw new Error('needs the whole model')
    },
  })
  const { found } = await experimentsOn(
    machine(() => 1),
    { remedies: [broken, squared] },
  )
  expect(found.rows[0]!.variants.flatMap(({ remedy }) => remedy ?? [])).toEqual(['squared'])
})

const TYPES = Object.fromEntries(['x', 'c', 's', 'm', 'b', 't', 'p', 'y'].map((name) => [name, float(SHAPE)]))

/** A branch of its own weight, which captures `x`, and a Loop that runs one node eight times. */
function within(): typeof OF {
  const branch = graph({
    nodes: [node({ opType: 'Conv', name: 'conv' }, ['x', 'v'], ['b'])],
    outputs: [valueInfo('b', 'float32', SHAPE)],
    initializers: [floatTensor('v', [4, 4, 1, 1], new Float32Array(16))],
  })
  const body = graph({
    nodes: [
      node({ opType: 'Identity', name: 'on' }, ['go'], ['goes']),
      node({ opType: 'Mul', name: 'mul' }, ['s', 'scale'], ['t']),
    ],
    inputs: [valueInfo('i', 'int64', []), valueInfo('go', 'bool', []), valueInfo('s', 'float32', SHAPE)],
    outputs: [valueInfo('goes', 'bool', []), valueInfo('t', 'float32', SHAPE)],
  })
  const looping = modelInMemory(
    model({
      nodes: [
        node({ opType: 'If', name: 'choice' }, ['c'], ['p'], { then_branch: branch, else_branch: branch }),
        node({ opType: 'Loop', name: 'loop' }, ['n', '', 'p'], ['y'], { body }),
      ],
      inputs: [valueInfo('x', 'float32', SHAPE), valueInfo('c', 'bool', [])],
      outputs: [valueInfo('y', 'float32', SHAPE)],
      initializers: [floatTensor('scale', [1, 4, 1, 1], new Float32Array(4)), int64Tensor('n', [], [8])],
    }),
  )
  const notes: readonly NodeNote[] = [
    { op: 'If', name: 'choice', timeMs: 0.1, floorMs: 0.1, in: ['c'], out: ['p'], shape: SHAPE },
    { op: 'Conv', name: 'conv', timeMs: 3, floorMs: 1, in: ['x', 'v'], out: ['b'], shape: SHAPE, parent: 'choice' },
    { op: 'Loop', name: 'loop', timeMs: 0.1, floorMs: 0.1, in: ['n', '', 'p'], out: ['y'], shape: SHAPE },
    { op: 'Mul', name: 'mul', timeMs: 8, floorMs: 1, runs: 8, in: ['s', 'scale'], out: ['t'], shape: SHAPE, parent: 'loop' },
  ]
  const all = evidence({ p50Ms: 12, nodes: notes, constants })
  const path = {
    conv: [{ node: 'choice', attribute: 'else_branch' }],
    mul: [{ node: 'loop', attribute: 'body' }],
  }
  const nodes = all.profile!.nodes.map((one) => {
    const at = path[one.name as keyof typeof path]
    return at ? { ...one, origin: [one.parent!], inner: { path: at, nodes: [one.name] } } : { ...one, origin: [one.name] }
  })
  return { model: looping, evidence: { ...all, profile: { ...all.profile!, nodes } } }
}

test('what runs in a branch or the body of a loop is taken out of it, with its weights and what it captures', async () => {
  const { found, written } = await experimentsOn({ ...machine(() => 1), types: () => measured(TYPES) }, { of: within() })
  expect(found.rows.map(({ nodes, copies, insideMs }) => ({ nodes, copies, insideMs }))).toEqual([
    { nodes: ['mul'], copies: 8, insideMs: 1 },
    { nodes: ['conv'], copies: 1, insideMs: 3 },
  ])
  const ends = [...written.values()].map(({ proto }) => ({
    ops: proto.graph!.node.map(({ opType }) => opType).join(),
    reads: [...proto.graph!.input, ...proto.graph!.initializer].map(({ name }) => name).join(),
  }))
  expect(ends).toContainEqual({ ops: 'Conv', reads: 'x,v' })
  expect(ends).toContainEqual({ ops: 'Mul', reads: 's,scale' })
})

test('where the model with its subgraphs lifted cannot run, the main graph is looked at alone', async () => {
  let asked = 0
  const script = { ...machine(() => 1), types: () => (asked++ === 0 ? failed('no such kernel') : measured({})) }
  const { found, runner } = await experimentsOn(script, { of: within() })
  expect(found).toEqual({ rows: [], left: [], coveredShare: 0 })
  expect(runner.tasks()).toEqual(['types'])
})

test('a remedy that makes no prediction faster is not tried on parts', async () => {
  const smaller = defineRemedy({ ...squared, id: 'smaller', goals: ['size'] })
  const { found } = await experimentsOn(
    machine(() => 1),
    { remedies: [smaller, squared] },
  )
  expect(found.rows[0]!.variants.flatMap(({ remedy }) => remedy ?? [])).toEqual(['squared'])
})

test('the whole model, with branches and bodies too, is timed on the inputs that were given, operators on random ones', async () => {
  const samples: readonly Feeds[] = [{ x: { dtype: 'float32', shape: SHAPE, data: new Float32Array(256) } }]
  const savedOf = async (of: typeof OF) => {
    const { runner } = await experimentsOn({ ...machine(() => 1), types: () => measured(TYPES) }, { of, samples })
    const { models } = runner.asked.find(({ task }) => task === 'operator-times')!.input as OperatorTimesInput
    return models.flatMap(({ key, saved }) => (saved === undefined ? [] : [[key, saved]]))
  }
  const whole = [['whole', '/nowhere/inputs.json']]
  expect([await savedOf(OF), await savedOf(within())]).toEqual([whole, whole])
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
