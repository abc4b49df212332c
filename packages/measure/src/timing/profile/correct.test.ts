import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import { describe, expect, it } from 'vitest'
import { callCostOf, correctProfile } from './correct.ts'
import type { ProfiledEvent, ProfileOutput, ProfileRound } from './types.ts'

const scalar = { dtype: 'float32', shape: [1] } as const
const node = (name: string, opType: string, inputs: string[], outputs: string[], body?: GraphView): NodeView => ({
  name,
  opType,
  domain: '',
  inputs,
  outputs,
  attributes: {},
  subgraphs: body ? { then_branch: body } : {},
})
const graph = (nodes: NodeView[], output: string): GraphView => ({
  name: output,
  nodes,
  inputs: [],
  outputs: [{ name: output, kind: 'tensor', dtype: 'float32', shape: [1] }],
  constants: {},
  types: {},
})
const branch = graph([node('inside', 'Exp', ['a'], ['b'])], 'b')
const model = graph([node('relu', 'Relu', ['x'], ['a']), node('choice', 'If', ['a'], ['y'], branch)], 'y')

const event = (name: string, opType: string, rawMs: readonly number[], rest: Partial<ProfiledEvent> = {}): ProfiledEvent => ({
  name,
  nodeIndex: 0,
  opType,
  provider: 'CPUExecutionProvider',
  parent: null,
  rawMs,
  runsPerPrediction: 1,
  childRunsPerPrediction: 0,
  inputTypes: [scalar],
  outputTypes: [scalar],
  ...rest,
})
/** 2 µs and 0.5 for each of two tensors: 3 µs a node; 4 µs between two; 0.3 µs to start one. */
const cost = { fixedUs: 2, perTensorUs: 0.5, betweenUs: 4, dispatchUs: 0.3 }
const round = (plainP50Ms: number, rest: Partial<ProfileRound> = {}): ProfileRound => ({
  ...{ profiledP50Ms: 0.1, outsideMs: 0.01 },
  plainP50Ms,
  plainDrift: 1,
  cost,
  emptyP50Ms: 0.01,
  ...rest,
})
const output = (events: ProfiledEvent[], rounds: ProfileRound[], bodyUs: number | null = null): ProfileOutput => ({
  bodyUs,
  events,
  predictions: 100,
  rounds,
  truncated: false,
  calibrated: true,
  onOneThread: false,
})
const correct = (events: ProfiledEvent[], rounds: ProfileRound[], p50Ms: number) =>
  correctProfile(output(events, rounds), { executed: model, original: model }, { x: scalar }, { p50Ms, threads: 1 }).nodes

const events = [
  event('relu', 'Relu', [0.01]),
  event('choice', 'If', [0.012], { childRunsPerPrediction: 1 }),
  event('inside', 'Exp', [0.001], { parent: 1 }),
]

