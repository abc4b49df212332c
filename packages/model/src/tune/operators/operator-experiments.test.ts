// What experiments with operators change and report. What the budget leaves time for is in operator-experiments-budget.test.ts.
import { floatTensor, graph, int64Tensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { sharedQuantizer } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import { failed, measured } from '@whyslow/measure/support/trials/example-runner.ts'
import type { OperatorTimesInput } from '@whyslow/measure/timing/operators/task.ts'
import { expect, test } from 'vitest'
import { evidence, type NodeNote } from '../../../test/support/diagnose/example-evidence.ts'
import {
  constants,
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

test('what the engine refuses is no variant, and a part that it refuses is left out with its words', async () => {
  const { found } = await experimentsOn(machine((file) => (file === '/nowhere/operator-3' ? 'no such kernel' : 1)))
  expect(found.rows.map(({ opTypes }) => opTypes)).toEqual([['Sub', 'Mul']])
  expect(found.left).toEqual([{ nodes: ['first', 'second'], opTypes: ['Conv'], reason: 'no such kernel' }])
  const refused = await experimentsOn(machine((file) => (file === '/nowhere/operator-4' ? 'no such kernel' : 1)))
  expect(refused.found.rows[0]!.variants.map(({ kind }) => kind)).not.toContain('rewrite')
})

test('without the types of values nothing is timed, and the reason stands', async () => {
  const { found, runner } = await experimentsOn({ ...machine(() => 1), types: () => failed('no room') })
  expect(found.rows).toEqual([])
  expect(found.left.map(({ reason }) => reason)).toEqual(
    Array(2).fill("the types of the model's values could not be had: no room"),
  )
  expect(runner.tasks()).toEqual(['types'])
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
