import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { threadAffinity } from './thread-affinity.ts'

const relu = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', [2, 3])],
  outputs: [valueInfo('y', 'float32', [2, 3])],
  opset: 17,
})
const KEY = 'session.intra_op_thread_affinities'

checkRemedy(threadAffinity, {
  applies: [
    {
      name: 'the caller has the first CPU, one thread more has the second',
      model: relu,
      setup: { options: { threads: null } },
      evidence: { threadsInUse: 2, usableCpus: 4 },
      // The engine refuses CPUs for threads that it is not told to make.
      check: ({ setup }) => expect(setup.options).toMatchObject({ threads: 2, configEntries: { [KEY]: '2' } }),
    },
  ],
  leaves: [
    { name: 'one thread', model: relu, evidence: { threadsInUse: 1, usableCpus: 4 } },
    { name: 'as many threads as CPUs', model: relu, setup: { options: { threads: 4 } }, evidence: { usableCpus: 4 } },
    {
      name: 'set already',
      model: relu,
      setup: { options: { threads: 2, configEntries: { [KEY]: '2' } } },
      evidence: { usableCpus: 4 },
    },
    {
      name: 'a version that is not known',
      model: relu,
      setup: { options: { threads: 2 } },
      evidence: { usableCpus: 4, engine: { id: 'ort-cpu', version: 'unknown' } },
    },
  ],
})