describe('correctProfile', () => {
  it("takes off the profiler's cost inside a node, and between its children", () => {
    const [relu, choice, inside] = correct(events, [round(0.05)], 0.05)
    // 10 - 3 µs; 12 - 3 - 4 µs; 1 - 3 µs is less than starting a node takes.
    expect(relu!.timeMs).toBeCloseTo(0.007, 9)
    expect(choice!.timeMs).toBeCloseTo(0.005, 9)
    expect(inside!.timeMs).toBeCloseTo(0.0003, 9)
  })

  it('takes off no more than predictions took longer, whatever disturbed chains say', () => {
    // Four times the cost, 36 µs, where the profiled prediction took 10 µs longer and plain ones differ by 5: 5 µs a node.
    const disturbed = { ...cost, fixedUs: 8, perTensorUs: 2, betweenUs: 0 }
    const [relu, choice] = correct(events, [round(0.05, { profiledP50Ms: 0.06, cost: disturbed })], 0.05)
    expect(relu!.timeMs).toBeCloseTo(0.005, 9)
    expect(choice!.timeMs).toBeCloseTo(0.007, 9)
  })

  it('takes off what the profiler usually costs if other programs interrupted its calibration', () => {
    // 93 µs a node, of nodes that took 30: nothing would be left of them. 2.6 µs as usual.
    const interrupted = { ...cost, fixedUs: 90, perTensorUs: 1 }
    const long = [event('relu', 'Relu', [0.03]), event('choice', 'If', [0.02])]
    const disturbed = output(long, [round(0.06, { profiledP50Ms: 4, cost: interrupted })])
    const profile = correctProfile(disturbed, { executed: model, original: model }, { x: scalar }, { p50Ms: 0.06, threads: 1 })
    expect(profile.nodes[0]!.timeMs).toBeCloseTo(0.0274, 9)
    expect(profile.correction).toContain(
      '; 2.60 µs a node were taken off, what the profiler usually costs: other programs disturbed',
    )
  })

  it('gives what holds a body at least what rounds of a trivial one take', () => {
    // The If: 12 - 3 - 4 = 5 µs; its body runs once, and 0.3 + 1 * 8 µs is more. What holds none is as before.
    const measured = output(events, [round(0.05)], 8)
    const { nodes } = correctProfile(measured, { executed: model, original: model }, { x: scalar }, { p50Ms: 0.05, threads: 1 })
    expect(nodes[1]!.timeMs).toBeCloseTo(0.0083, 9)
    expect(nodes[0]!.timeMs).toBeCloseTo(0.007, 9)
  })

  it('is at the pace of the p50', () => {
    // The prediction takes 0.1 ms where 0.05 were measured beside the profile: twice the 7 µs.
    expect(correct(events, [round(0.05)], 0.1)[0]!.timeMs).toBeCloseTo(0.014, 9)
  })

  it('never gives the nodes more than the prediction when the machine was slower while they were profiled', () => {
    // 1 ms before and after, 40 ms in between, of which 30 are one node's: three quarters of the p50, not 30 times as much.
    const slowed = round(1, { profiledP50Ms: 40, cost: { ...cost, fixedUs: 0, perTensorUs: 0, betweenUs: 0 } })
    const [relu, choice] = correct([event('relu', 'Relu', [30]), event('choice', 'If', [5])], [slowed], 1)
    expect(relu!.timeMs).toBeCloseTo(0.75, 6)
    expect(choice!.timeMs).toBeCloseTo(0.125, 6)
  })

  it('is at the pace of the profiled predictions themselves where the profiler was not worth calibrating', () => {
    // 4 s of 5 while the plain predictions beside them took 8 and 12; the p50 is 6.
    const slow = {
      ...output([event('relu', 'Relu', [4000])], [round(10_000, { profiledP50Ms: 5000, plainDrift: 1.5 })]),
      calibrated: false,
    }
    const profile = correctProfile(slow, { executed: model, original: model }, { x: scalar }, { p50Ms: 6000, threads: 1 })
    expect(profile.nodes[0]!.timeMs).toBeCloseTo(4800, 1)
    expect(profile.correction).toMatch(/took 0\.50 times as long; .* it was not calibrated \(1 round\); .* \(factor 1\.200\)$/)
  })

  it('takes the median of the rounds, without those in which the pace changed', () => {
    const rounds = [round(0.05), round(0.05), round(0.05, { plainDrift: 1.5 })]
    const several = [
      event('relu', 'Relu', [0.01, 0.012, 0.1]),
      ...events.slice(1).map((e) => ({ ...e, rawMs: [0.01, 0.01, 0.01] })),
    ]
    // 7 and 9 µs: 8.
    expect(correct(several, rounds, 0.05)[0]!.timeMs).toBeCloseTo(0.008, 9)
  })

  it('knows the values of branches side by side apart, though their names are the same', () => {
    const inner = (opType: string) =>
      graph([node(`in-${opType}`, opType, ['a'], ['same']), node(`use-${opType}`, 'Neg', ['same'], ['b'])], 'b')
    const two = graph([node('one', 'If', ['x'], ['p'], inner('Exp')), node('two', 'If', ['p'], ['y'], inner('Log'))], 'y')
    const wide = { dtype: 'float32', shape: [7] } as const
    const ran = [
      event('one', 'If', [0.02], { childRunsPerPrediction: 2 }),
      event('in-Exp', 'Exp', [0.01], { parent: 0 }),
      event('use-Exp', 'Neg', [0.01], { parent: 0, inputTypes: [] }),
      event('two', 'If', [0.02], { childRunsPerPrediction: 2 }),
      event('in-Log', 'Log', [0.01], { parent: 3, outputTypes: [wide] }),
      event('use-Log', 'Neg', [0.01], { parent: 3, inputTypes: [], outputTypes: [wide] }),
    ]
    const { nodes } = correctProfile(
      output(ran, [round(0.05)]),
      { executed: two, original: two },
      { x: scalar },
      { p50Ms: 0.05, threads: 1 },
    )
    expect(nodes.map(({ name, inputTypes }) => [name, inputTypes[0]?.shape])).toEqual([
      ['one', [1]],
      ['in-Exp', [1]],
      ['use-Exp', [1]],
      ['two', [1]],
      ['in-Log', [1]],
      ['use-Log', [7]],
    ])
  })

  it("gives what runs inside a branch the main graph's node as origin", () => {
    const nodes = correct(events, [round(0.05)], 0.05)
    expect(nodes.map(({ name, origin, parent }) => [name, origin, parent])).toEqual([
      ['relu', ['relu'], null],
      ['choice', ['choice'], null],
      ['inside', ['choice'], 'choice'],
    ])
  })
})

