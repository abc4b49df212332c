import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { threadCount } from './thread-count.ts'

const relu = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', [2, 3])],
  outputs: [valueInfo('y', 'float32', [2, 3])],
  opset: 17,
})

const point = (at: number, p50Ms: number) => ({ at, p50Ms, ciLowMs: p50Ms, ciHighMs: p50Ms })
const sweep = (current: number, ...points: ReturnType<typeof point>[]) => ({
  dimension: 'threads',
  unit: 'threads',
  points,
  fit: null,
  current,
})

checkRemedy(threadCount, {
  applies: [
    {
      name: 'one, half and all CPUs, never the count in use',
      model: relu,
      setup: { options: { threads: null } },
      evidence: { threadsInUse: 8, usableCpus: 6 },
      variants: ['1', '3', '6'],
      changes: /instead of 8/,
      check: ({ predictedSavingMs }) => expect(predictedSavingMs).toBeNull(),
    },
    {
      name: 'the count of the setup is in use, not that of the evidence',
      model: relu,
      setup: { options: { threads: 3 } },
      evidence: { threadsInUse: 6, usableCpus: 6 },
      variants: ['1', '6'],
    },
    {
      // p50 10 ms; the sweep has 12 ms in use and 9 ms for 2 threads: 10 × (1 − 9 / 12) = 2.5 ms. 4 threads are slower: 0.
      name: 'the best of the sweep first, with what it saved there',
      model: relu,
      setup: { options: { threads: 1 } },
      evidence: { p50Ms: 10, usableCpus: 4, threadSweep: sweep(1, point(1, 12), point(2, 9), point(4, 15)) },
      variants: ['2', '4'],
      check: ({ variant, predictedSavingMs }) => expect(predictedSavingMs).toBeCloseTo(variant === '2' ? 2.5 : 0, 9),
    },
    {
      name: 'more threads than CPUs: the finding says what as many as CPUs save',
      model: relu,
      setup: { options: { threads: null } },
      evidence: {
        threadsInUse: 4,
        usableCpus: 2,
        findings: [{ rule: 'thread-oversubscription', timeMs: 10, wouldSaveMs: 3, nodes: [] }],
      },
      variants: ['1', '2'],
      check: ({ variant, predictedSavingMs }) => expect(predictedSavingMs).toBe(variant === '2' ? 3 : null),
    },
    {
      name: 'CPUs given for another count go away',
      model: relu,
      setup: { options: { threads: 2, configEntries: { 'session.intra_op_thread_affinities': '2' } } },
      evidence: { usableCpus: 2 },
      variants: ['1'],
      check: ({ setup }) => expect(setup.options).toMatchObject({ threads: 1, configEntries: {} }),
    },
  ],
  leaves: [{ name: 'one CPU and one thread', model: relu, evidence: { usableCpus: 1, threadsInUse: 1 } }],
})
