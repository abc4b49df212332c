import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { spinning } from './spinning.ts'

const relu = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', [2, 3])],
  outputs: [valueInfo('y', 'float32', [2, 3])],
  opset: 17,
})
const OFF = { 'session.intra_op.allow_spinning': '0' }

checkRemedy(spinning, {
  applies: [
    { name: 'all that 1.30 reads', model: relu, setup: { options: { threads: 2 } }, variants: ['off', 'short', 'stop'] },
    {
      name: 'a version before the duration could be said',
      model: relu,
      setup: { options: { threads: 2 } },
      evidence: { engine: { id: 'ort-cpu', version: '1.20.1' } },
      variants: ['off', 'stop'],
    },
    {
      name: 'never what is set already',
      model: relu,
      setup: { options: { threads: 2, configEntries: { 'session.force_spinning_stop': '1' } } },
      variants: ['off', 'short'],
    },
    {
      name: 'threads for nodes side by side sleep too',
      model: relu,
      setup: { options: { threads: 2, executionMode: 'parallel' } },
      variants: ['off', 'short', 'stop'],
      check: ({ variant, setup }) =>
        expect('session.inter_op.allow_spinning' in setup.options.configEntries).toBe(variant === 'off'),
    },
  ],
  leaves: [
    { name: 'one thread', model: relu },
    { name: 'it does not spin', model: relu, setup: { options: { threads: 2, configEntries: OFF } } },
    {
      name: 'a version that is not known',
      model: relu,
      setup: { options: { threads: 2 } },
      evidence: { engine: { id: 'ort-cpu', version: '0.9' } },
    },
    {
      name: 'another engine',
      model: relu,
      setup: { options: { threads: 2 } },
      evidence: { offers: [] },
    },
  ],
})