describe('of branches with equal names', () => {
  /** Both call their node the same; the second has a weight of five. */
  const inner = (opType: string, size: number): GraphView => ({
    ...graph([node('same', opType, ['x', 'w'], ['b'])], 'b'),
    constants: {
      w: { name: 'w', dtype: 'float32', shape: [size], sizeBytes: 4 * size, from: 'initializer', isGraphInput: false },
    },
  })
  const choosing = (thenOp: string, elseOp: string): GraphView => {
    const choice = node('choice', 'If', ['c'], ['y'])
    return graph([{ ...choice, subgraphs: { then_branch: inner(thenOp, 1), else_branch: inner(elseOp, 5) } }], 'y')
  }
  const ran = (opType: string, size: number) => [
    event('choice', 'If', [0.02], { childRunsPerPrediction: 1 }),
    event('same', opType, [0.01], { parent: 0, inputTypes: [scalar, { dtype: 'float32', shape: [size] }] }),
  ]
  const profileOf = (view: GraphView, of: ProfiledEvent[]) =>
    correctProfile(output(of, [round(0.05)]), { executed: view, original: view }, { x: scalar }, { p50Ms: 0.05, threads: 1 })

  it.each([
    ['the operator', choosing('Mul', 'Add'), ran('Add', 5), 'else_branch'],
    ['the shape of a weight', choosing('Mul', 'Mul'), ran('Mul', 5), 'else_branch'],
    ['the shape of a weight, the first', choosing('Mul', 'Mul'), ran('Mul', 1), 'then_branch'],
  ])('%s tells which one ran', (_, view, of, branchName) => {
    const { nodes, graph: named } = profileOf(view, of)
    expect(nodes[1]!.inner).toEqual({ path: [{ node: 'choice', attribute: branchName }], nodes: ['same'] })
    // The idle branch's node has another name, so that nobody takes its attributes for those of the one that ran.
    const { then_branch, else_branch } = named.nodes[0]!.subgraphs as Record<'then_branch' | 'else_branch', GraphView>
    const namesIn = [then_branch.nodes[0]!.name, else_branch.nodes[0]!.name]
    expect(namesIn).toEqual(branchName === 'then_branch' ? ['same', 'same#0'] : ['same#0', 'same'])
  })

  it('is unknown of nodes at the top', () => {
    expect(correct(events, [round(0.05)], 0.05)[0]).not.toHaveProperty('inner')
  })
})

it('what is outside of the engine is at the pace of the nodes', () => {
  // 0.01 * 2, 0.03 * 1 and 0.01 * 2.
  const rounds = [round(0.05), round(0.1, { outsideMs: 0.03 }), round(0.05)]
  const graphs = { executed: model, original: model }
  expect(correctProfile(output(events, rounds), graphs, { x: scalar }, { p50Ms: 0.1, threads: 1 }).outsideMs).toBe(0.02)
})

describe('callCostOf', () => {
  it('is the empty model at the pace of the p50', () => {
    const rounds = [round(0.05, { emptyP50Ms: 0.01 }), round(0.1, { emptyP50Ms: 0.01 }), round(0.05, { emptyP50Ms: null })]
    // 0.01 * 2 and 0.01 * 1.
    expect(callCostOf(output(events, rounds), 0.1)).toEqual({ callMs: 0.015, ciLowMs: 0.01, ciHighMs: 0.02 })
    expect(callCostOf(output(events, [round(0.05, { emptyP50Ms: null })]), 0.1)).toBeUndefined()
  })
})

it('says that times are as the engine gives them, at the pace of the p50, where nothing was taken off', () => {
  const free = { fixedUs: 0, perTensorUs: 0, betweenUs: 0, dispatchUs: 0 }
  const given = output([event('relu', 'Relu', [0.05])], [round(0.1, { cost: free, profiledP50Ms: 0.4 })])
  const measured = { ...given, calibrated: false, asGiven: true } as const
  const { nodes, correction } = correctProfile(
    measured,
    { executed: model, original: model },
    { x: scalar },
    { p50Ms: 0.2, threads: 1 },
  )
  // 50 µs of 0.1 ms, at a p50 of 0.2: what profiling took is not the nodes' pace.
  expect(nodes[0]!.timeMs).toBeCloseTo(0.1)
  // A node of the engine's own has no origin.
  const own = output([event('relu', 'Relu', [0.05]), event('x_reordered', 'Reorder', [0.01])], [round(0.1, { cost: free })])
  const joined = correctProfile(
    { ...own, calibrated: false, asGiven: true },
    { executed: model, original: model },
    {},
    { p50Ms: 0.1, threads: 1 },
  )
  expect(joined.nodes.map(({ origin }) => origin)).toEqual([['relu'], []])
  expect(correction).toContain('took 4.00 times as long; node times are as the engine gives them, uncorrected (1 round)')
})
