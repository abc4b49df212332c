import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { directCall } from './direct-call.ts'

const relu = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', ['n', 3])],
  outputs: [valueInfo('y', 'float32', ['n', 3])],
  opset: 17,
})
const tiny = { p50Ms: 0.012, engine: { id: 'ort-cpu', version: '1.30.0' } }

checkRemedy(directCall, {
  applies: [
    {
      name: 'a model of microseconds',
      model: relu,
      evidence: tiny,
      changes: /binding itself/,
      setup: { options: { threads: null } },
      variants: ['on-one-thread', ''],
      check: ({ variant, setup }) => {
        expect(setup.options.directCall).toBe(true)
        expect(setup.options.threads).toBe(variant === '' ? null : 1)
      },
    },
    { name: 'one thread as it is', model: relu, evidence: tiny, setup: { options: { threads: 1 } } },
  ],
  leaves: [
    { name: 'set already', model: relu, evidence: tiny, setup: { options: { directCall: true } } },
    { name: 'tensors that are written into', model: relu, evidence: tiny, setup: { options: { reuseOutputs: true } } },
    { name: 'a model of milliseconds', model: relu, evidence: { ...tiny, p50Ms: 3 } },
    {
      name: 'a version whose binding is not known',
      model: relu,
      evidence: { ...tiny, engine: { id: 'ort-cpu', version: '2.0.0' } },
    },
    { name: 'another engine', model: relu, evidence: { ...tiny, offers: [] } },
  ],
})
