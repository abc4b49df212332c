import type { ProfiledNode } from '@whyslow/measure/timing/types.ts'
import { expect, test } from 'vitest'
import { busyReason, stepProfileOf, timesOfOutputs } from './step-profile.ts'

const node = (opType: string, inputs: string[], outputs: string[], timeMs: number): ProfiledNode => ({
  ...{ name: outputs[0]!, opType, domain: '', origin: [outputs[0]!], timeMs, rawMs: timeMs, runsPerPrediction: 1 },
  ...{ inputs, outputs, inputTypes: [], outputTypes: [], provider: 'CPU', inserted: false, parent: null },
})

const BYTES: Readonly<Record<string, number>> = { w1: 3e6, w2: 1e6, scale: 8 }
const GRAPH = { bytesOf: (name: string) => BYTES[name], past: new Set(['past.0.key']), logits: 'logits' }

const NODES = [
  node('MatMul', ['x', 'w1'], ['h'], 3),
  node('Concat', ['past.0.key', 'k'], ['present.0.key'], 0.5),
  // No weights: scores.
  node('MatMul', ['q', 'present.0.key'], ['scores'], 1),
  node('Softmax', ['scores'], ['p'], 0.25),
  node('Mul', ['h', 'scale'], ['y'], 0.125),
  node('MatMulNBits', ['y', 'w2', 'scale'], ['raw'], 2),
  // The head is behind what only changes its result.
  node('Cast', ['raw'], ['logits'], 0.0625),
]

test('each node by what it is for, without what starting it takes', () => {
  const profile = stepProfileOf({ nodes: NODES, dispatchPerNodeUs: 10 }, GRAPH, { cacheOutMs: 1, logitsOutMs: 0 })
  expect(profile.nodes).toBe(7)
  expect(profile.dispatchMs).toBeCloseTo(0.07)
  expect(profile.roles.matmul).toEqual({ ms: expect.closeTo(2.99), nodes: 1 })
  expect(profile.roles.head).toEqual({ ms: expect.closeTo(1.99), nodes: 1 })
  expect(profile.roles['cache-copy']).toEqual({ ms: expect.closeTo(0.49), nodes: 1 })
  expect(profile.roles.attention).toEqual({ ms: expect.closeTo(1.23), nodes: 2 })
  expect(profile.roles.other).toEqual({ ms: expect.closeTo(0.1675), nodes: 2 })
  expect(profile.headShare).toBeCloseTo(1.000008 / 4.000008)
  expect(profile.productMs).toEqual({ h: 3, raw: 2 })
})

test('what a call takes outside of the engine is shared by bytes: the cache, and the logits', () => {
  const made = (outputs: string[], ...shapes: number[][]) => ({
    outputs,
    outputTypes: shapes.map((shape) => ({ dtype: 'float32' as const, shape })),
  })
  // 3,000 bytes of the cache, and 1,000 of logits. What no operator makes has no bytes.
  const nodes = [made(['present.0', 'other'], [1, 500], [1, 9]), made(['present.1'], [250]), made(['logits'], [1, 250])]
  const output = (name: string) => ({ name, kind: 'tensor' as const, dtype: 'float32' as const, shape: null })
  const outputs = ['present.0', 'logits', 'present.1', 'fed through'].map(output)
  const asked = { logits: 'logits', outsideMs: 8 }
  expect(timesOfOutputs({ outputs }, nodes, asked)).toEqual({ cacheOutMs: 6, logitsOutMs: 2 })
  expect(timesOfOutputs({ outputs: outputs.slice(1, 2) }, nodes, asked)).toEqual({ cacheOutMs: null, logitsOutMs: 8 })
})

test('weights that are dequantized and turned at each step are weights, and what makes them is work on constants', () => {
  const nodes = [
    node('DequantizeLinear', ['w2', 'scale', ''], ['floats'], 4),
    node('Transpose', ['floats'], ['turned'], 2),
    node('MatMul', ['x', 'turned'], ['logits'], 1),
    // Casts of float16 weights are told by another finding.
    { ...node('Cast', ['w1'], ['wide'], 16), inputTypes: [{ dtype: 'float16' as const, shape: [2] }] },
  ]
  const { roles, constantWork } = stepProfileOf({ nodes, dispatchPerNodeUs: 0 }, GRAPH, {
    cacheOutMs: null,
    logitsOutMs: 0,
  })
  expect(constantWork).toEqual({ nodes: 2, ms: 6, node: 'floats' })
  expect(roles.head).toEqual({ ms: 1, nodes: 1 })
  expect(roles.attention.nodes).toBe(0)
  expect(roles.other.ms).toBe(22)
})

