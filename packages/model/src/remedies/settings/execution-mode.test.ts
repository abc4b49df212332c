import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { describe, expect, it } from 'vitest'
import { evidence, type NodeNote } from '../../../test/support/diagnose/example-evidence.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { executionMode, shareBesideLongestPath } from './execution-mode.ts'

/** x goes into two branches that one sum joins. */
const branches = model({
  nodes: [node('Exp', ['x'], ['a']), node('Neg', ['x'], ['b']), node('Add', ['a', 'b'], ['y'])],
  inputs: [valueInfo('x', 'float32', [2, 3])],
  outputs: [valueInfo('y', 'float32', [2, 3])],
  opset: 17,
})
const notes = (aMs: number, bMs: number, sumMs: number): NodeNote[] => [
  { op: 'Exp', timeMs: aMs, in: ['x'], out: ['a'] },
  { op: 'Neg', timeMs: bMs, in: ['x'], out: ['b'] },
  { op: 'Add', timeMs: sumMs, in: ['a', 'b'], out: ['y'] },
]
const profile = (aMs: number, bMs: number, sumMs: number) => evidence({ nodes: notes(aMs, bMs, sumMs) }).profile!

checkRemedy(executionMode, {
  applies: [
    {
      name: 'two branches of weight; two at once, and as many as CPUs',
      model: branches,
      evidence: { profile: profile(4, 3, 1), usableCpus: 4 },
      variants: ['parallel-2', 'parallel-4'],
      check: ({ setup }) => expect(setup.options.executionMode).toBe('parallel'),
    },
    {
      name: 'a version that takes the number by no key: its default',
      model: branches,
      evidence: { profile: profile(4, 3, 1), engine: { id: 'ort-cpu', version: '1.20.1' } },
      variants: ['parallel'],
      check: ({ setup }) => expect(setup.options.configEntries).toEqual({}),
    },
    {
      name: 'side by side is in use: one after the other is tried, and nothing else',
      model: branches,
      setup: { options: { executionMode: 'parallel', configEntries: { 'session.inter_op_num_threads': '2' } } },
      evidence: { profile: profile(4, 3, 1) },
      variants: ['sequential'],
      check: ({ setup }) => expect(setup.options).toMatchObject({ executionMode: 'sequential', configEntries: {} }),
    },
  ],
  leaves: [
    // 0.5 of 9.5 ms lie beside the longest path: 5 %.
    { name: 'a branch without weight', model: branches, evidence: { profile: profile(8, 0.5, 1) } },
    { name: 'one CPU', model: branches, evidence: { profile: profile(4, 3, 1), usableCpus: 1 } },
    { name: 'no profile', model: branches },
  ],
})

describe('shareBesideLongestPath', () => {
  it('is what the shorter branch takes', () => {
    // 4 + 1 of 8 ms are on the longest path; 3 / 8 beside it.
    expect(shareBesideLongestPath(profile(4, 3, 1))).toBeCloseTo(3 / 8, 9)
  })

  it('is 0 in a chain, and where no time was seen', () => {
    const chain = evidence({
      nodes: [
        { op: 'Exp', timeMs: 2, in: ['x'], out: ['a'] },
        { op: 'Neg', timeMs: 3, in: ['a'], out: ['y'] },
      ],
    }).profile!
    expect(shareBesideLongestPath(chain)).toBeCloseTo(0, 9)
    expect(shareBesideLongestPath(profile(0, 0, 0))).toBe(0)
  })

  it('counts a body for the node that holds it', () => {
    const nodes: NodeNote[] = [
      { op: 'If', name: 'if', timeMs: 1, in: ['x'], out: ['a'] },
      { op: 'Neg', timeMs: 5, in: ['x'], out: ['b'] },
      { op: 'Add', timeMs: 1, in: ['a', 'b'], out: ['y'] },
      { op: 'Exp', timeMs: 4, in: ['x'], out: ['inner'], parent: 'if' },
    ]
    const given = evidence({ nodes }).profile!
    const withBody = { ...given, graph: { ...given.graph, nodes: given.graph.nodes.slice(0, 3) } }
    // Both branches take 5 ms: 6 of 11 ms on the longest path.
    expect(shareBesideLongestPath(withBody)).toBeCloseTo(5 / 11, 9)
  })
})