test('a node never takes less than nothing', () => {
  const { roles } = stepProfileOf({ nodes: NODES, dispatchPerNodeUs: 200 }, GRAPH, {
    cacheOutMs: null,
    logitsOutMs: 0,
  })
  expect(Object.values(roles).map(({ ms }) => ms)).toEqual([2.8, 1.8, 0.85, 0.3, 0].map((ms) => expect.closeTo(ms)))
})

test('a cache that is repeated for more heads is copied; what scores pass through is attention', () => {
  const nodes = [
    node('Concat', ['past.0.key', 'k'], ['present.0.key'], 1),
    node('Expand', ['present.0.key', 'shape'], ['repeated'], 2),
    node('Transpose', ['repeated'], ['turned'], 4),
    node('MatMul', ['q', 'turned'], ['scores'], 8),
    node('Add', ['scores', 'mask'], ['masked'], 16),
    node('Transpose', ['x'], ['y'], 32),
  ]
  const { roles } = stepProfileOf({ nodes, dispatchPerNodeUs: 0 }, GRAPH, { cacheOutMs: null, logitsOutMs: 0 })
  expect(Object.values(roles).map(({ ms }) => ms)).toEqual([0, 0, 24, 7, 32])
})

test('what only moves keys of an encoder is told apart from what moves the cache', () => {
  const nodes = [
    node('Concat', ['past.0.key', 'k'], ['present.0.key'], 1),
    node('Transpose', ['past.0.encoder.key'], ['turned'], 2),
    node('Expand', ['turned', 'shape'], ['repeated'], 4),
    node('MatMul', ['q', 'repeated'], ['scores'], 8),
  ]
  const past = new Set(['past.0.key', 'past.0.encoder.key'])
  const of = (cross?: ReadonlySet<string>) =>
    stepProfileOf(
      { nodes, dispatchPerNodeUs: 0 },
      { ...GRAPH, past, ...(cross === undefined ? {} : { cross }) },
      { cacheOutMs: null, logitsOutMs: 0 },
    )
  expect(of(new Set(['past.0.encoder.key'])).crossCopies).toEqual({ nodes: 2, ms: 6, node: 'repeated' })
  expect(of().crossCopies).toEqual({ nodes: 0, ms: 0, node: null })
  expect(of().roles['cache-copy'].ms).toBe(7)
})

test('nodes of the branch that ran count as nodes of the graph; what the If gives is what its branch made', () => {
  const inside = (made: ProfiledNode, runs: number): ProfiledNode => ({
    ...{ ...made, parent: 'if', runsPerPrediction: runs, origin: ['if'] },
    inner: { path: [{ node: 'if', attribute: 'then_branch' }], nodes: [`user ${made.name}`] },
  })
  const nodes = [
    inside(node('MatMul', ['x', 'w1'], ['h'], 3), 1),
    inside(node('MatMul', ['h', 'w2'], ['inner_logits'], 2), 1),
    inside(node('MatMul', ['x', 'w2'], ['other_logits'], 0), 0),
    node('If', ['use_cache_branch'], ['logits'], 0.5),
  ]
  const branchValues = new Map([['logits', ['other_logits', 'inner_logits']]])
  const profile = stepProfileOf({ nodes, dispatchPerNodeUs: 0 }, { ...GRAPH, branchValues }, { cacheOutMs: null, logitsOutMs: 0 })
  expect(profile.roles).toMatchObject({ matmul: { ms: 3, nodes: 1 }, head: { ms: 2, nodes: 1 }, other: { ms: 0.5, nodes: 1 } })
  expect(profile.headShare).toBeCloseTo(0.25)
  expect(profile.productMs).toEqual({ 'user h': 3, 'user inner_logits': 2 })
})

test('says that the machine was busy if operators take many times as long as the call', () => {
  const nodes = [{ timeMs: 40 }, { timeMs: 60 }]
  expect(busyReason(nodes, 50)).toBeNull()
  expect(busyReason(nodes, 10)).toBe(
    'while the operators were timed the machine was busy: they took 10 times as long as the call that they make up; measure again when it is idle',
  )
})
